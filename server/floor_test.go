package server_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
)

// floorVariable makes the test binary serve the floor, when it is set.
const floorVariable = "BENCH_FLOOR"

// floor is the least that a request can cost in Go: a bare net/http handler that reads the same parameters, does the one
// signature or verification, and writes an answer. It looks nobody up, counts nothing and logs nothing.
type floor struct{ key *ecdsa.PrivateKey }

type floorClaims struct {
	Issuer        string `json:"iss"`
	Audience      string `json:"aud"`
	Subject       string `json:"sub"`
	ClientID      string `json:"client_id"`
	IssuedAt      int64  `json:"iat"`
	ExpiresAt     int64  `json:"exp"`
	ID            string `json:"jti"`
	Scope         string `json:"scope"`
	CompanyID     string `json:"company_id"`
	SecretVersion int    `json:"secret_version"`
	Epoch         int    `json:"epoch"`
}

// serveFloor serves until the process is killed.
func serveFloor() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	f := floor{key}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", f.token)
	mux.HandleFunc("POST /oauth/introspect", func(w http.ResponseWriter, r *http.Request) { f.verify(w, r.PostFormValue("token")) })
	mux.HandleFunc("GET /oauth/token/info", func(w http.ResponseWriter, r *http.Request) {
		f.verify(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	})
	mux.HandleFunc("GET /rest/v2.0/companies/1/service_accounts/1", echoed)
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // until the process is killed
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, listener.Addr())
	panic((&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener))
}

var rawURL = base64.RawURLEncoding

func (f floor) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("client_secret") == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	now := time.Now()
	header, _ := json.Marshal(map[string]string{"alg": "ES256", "typ": "at+jwt", "kid": "floor"})
	claims, _ := json.Marshal(floorClaims{
		Issuer: "http://127.0.0.1", Audience: "http://127.0.0.1", Subject: "1", ClientID: r.PostFormValue("client_id"),
		IssuedAt: now.Unix(), ExpiresAt: now.Add(time.Hour).Unix(), ID: rand.Text(), Scope: "public", CompanyID: "1", SecretVersion: 1,
	})
	text := rawURL.EncodeToString(header) + "." + rawURL.EncodeToString(claims)
	digest := sha256.Sum256([]byte(text))
	x, y, err := ecdsa.Sign(rand.Reader, f.key, digest[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": text + "." + rawURL.EncodeToString(signature), "token_type": "bearer", "expires_in": 3600,
	})
}

func (f floor) verify(w http.ResponseWriter, token string) {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	text := token[:dot]
	signature, err := rawURL.DecodeString(token[dot+1:])
	digest := sha256.Sum256([]byte(text))
	if err != nil || len(signature) != 64 ||
		!ecdsa.Verify(&f.key.PublicKey, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, payload, _ := strings.Cut(text, ".")
	decoded, _ := rawURL.DecodeString(payload)
	var claims floorClaims
	if err := json.Unmarshal(decoded, &claims); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(claims)
}

// echoed answers with a JSON object as large as an account.
func echoed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	text := strings.Repeat("x", 64)
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{
		"id": "1", "company_id": "1", "name": "Administrator", "client_id": text, "description": text, "status": "active",
		"secret_version": 1, "created_at": time.Now().UTC(), "updated_at": time.Now().UTC(),
	}})
}

// startFloor runs the floor in a process of its own until the benchmark ends.
func startFloor(b *testing.B) contender {
	b.Helper()
	executable, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(b.Context(), executable)
	command.Env = append(os.Environ(), floorVariable+"=1")
	stderr, err := command.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // killed
	})
	address, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return enter(b, "floor", strings.TrimSpace(address), command.Process.Pid, server.Credentials{ClientID: "floor", ClientSecret: "none"})
}
