// This file tests certificates that are renewed in their files while clients come and work.

package gateway_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	files "github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// onDisk is a certificate, its key and an authority in files.
type onDisk struct {
	files.TLS
	t *testing.T
}

func newOnDisk(t *testing.T) *onDisk {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	return &onDisk{files.TLS{Certificate: in("cert.pem"), Key: in("key.pem"), ClientCA: in("ca.pem")}, t}
}

// write writes a file in place, as a careless script does.
func (d *onDisk) write(path string, text []byte) {
	d.t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// pems are a certificate and its key in PEM.
func (d *onDisk) pems(c tls.Certificate) (cert, key []byte) {
	d.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		d.t.Fatal(err)
	}
	return pemOf("CERTIFICATE", c.Certificate[0]), pemOf("PRIVATE KEY", der)
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// have writes all files: a certificate of the authority's, and the authority.
func (d *onDisk) have(a *authority) {
	d.t.Helper()
	cert, key := d.pems(a.issue("localhost", false))
	d.write(d.Certificate, cert)
	d.write(d.Key, key)
	d.write(d.ClientCA, pemOf("CERTIFICATE", a.cert.Raw))
}

// follow serves by the files.
func (d *onDisk) follow(log io.Writer) *files.Certificates {
	d.t.Helper()
	c, err := files.LoadCertificates(d.TLS, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// secured is a handle that trusts an authority and makes a connection for each call.
func secured(t *testing.T, a *authority, address string) *sql.DB {
	t.Helper()
	c, err := netdriver.NewConnector(netdriver.Config{
		User: "app", Token: token, Database: "erp", Hosts: []string{address}, Auth: netdriver.AuthToken,
		TLSConfig: &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS13},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	db.SetMaxIdleConns(-1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestACertificateRenewedUnderLoadCostsClientsNothing(t *testing.T) {
	t.Parallel()
	a, disk, log := newAuthority(t), newOnDisk(t), &heard{}
	disk.have(a)
	certs := disk.follow(log)
	s := sqlite(t, func(c *gateway.Config) { c.TLS = certs.Config() })
	stop := make(chan struct{})
	var clients sync.WaitGroup
	defer clients.Wait()
	defer close(stop)
	for range 4 {
		db := secured(t, a, s.address)
		clients.Go(func() { keepAsking(t, db, stop) })
	}
	for n := range times(1, 30) {
		next := a.issue("localhost", false)
		cert, key := disk.pems(next)
		said := strings.Count(log.String(), "cannot be used")
		switch n % 4 {
		case 0:
			disk.write(disk.Certificate, cert) // its key is another one
		case 1:
			disk.write(disk.Certificate, cert[:len(cert)/2])
		case 2:
			disk.write(disk.Key, key[:len(key)/2])
		case 3:
			disk.write(disk.ClientCA, nil)
		}
		dbtest.WaitUntil(t, "that is refused", func() bool { return strings.Count(log.String(), "cannot be used") > said })
		disk.write(disk.ClientCA, pemOf("CERTIFICATE", a.cert.Raw))
		disk.write(disk.Certificate, cert)
		disk.write(disk.Key, key)
		dbtest.WaitUntil(t, "the new certificate is shown", func() bool {
			c, state := a.dial(s)
			_ = c.conn.Close()
			return bytes.Equal(state.PeerCertificates[0].Raw, next.Certificate[0])
		})
	}
}

// keepAsking asks until stop; each question must be answered.
func keepAsking(t *testing.T, db *sql.DB, stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		var got int
		if err := db.QueryRow("select ?", n).Scan(&got); err != nil || got != n {
			t.Errorf("question %d: %d, %v", n, got, err)
			return
		}
	}
}

// A ticket of TLS lets a client come again without its certificate: it must not outlive
// the gateway's trust in who signed that.
func TestATicketDoesNotOutliveTheTrustInItsAuthority(t *testing.T) {
	t.Parallel()
	former, next, disk := newAuthority(t), newAuthority(t), newOnDisk(t)
	disk.have(former)
	certs := disk.follow(io.Discard)
	roots := former.pool()
	roots.AddCert(next.cert)
	l, err := tls.Listen("tcp", "127.0.0.1:0", certs.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // the test is over
	client := &tls.Config{
		RootCAs: roots, ServerName: "localhost", Certificates: []tls.Certificate{former.issue("app", false)},
		MinVersion: tls.VersionTLS13, ClientSessionCache: tls.NewLRUClientSessionCache(4),
	}
	if s := meet(t, l, client); len(s.VerifiedChains) == 0 {
		t.Fatal("the certificate is not known")
	}
	if s := meet(t, l, client); !s.DidResume || len(s.VerifiedChains) == 0 {
		t.Fatalf("no ticket is taken: %v, %d chains", s.DidResume, len(s.VerifiedChains))
	}
	disk.have(next)
	if err := certs.Use(disk.TLS); err != nil {
		t.Fatal(err)
	}
	if s := meet(t, l, client); s.DidResume || len(s.VerifiedChains) > 0 {
		t.Errorf("resumed: %v, with %d chains", s.DidResume, len(s.VerifiedChains))
	}
}

// meet is one connection as the server sees it; the zero state where there is none.
func meet(t *testing.T, l net.Listener, client *tls.Config) (state tls.ConnectionState) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := tls.Dial("tcp", l.Addr().String(), client); err == nil {
			_, _ = io.Copy(io.Discard, c) // the ticket comes with the first bytes
			_ = c.Close()
		}
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := c.(*tls.Conn) //nolint:forcetypeassert // what tls.Listen gives
	if s.Handshake() == nil {
		state = s.ConnectionState()
		_, _ = s.Write([]byte("hello"))
	}
	_ = s.Close()
	<-done
	return state
}
