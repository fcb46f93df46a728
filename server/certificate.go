package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// certificate is the server's, which can be read again while it runs: certificates are renewed more often than servers
// are restarted.
type certificate struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
}

func newCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// read takes the files' certificate for handshakes from now on. With an error the one before stays.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.current.Store(&pair)
	return nil
}

// reload is read for a server that runs.
func (c *certificate) reload(logger *slog.Logger) {
	if err := c.read(); err != nil {
		logger.Error("the TLS certificate could not be read again; the one before stays in use", "error", err)
		return
	}
	leaf := c.current.Load().Leaf
	if time.Now().After(leaf.NotAfter) {
		logger.Warn("the TLS certificate that was read again has expired", "file", c.certFile, "not_after", leaf.NotAfter.UTC())
		return
	}
	logger.Info("TLS certificate read again", "file", c.certFile, "not_after", leaf.NotAfter.UTC())
}

// config is for TLS 1.2 or better. Connections that are there keep the certificate that they began with.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// onHangUp calls a function for each SIGHUP, one after the other, until stop is called.
func onHangUp(hangUp func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	stopped := make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
				hangUp()
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(stopped)
	}
}
