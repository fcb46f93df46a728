package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// floor is the server that the program is held against: net/http and what the work can't be done without, and nothing else. No
// database, no log, no limits, no second look at anything.
type floor struct {
	key *ecdsa.PrivateKey
	// filler is what an answer of any size is cut from.
	filler []byte
}

// serveFloor serves until it is asked to stop.
func serveFloor(ctx context.Context) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	f := &floor{key: key, filler: []byte(strings.Repeat("x", 4<<20))}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", f.token)
	mux.HandleFunc("POST /introspect", f.introspect)
	mux.HandleFunc("GET /info", f.info)
	mux.HandleFunc("POST /echo", f.echo)
	mux.HandleFunc("GET /bytes", f.bytes)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(os.Stderr, "msg=listening address=%s\n", listener.Addr())
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// claims are those of an access token (RFC 9068).
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ClientID string `json:"client_id"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Scope    string `json:"scope"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"`
	CreatedAt   int64  `json:"created_at"`
	Scope       string `json:"scope"`
}

// header is that of an ES256 JWT, encoded.
var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"at+jwt","kid":"floor"}`))

// token parses the form of a token request and signs one JWT.
func (f *floor) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" || r.PostForm.Get("client_secret") == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	now := time.Now().Unix()
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	signed, err := f.sign(claims{
		Issuer: "http://127.0.0.1", Subject: "17", Audience: "http://127.0.0.1", ClientID: r.PostForm.Get("client_id"),
		ID: base64.RawURLEncoding.EncodeToString(id), IssuedAt: now, Expires: now + 5400, Scope: "public",
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, tokenAnswer{AccessToken: signed, TokenType: "bearer", ExpiresIn: 5400, CreatedAt: now, Scope: "public"})
}

func (f *floor) sign(c claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	text := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, f.key, digest[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature[:]), nil
}

func (f *floor) verify(token string) (c claims, ok bool) {
	text, encoded, found := cutLast(token, ".")
	if !found {
		return c, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(signature) != 64 {
		return c, false
	}
	digest := sha256.Sum256([]byte(text))
	if !ecdsa.Verify(&f.key.PublicKey, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return c, false
	}
	_, payload, _ := strings.Cut(text, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	return c, err == nil && json.Unmarshal(decoded, &c) == nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// introspect parses the form of an introspection and verifies one JWT.
func (f *floor) introspect(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	f.tell(w, r.PostForm.Get("token"))
}

// info verifies the JWT of the Authorization header.
func (f *floor) info(w http.ResponseWriter, r *http.Request) {
	f.tell(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
}

func (f *floor) tell(w http.ResponseWriter, token string) {
	found, ok := f.verify(token)
	if !ok {
		http.Error(w, "bad token", http.StatusUnauthorized)
		return
	}
	answer(w, struct {
		Active bool `json:"active"`
		claims
	}{true, found})
}

// echo decodes a JSON body and encodes it again.
func (f *floor) echo(w http.ResponseWriter, r *http.Request) {
	var body account
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, body)
}

// bytes writes so many.
func (f *floor) bytes(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.URL.Query().Get("count"))
	if err != nil || count < 0 || count > len(f.filler) {
		http.Error(w, "bad count", http.StatusBadRequest)
		return
	}
	send(w, f.filler[:count])
}

func answer(w http.ResponseWriter, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, encoded)
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client is gone if this fails
}
