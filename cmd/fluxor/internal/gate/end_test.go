//go:build unix

// This file tests that the process ends whatever stands still.

package gate

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

const little = `listen: [127.0.0.1:0]
databases:
  erp:
    dsn: "sqlite:file:erp?mode=memory"
users:
  - name: app
    tokens:
      - sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
`

func TestAReloadThatStandsStillHoldsUpNoEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(path, []byte(little), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := build(Options{Path: path, Log: io.Discard, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	signals, done := make(chan os.Signal, 2), make(chan error, 1)
	go func() { done <- p.run(t.Context(), signals) }() // ends with SIGTERM
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	signals <- syscall.SIGHUP
	disk, err := os.OpenFile(path, os.O_WRONLY, 0) // returns when the reload reads
	if err != nil {
		t.Fatal(err)
	}
	signals <- syscall.SIGTERM
	if err := <-done; !errors.Is(err, ErrStands) || !p.stands {
		t.Errorf("the end would wait for the reload: %v", err)
	}
	_ = disk.Close()
	p.close()
}

func TestAReloadThatTheServerRefusesLeavesTheCertificateInPlace(t *testing.T) {
	files := func(name string) config.TLS {
		made, err := dbtest.NewAuthority()
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, certificate, key, err := made.Files(dir)
		if err != nil {
			t.Fatal(err)
		}
		return config.TLS{Certificate: certificate, Key: key}
	}
	first, path := files("first"), filepath.Join(t.TempDir(), "gateway.yaml")
	text := little + "tls: {certificate: '" + first.Certificate + "', key: '" + first.Key + "'}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := build(Options{Path: path, Log: io.Discard, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	shown := func() string {
		c, err := p.certs.Config().GetConfigForClient(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(c.Certificates[0].Certificate[0])
	}
	before, next := shown(), *p.file
	next.TLS, next.Users = files("second"), []config.User{{Name: "nobody who may log in"}}
	if err := os.RemoveAll(filepath.Dir(first.Certificate)); err != nil {
		t.Fatal(err)
	}
	if p.swap(&next, p.served) == nil {
		t.Error("a user without a login is taken")
	}
	if shown() != before {
		t.Error("another certificate is shown than before")
	}
}

// busySocket listens, and has no room for one more.
func busySocket(t *testing.T, path string) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		c, err := net.Dial("unix", path)
		if err != nil {
			return path
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("there is always room")
	return ""
}

func TestASocketsFileIsTakenOverWhereNobodyListensAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := listenAt(t.Context(), "unix:"+file); err == nil {
		_ = l.Close()
		t.Error("it listens in the place of a file")
	}
	if text, err := os.ReadFile(file); string(text) != "precious" {
		t.Errorf("the file has %q, %v", text, err)
	}
	socket := filepath.Join(dir, "socket")
	first, err := listenAt(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := listenAt(t.Context(), "unix:"+socket); err == nil {
		_ = l.Close()
		t.Error("two listen at once")
	}
	if l, err := listenAt(t.Context(), "unix:"+busySocket(t, filepath.Join(dir, "busy"))); err == nil {
		_ = l.Close()
		t.Error("the socket of one who is busy was taken over")
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = first.Close()
	last, err := listenAt(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatalf("what a killed one left is not taken over: %v", err)
	}
	_ = last.Close()
}
