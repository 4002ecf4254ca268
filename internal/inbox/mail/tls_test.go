package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	netsmtp "net/smtp"
	"testing"
	"time"
)

// A receiver with a certificate encrypts for who asks, and takes mail from who does not; without one it offers nothing.
func TestServer_startsTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"depanneurs.example"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, own, own, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	if own, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	known.AddCert(own)
	for name, config := range map[string]*tls.Config{"with": {Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			taken := 0
			s := Listen(t.Context(), l, "depanneurs.example", config, func(string) bool { return true }, func(context.Context, Received) error { taken++; return nil })
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			c, err := netsmtp.Dial(l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if offered, _ := c.Extension("STARTTLS"); offered != (config != nil) {
				t.Fatalf("STARTTLS offered: %v", offered)
			}
			if config != nil {
				if err := c.StartTLS(&tls.Config{RootCAs: known, ServerName: "depanneurs.example"}); err != nil {
					t.Fatal(err)
				}
				if state, on := c.TLSConnectionState(); !on || state.Version < tls.VersionTLS12 {
					t.Errorf("encrypted: %v, version %x", on, state.Version)
				}
			}
			send := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			send(c.Mail("jeanne@example.org"))
			send(c.Rcpt("dpo@depanneurs.example"))
			w, err := c.Data()
			send(err)
			_, err = w.Write(letter(plainHead, "x"))
			send(err)
			send(w.Close())
			send(c.Quit())
			if taken != 1 {
				t.Errorf("%d taken", taken)
			}
		})
	}
}
