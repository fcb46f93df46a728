package servertest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Kind says what a secret is, and so where it may be after all: a client secret that the server made is in Terraform's state
// by contract, one that the configuration brought is not.
type Kind uint8

// The kinds, in the order in which one beats another where a secret is of two.
const (
	// KindPresented is what somebody authenticated with, right or wrong.
	KindPresented Kind = iota + 1
	// KindMade is a client secret that the server made and showed once.
	KindMade
	// KindBrought is a client secret that a create or a reset brought.
	KindBrought
	// KindToken is an access token.
	KindToken
	// KindIdempotency is an Idempotency-Token: the key to the kept answer.
	KindIdempotency
	// KindSigningKey is the private part of a key that signs tokens.
	KindSigningKey
	kindPublished
)

func (k Kind) String() string {
	return [...]string{
		"nothing", "a client secret that was presented", "a client secret that the server made",
		"a client secret that a request brought", "an access token", "an Idempotency-Token", "a private signing key", "nothing",
	}[k]
}

// needle is a part of a secret, in one of the forms in which it could be written down. Any part that leaks counts: half a
// secret is a leak too. All needles have one length, so that one pass over a text finds every one of them.
type needle [needleLength]byte

const needleLength = 16

// Secrets is what a test made, brought or presented, and must leave nowhere. It keeps parts of the secrets only, and its
// findings never show one. It is safe for concurrent use.
type Secrets struct {
	mu      sync.RWMutex
	needles map[needle]Kind
	// filter has a bit for the first eight bytes of each needle, so that the pass over a text seldom asks the map.
	filter []uint64
	shift  uint
}

// secretsByTest has the secrets of each test by its name. A test, its subtests, and all the servers and processes that they
// start share one set: what one of them made must not be in the log of another.
var secretsByTest sync.Map

// SecretsOf returns the set of the test and its subtests.
func SecretsOf(t testing.TB) *Secrets {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	set, _ := secretsByTest.LoadOrStore(name, newSecrets())
	secrets, _ := set.(*Secrets)
	return secrets
}

func newSecrets() *Secrets {
	s := &Secrets{needles: map[needle]Kind{}}
	s.grow(1 << 13)
	return s
}

// Add puts a secret into the set. What is too short or too plain to be one is left out: looking for "x" finds it everywhere.
func (s *Secrets) Add(kind Kind, secret string) {
	switch {
	case kind == KindPresented:
		secret = likeSecret.FindString(secret) // people present anything, a client id for one
	case kind == KindIdempotency && !likeRandom.MatchString(secret):
		return // a test's own words, such as a path, are in many places
	}
	secret = secretPart(secret)
	if !looksRandom(secret) {
		return
	}
	step := needleLength / 2
	if kind == KindToken || kind == KindSigningKey { // long, many, and whole where they leak
		step = 2 * needleLength
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for start := 0; start+needleLength <= len(secret); start += step {
		s.addPart(kind, secret[start:start+needleLength])
	}
	s.addPart(kind, secret[len(secret)-needleLength:])
}

// likeSecret finds a client secret, or most of one; likeRandom recognizes a UUID, or letters and digits without a break.
var (
	likeSecret = regexp.MustCompile(`pcs_[0-9A-Za-z]{20,}`)
	likeRandom = regexp.MustCompile(`^[0-9A-Fa-f-]{32,}$|[0-9A-Za-z]{20,}`)
)

// noteURL adds the password of a database's URL, where it has one.
func (s *Secrets) noteURL(database string) {
	if parsed, err := url.Parse(database); err == nil {
		if password, given := parsed.User.Password(); given {
			s.Add(KindBrought, password)
		}
	}
}

// Published takes a secret out of the set for good: the test itself put it where everybody may read it, such as into a
// description.
func (s *Secrets) Published(secret string) { s.Add(kindPublished, secret) }

// secretPart returns what is random of a secret: the rest is in every other one, too.
func secretPart(secret string) string {
	if body, found := strings.CutPrefix(secret, "pcs_"); found {
		return body
	}
	if strings.HasPrefix(secret, "eyJ") && strings.Count(secret, ".") == 2 { // a JWT is worth something with its signature only
		return secret[strings.LastIndexByte(secret, '.')+1:]
	}
	return secret
}

// looksRandom reports whether a text has at least 16 bytes, and 8 different ones.
func looksRandom(text string) bool {
	different := map[byte]bool{}
	for i := range len(text) {
		different[text[i]] = true
	}
	return len(text) >= needleLength && len(different) >= needleLength/2
}

// addPart adds a part of a secret in every form.
func (s *Secrets) addPart(kind Kind, part string) {
	quoted, _ := json.Marshal(part) // a string always marshals
	lower := hex.EncodeToString([]byte(part))
	var percent strings.Builder
	for i := range len(part) {
		fmt.Fprintf(&percent, "%%%02x", part[i])
	}
	forms := []string{
		part, string(quoted[1:]), url.QueryEscape(part), url.PathEscape(part),
		lower, strings.ToUpper(lower), percent.String(), strings.ToUpper(percent.String()),
	}
	// Base64 writes the same text in three ways, by its place among the bytes around it. Only the characters that don't
	// depend on those are looked for.
	for shift, dependent := range []int{0, 2, 3} {
		shifted := append(make([]byte, shift, shift+len(part)), part...)
		forms = append(forms, base64.StdEncoding.EncodeToString(shifted)[dependent:], base64.URLEncoding.EncodeToString(shifted)[dependent:])
	}
	for _, form := range forms {
		s.addNeedle(kind, needle([]byte(form[:needleLength])))
	}
}

func (s *Secrets) addNeedle(kind Kind, part needle) {
	if len(s.needles)*16 > len(s.filter)*64 {
		s.grow(len(s.filter) * 64 * 8)
	}
	s.needles[part] = max(kind, s.needles[part])
	s.mark(part)
}

// grow makes the filter of that many bits, a power of two, and fills it.
func (s *Secrets) grow(bits int) {
	s.filter, s.shift = make([]uint64, bits/64), 64
	for ; bits > 1; bits /= 2 {
		s.shift--
	}
	for part := range s.needles {
		s.mark(part)
	}
}

func (s *Secrets) mark(part needle) {
	var window uint64
	for _, character := range part[:8] {
		window = window<<8 | uint64(character)
	}
	bit := s.bit(window)
	s.filter[bit/64] |= 1 << (bit % 64)
}

// bit hashes eight bytes to a bit of the filter, by Fibonacci's method.
func (s *Secrets) bit(window uint64) uint64 { return window * 0x9E3779B97F4A7C15 >> s.shift }

// Leak is a secret that was found.
type Leak struct {
	Kind Kind
	// Offset is where in the text a part of it begins.
	Offset int
}

// Find returns where the text has a part of a secret of these kinds, or of any kind when none is named: one leak for each
// kind, the first.
func (s *Secrets) Find(text []byte, kinds ...Kind) []Leak {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var leaks []Leak
	var seen [kindPublished + 1]bool
	seen[kindPublished] = true
	for kind := KindPresented; kind < kindPublished && len(kinds) > 0; kind++ {
		seen[kind] = !bytes.Contains(kindBytes(kinds), []byte{byte(kind)})
	}
	var window uint64
	for i, character := range text {
		window = window<<8 | uint64(character)
		bit := s.bit(window)
		if s.filter[bit/64]&(1<<(bit%64)) == 0 || i < 7 || i-7+needleLength > len(text) {
			continue
		}
		kind, found := s.needles[needle(text[i-7:i-7+needleLength])]
		if found && !seen[kind] {
			seen[kind] = true
			leaks = append(leaks, Leak{kind, i - 7})
		}
	}
	return leaks
}

func kindBytes(kinds []Kind) []byte {
	list := make([]byte, len(kinds))
	for i, kind := range kinds {
		list[i] = byte(kind)
	}
	return list
}

// Check fails the test for each kind of secret that the text has. The place says what the text is. With kinds, only those
// are looked for.
func (s *Secrets) Check(t testing.TB, place string, text []byte, kinds ...Kind) {
	t.Helper()
	for _, message := range s.complaints(place, text, kinds...) {
		t.Error(message)
	}
}

// complaints says what Find found, without showing it.
func (s *Secrets) complaints(place string, text []byte, kinds ...Kind) []string {
	leaks := s.Find(text, kinds...)
	list := make([]string, len(leaks))
	for i, leak := range leaks {
		list[i] = fmt.Sprintf("%s: %s is in it, at byte %d, line %d", place, leak.Kind, leak.Offset,
			1+bytes.Count(text[:leak.Offset], []byte("\n")))
		if i == 0 { // what comes before the first part of any secret is none
			list[i] += fmt.Sprintf(", after %q", text[max(0, leak.Offset-100):leak.Offset])
		}
	}
	return list
}
