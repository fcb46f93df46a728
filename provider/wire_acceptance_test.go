package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// privateAuthority makes a certificate authority that no system trusts, and returns the file of its certificate and a
// certificate by it for 127.0.0.1.
func privateAuthority(t *testing.T) (file string, server tls.Certificate) {
	t.Helper()
	issue := func(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made, key
	}
	// Far apart, so that it doesn't matter how the clock of the machine is set.
	from, to := time.Now().AddDate(-1, 0, 0), time.Now().AddDate(1, 0, 0)
	authority, authorityKey := issue(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private authority"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	leaf, leafKey := issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, authority, authorityKey)
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: leafKey}
}

func TestAccProviderTrustsAPrivateAuthorityOnlyWhenToldTo(t *testing.T) {
	w := newWorld(t)
	file, certificate := privateAuthority(t)
	proxy := &faultProxy{t: t, target: w.URL}
	proxy.Server = httptest.NewUnstartedServer(proxy)
	proxy.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	block := func(more string) string {
		return provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = %q\n %s",
			proxy.URL, w.ClientID, w.ClientSecret, w.CompanyID, more)) + account(`name = "ci"`)
	}
	w.run(
		resource.TestStep{Config: block(""), ExpectError: lines("certificate signed by unknown authority", "ca_certificate_file")},
		resource.TestStep{Config: block(fmt.Sprintf("ca_certificate_file = %q", file)), Check: w.live(accountAddress)},
	)
}

// The credentials don't leave the machine over plain HTTP, not even towards a proxy, unless the configuration says so.
func TestAccProviderRefusesPlainHTTPToAnotherMachineBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(listener.Close)
	space := newWorkspace(t, "HTTP_PROXY="+listener.URL, "NO_PROXY=")
	secret := newClientSecret(t)
	config := func(more string) string {
		return provided(fmt.Sprintf("base_url = \"http://api.example.com\"\n client_id = \"a\"\n client_secret = %q\n company_id = \"1\"\n %s", secret, more)) +
			account(`name = "ci"`)
	}
	space.write(config(""), "main.tf")
	_, err := space.try("apply", "-auto-approve", "-no-color")
	if err == nil || !lines("base_url", "plain HTTP", "use https", "Nothing was sent", "allow_insecure_http = true").MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	if asked.Load() != 0 {
		t.Error("something was sent")
	}
	space.write(config("allow_insecure_http = true"), "main.tf")
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil || asked.Load() == 0 {
		t.Errorf("with leave, %d requests were sent: %v", asked.Load(), err)
	}
	if strings.Contains(space.printed.String(), secret) {
		t.Error("Terraform shows the secret")
	}
}
