package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// masterKey returns a key whose bytes are all this one.
func masterKey(t *testing.T, filling byte) MasterKey {
	t.Helper()
	key, err := ParseMasterKey(hex.EncodeToString(bytes.Repeat([]byte{filling}, MasterKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestMasterKeyIsReadInEveryUsualSpelling(t *testing.T) {
	t.Parallel()
	raw := make([]byte, MasterKeySize)
	for i := range raw {
		raw[i] = byte(i*37 + 240) //#nosec G115 -- any byte will do
	}
	want, err := ParseMasterKey(hex.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)), " \t" + base64.StdEncoding.EncodeToString(raw) + "\r\n",
	} {
		if got, err := ParseMasterKey(text); err != nil || !got.Equal(want) || got.ID() != want.ID() {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestMasterKeyThatIsNoneIsRefusedWithoutBeingRepeated(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xa5}, MasterKeySize))
	for _, text := range []string{
		"", "hunter2", good[:40], good + "AAAA", strings.Repeat("ab", 31), strings.Repeat("ab", 33), strings.Repeat("zz", 32),
		good[:20] + "\n" + good[20:], good[:43] + "!", "pass word", strings.Repeat("x", 32), good[:42] + "_=" /* two alphabets, or bits too many */ + "/",
	} {
		key, err := ParseMasterKey(text)
		if err == nil || !key.IsZero() {
			t.Errorf("%q is accepted", text)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestMasterKeyNeverPrintsItself(t *testing.T) {
	t.Parallel()
	key := masterKey(t, 0x5a)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{key, &key, struct{ K MasterKey }{key}} {
			text := fmt.Sprintf(format, value)
			if strings.Contains(strings.ToLower(text), "5a5a") || strings.Contains(text, "ZZZZ") || strings.Contains(text, "90 90") {
				t.Errorf("%s of %T prints the key: %s", format, value, text)
			}
		}
	}
	if len(key.ID()) != 12 || key.ID() == masterKey(t, 0x5b).ID() || (MasterKey{}).ID() != "" {
		t.Errorf("the id is %q", key.ID())
	}
}

func TestSealedSigningKeyOpensWithItsMasterKeyAlone(t *testing.T) {
	t.Parallel()
	master := masterKey(t, 1)
	plain := SigningKey{ID: "kid", Algorithm: "ES256", PrivateKey: []byte("a private key in DER")}
	sealed, err := master.Seal(plain)
	if err != nil || !sealed.Sealed() || bytes.Contains(sealed.PrivateKey, plain.PrivateKey[:4]) || sealed.MasterKeyID != master.ID() {
		t.Fatalf("sealed %+v, %v", sealed, err)
	}
	if !bytes.Equal(plain.PrivateKey, []byte("a private key in DER")) {
		t.Error("sealing changes what was given")
	}
	if again, _ := master.Seal(plain); bytes.Equal(again.PrivateKey, sealed.PrivateKey) {
		t.Error("a nonce is used twice")
	}
	if _, err := master.Seal(sealed); err == nil {
		t.Error("a sealed key is sealed again")
	}
	if opened, err := master.Open(sealed); err != nil || !bytes.Equal(opened.PrivateKey, plain.PrivateKey) || opened.Sealed() {
		t.Errorf("opened %+v, %v", opened, err)
	}
	if opened, err := (MasterKey{}).Open(plain); err != nil || !bytes.Equal(opened.PrivateKey, plain.PrivateKey) {
		t.Errorf("a plain key: %+v, %v", opened, err)
	}

	for name, test := range map[string]struct {
		master MasterKey
		change func(*SigningKey)
		want   Code
	}{
		"no master key":        {MasterKey{}, func(*SigningKey) {}, CodeNoMasterKey},
		"another master key":   {masterKey(t, 2), func(*SigningKey) {}, CodeWrongMasterKey},
		"the other's id":       {masterKey(t, 2), func(k *SigningKey) { k.MasterKeyID = masterKey(t, 2).ID() }, CodeNotADatabase},
		"another kid":          {master, func(k *SigningKey) { k.ID = "kie" }, CodeNotADatabase},
		"another algorithm":    {master, func(k *SigningKey) { k.Algorithm = "EdDSA" }, CodeNotADatabase},
		"a flipped bit":        {master, func(k *SigningKey) { k.PrivateKey[len(k.PrivateKey)/2] ^= 1 }, CodeNotADatabase},
		"a flipped nonce":      {master, func(k *SigningKey) { k.PrivateKey[0] ^= 1 }, CodeNotADatabase},
		"nothing but a nonce":  {master, func(k *SigningKey) { k.PrivateKey = k.PrivateKey[:12] }, CodeNotADatabase},
		"less than a nonce":    {master, func(k *SigningKey) { k.PrivateKey = k.PrivateKey[:5] }, CodeNotADatabase},
		"the plain key itself": {master, func(k *SigningKey) { k.PrivateKey = []byte("a private key in DER") }, CodeNotADatabase},
	} {
		key := sealed
		key.PrivateKey = bytes.Clone(sealed.PrivateKey)
		test.change(&key)
		_, err := test.master.Open(key)
		if !errors.Is(err, &Error{Code: test.want}) || !strings.Contains(err.Error(), key.ID) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
