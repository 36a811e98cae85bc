//go:build unix

// This file tests that the process ends whatever stands still.

package gate

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
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
