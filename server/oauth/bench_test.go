package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
)

// The benchmarks call handlers without a socket, on all processors at once. Each stands beside its floor: the one
// signature or verification that the request can't do without.

func BenchmarkToken(b *testing.B) {
	h := newBench(b)
	b.Run("floor=sign", func(b *testing.B) {
		parallel(b, func() {
			digest := sha256.Sum256([]byte("claims"))
			if _, err := h.private.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
				b.Error(err)
			}
		})
	})
	body := "grant_type=client_credentials&" + form(h.id, h.secret)
	b.Run("form", func(b *testing.B) { parallel(b, func() { h.post(b, "/oauth/token", body) }) })
}

func BenchmarkIntrospect(b *testing.B) {
	h := newBench(b)
	digest := sha256.Sum256([]byte("claims"))
	signature, err := ecdsa.SignASN1(rand.Reader, h.private, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("floor=verify", func(b *testing.B) {
		parallel(b, func() {
			if !ecdsa.VerifyASN1(&h.private.PublicKey, digest[:], signature) {
				b.Error("not verified")
			}
		})
	})
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(h.post(b, "/oauth/token", "grant_type=client_credentials&"+form(h.id, h.secret)), &answer); err != nil {
		b.Fatal(err)
	}
	body := "token=" + answer.Token + "&" + form(h.id, h.secret)
	b.Run("form", func(b *testing.B) { parallel(b, func() { h.post(b, "/oauth/introspect", body) }) })
}

type bench struct {
	handler    http.Handler
	private    *ecdsa.PrivateKey
	id, secret string
}

func newBench(b *testing.B) *bench {
	b.Helper()
	m := newMemory(b, time.Now, "")
	account, secret := m.add(1, testClientID)
	server, err := oauth.New(b.Context(), oauth.Config{Tokens: m, Keys: m, Issuer: "http://127.0.0.1:8080"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close(b.Context()) })
	mux := http.NewServeMux()
	server.Register(mux)
	private, err := x509.ParsePKCS8PrivateKey(m.keys[0].PrivateKey)
	if err != nil {
		b.Fatal(err)
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok {
		b.Fatal("not ES256")
	}
	return &bench{handler: mux, private: key, id: account.ClientID, secret: secret}
}

func (h *bench) post(b *testing.B, path, body string) []byte {
	b.Helper()
	request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	h.handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		b.Errorf("%s: %d %s", path, recorder.Code, recorder.Body)
	}
	return recorder.Body.Bytes()
}

func parallel(b *testing.B, work func()) {
	b.Helper()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			work()
		}
	})
}
