// This file makes a certificate authority and a server certificate for tests at run time, so that no key is ever kept in the repository.

package dbtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority is a certificate authority with one server certificate, for
// 127.0.0.1, ::1 and localhost, valid for a day. It is immutable.
type Authority struct {
	// Server is the certificate with its key, for a tls.Config of a server.
	Server tls.Certificate

	pool          *x509.CertPool
	root, leaf    []byte // PEM
	leafKey       []byte // PEM
	rootFile      string // once written
	certFile, key string
}

// NewAuthority makes an authority and its server certificate in memory.
func NewAuthority() (*Authority, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	rootCert := certificate("Fluxor-DB test authority", 1)
	rootCert.IsCA, rootCert.BasicConstraintsValid = true, true
	rootCert.KeyUsage = x509.KeyUsageCertSign
	rootDER, err := x509.CreateCertificate(rand.Reader, rootCert, rootCert, rootKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert := certificate("localhost", 2)
	cert.DNSNames = []string{"localhost"}
	cert.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, cert, rootCert, key.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	a := &Authority{root: encode("CERTIFICATE", rootDER), leaf: encode("CERTIFICATE", der), leafKey: encode("PRIVATE KEY", keyDER)}
	a.pool = x509.NewCertPool()
	a.pool.AppendCertsFromPEM(a.root)
	a.Server, err = tls.X509KeyPair(a.leaf, a.leafKey)
	return a, err
}

// ClientConfig is a TLS configuration that trusts this authority alone. Set
// ServerName where the address is none of the certificate's.
func (a *Authority) ClientConfig() *tls.Config {
	return &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12}
}

// write puts the certificates and the key into dir as PEM files, for a server
// that reads files.
func (a *Authority) write(dir string) (err error) {
	a.rootFile, a.certFile, a.key, err = a.Files(dir)
	return err
}

// Files puts the authority's certificate, the server's and its key into dir as PEM
// files, in place of those of another authority.
func (a *Authority) Files(dir string) (root, certificate, key string, err error) {
	root, certificate, key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	for file, text := range map[string][]byte{root: a.root, certificate: a.leaf, key: a.leafKey} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", "", "", err
		}
	}
	return root, certificate, key, nil
}

// tlsName is the name under which a server's authority is known to
// go-sql-driver: the server's directory, which no other server has.
func tlsName(ca string) string { return filepath.Base(filepath.Dir(ca)) }

func certificate(name string, serial int64) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
