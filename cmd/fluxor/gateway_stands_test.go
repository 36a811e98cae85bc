//go:build unix

// This file tests a gateway whose audit log is on a disk that stands still: what goes on, and that the process can be ended.

package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestASecondSignalEndsAGatewayWhoseAuditLogStandsStill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	disk, err := os.OpenFile(path, os.O_RDWR, 0) // who writes does not wait for a reader, and is never read
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close() //nolint:errcheck // the test is over
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\nadmin: {listen: 'localhost:0'}\naudit: {file: '"+path+"'}\n"+users)
	db := client(t, "erp", "", g.address())
	until(t, "sessions wait for the log", func() bool { return !answers(t, db) })
	if code, body := g.as("", "", http.MethodGet, "/livez"); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	g.signal(syscall.SIGHUP) // it waits as well, and nothing waits for it
	for range 2 {
		g.signal(syscall.SIGTERM)
		g.awaitLog("is to end")
	}
	var exit *exec.ExitError
	select {
	case err := <-g.exited:
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if g.logged("stands still") == nil {
		t.Error("it does not say why")
	}
}

// answers asks until a question is not answered in time, or some were.
func answers(t *testing.T, db *sql.DB) bool {
	t.Helper()
	text := "select 1 /* " + strings.Repeat("x", 1000) + " */"
	for range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := db.ExecContext(ctx, text)
		cancel()
		if err != nil {
			return false
		}
	}
	return true
}
