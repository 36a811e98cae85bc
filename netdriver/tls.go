// This file makes the TLS configuration of a host, and the gate below TLS.

package netdriver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// gate is what TLS reads from. While it is shut, a read gives what TLS has and does not
// ask the connection, which may know no deadlines, as one through SSH. Only who reads
// shuts it.
type gate struct {
	net.Conn
	shut bool
}

// Read implements net.Conn. The error is one after which TLS goes on.
func (g *gate) Read(b []byte) (int, error) {
	if g.shut {
		return 0, os.ErrDeadlineExceeded
	}
	return g.Conn.Read(b)
}

// Write implements net.Conn. What went in whole was sent, whatever the connection says
// besides: TLS takes a record whose write has an error for one that did not go, and a
// request that went would be sent again.
func (g *gate) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	if n == len(b) {
		return n, nil
	}
	return n, err
}

// tlsFor is the TLS configuration for host:port; nil for plaintext. It reads the
// certificates, so that renewed ones are taken by the next connection.
func (c *Config) tlsFor(host string) (*tls.Config, error) {
	mode := c.modeFor(host)
	if mode == TLSDisable {
		return nil, nil
	}
	t := &tls.Config{}
	if c.TLSConfig != nil {
		t = c.TLSConfig.Clone()
	}
	t.MinVersion = tls.VersionTLS13
	if err := c.certificates(t); err != nil {
		return nil, err
	}
	if c.ServerName != "" {
		t.ServerName = c.ServerName
	}
	if t.ServerName == "" {
		name, _, _ := net.SplitHostPort(host)
		t.ServerName, _, _ = strings.Cut(name, "%") // a zone is in no certificate
	}
	t.InsecureSkipVerify = mode != TLSVerifyFull
	if mode == TLSVerifyCA {
		t.VerifyConnection = verifyCA(t.RootCAs, t.VerifyPeerCertificate, t.VerifyConnection)
		t.VerifyPeerCertificate = nil
	}
	return t, nil
}

// certificates reads the authority's certificates and the client's own.
func (c *Config) certificates(t *tls.Config) error {
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return fmt.Errorf("fluxor: option ca: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("fluxor: option ca: %s holds no certificate in PEM form", c.CA)
		}
	}
	if c.Cert == "" {
		return nil
	}
	own, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return fmt.Errorf("fluxor: options cert and key: %w", err)
	}
	t.Certificates = []tls.Certificate{own}
	return nil
}

// verifyCA checks the chain of certificates and not the name; then the caller's own
// checks are asked, where there are some, with the chains, as in other modes.
func verifyCA(roots *x509.CertPool, peer func([][]byte, [][]*x509.Certificate) error, own func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("fluxor: the gateway showed no certificate")
		}
		between, raw := x509.NewCertPool(), make([][]byte, len(s.PeerCertificates))
		for i, cert := range s.PeerCertificates {
			if raw[i] = cert.Raw; i > 0 {
				between.AddCert(cert)
			}
		}
		chains, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		if err == nil && peer != nil {
			err = peer(raw, chains)
		}
		s.VerifiedChains = chains
		if err != nil || own == nil {
			return err
		}
		return own(s)
	}
}
