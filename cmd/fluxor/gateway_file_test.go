//go:build unix

// This file tests what a gateway's file says of the audit log, of readers and of bounds, and who sees the page.

package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestTheAuditLogGoesOnInANewFileWhenItIsMovedAway(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	text := "databases: {erp: {dsn: '" + dbtest.SQLite(t) + "'}}\naudit: {file: '" + path + "'}\n" + users
	g := startGateway(t, text)
	db := client(t, "erp", "", g.address())
	written := func(name, statement string) {
		t.Helper()
		must(t, db, statement)
		until(t, statement+" is in "+name, func() bool {
			said, _ := os.ReadFile(filepath.Join(dir, name)) // it may not be there yet
			return strings.Contains(string(said), statement)
		})
		if is, err := os.Stat(filepath.Join(dir, name)); err != nil || is.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, is, err)
		}
	}
	move := func(to string) {
		t.Helper()
		if err := os.Rename(path, filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	written("audit.jsonl", "create table first(v)")
	move("audit.1")
	written("audit.1", "create table second(v)")
	g.signal(syscall.SIGHUP)
	g.awaitLog("the configuration was reloaded")
	written("audit.jsonl", "create table third(v)")

	move("audit.2")
	g.write(text + "extra: 1\n")
	g.signal(syscall.SIGHUP)
	g.awaitLog("was not reloaded") // and yet the log goes on in a new file
	written("audit.jsonl", "create table fourth(v)")

	move("audit.3")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	g.signal(syscall.SIGHUP)
	until(t, "the gateway says that it cannot write there", func() bool {
		return strings.Contains(g.logged("was not reloaded")["error"].(string), "audit.file: open")
	})
	written("audit.3", "create table fifth(v)")
}

func TestAnAuditLogThatCannotBeOpenedKeepsTheGatewayFromStarting(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "gateway.yaml")
	text := "listen: ['127.0.0.1:0']\ndatabases: {erp: {dsn: ':memory:'}}\naudit: {file: '" + filepath.Join(dir, "none", "audit") + "'}\n" + users
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(text, "HASH", tokenHash)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := fluxor(t.Context(), "gateway", "--config", config, "--check"); code != exitOK {
		t.Errorf("the check got %d %s %s", code, out, errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("the check made the file")
	}
	if code, _, errOut := fluxor(t.Context(), "gateway", "--config", config); code != exitFailed || !strings.Contains(errOut, "audit.file") {
		t.Errorf("got %d %s", code, errOut)
	}
}

func TestReadersAndBoundsOfAFileHoldAndAReloadChangesThem(t *testing.T) {
	text := "databases:\n  erp:\n    dsn: '" + dbtest.SQLite(t) + "'\n    bounds: {rows: 2}\nadmin: {listen: 'localhost:0'}\n" + users
	g := startGateway(t, text)
	must(t, client(t, "erp", "", g.address()), "create table t (v integer)")
	rows := func() error {
		db := client(t, "erp", "", g.address()) // of a new session
		defer db.Close()                        //nolint:errcheck // it was only read
		r, err := db.QueryContext(t.Context(), "select 1 union all select 2 union all select 3")
		if err != nil {
			return err
		}
		for r.Next() {
			continue
		}
		return errors.Join(r.Err(), r.Close())
	}
	if err := rows(); err == nil || !strings.Contains(err.Error(), "more than the 2 rows") {
		t.Errorf("got %v", err)
	}
	g.write(strings.Replace(text, "rows: 2", "rows: 3", 1) + "    read_only: true\n")
	code, body := g.asOperator(http.MethodPost, "/admin/reload")
	for _, want := range []string{
		`"databases.erp.bounds.rows","before":"2","after":"3","restart":false`, `"users.app.read_only","before":"false","after":"true","restart":false`,
	} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is missing in %d %s", want, code, body)
		}
	}
	if err := rows(); err != nil {
		t.Error(err)
	}
	db := client(t, "erp", "", g.address())
	if _, err := db.ExecContext(t.Context(), "insert into t values (1)"); err == nil || !strings.Contains(err.Error(), "may only read") {
		t.Errorf("got %v", err)
	}
	if n := number(t, db, "select count(*) from t"); n != 0 {
		t.Errorf("there are %d rows", n)
	}
}

func TestThePageOfAGatewayShowsItsClientsToMonitorsAlone(t *testing.T) {
	more := "  - {name: monitor, role: monitor, tokens: [{sha256: HASH}]}\n  - {name: plain, tokens: [{sha256: HASH}]}\n"
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\nadmin: {listen: 'localhost:0'}\n"+users+more)
	db := client(t, "erp", "?app=billing", g.address())
	held, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close() //nolint:errcheck // the test is over
	for path, content := range map[string]string{"/": "<!doctype html>", "/clients.json": "billing", "/api/state": `"clients_total":1`} {
		for _, who := range []struct {
			user, token string
			code        int
		}{
			{"", "", http.StatusUnauthorized},
			{"monitor", "a wrong token", http.StatusUnauthorized},
			{"stranger", tokenText, http.StatusUnauthorized},
			{"plain", tokenText, http.StatusForbidden},
			{"monitor", tokenText, http.StatusOK},
			{"app", tokenText, http.StatusOK},
		} {
			code, body := g.as(who.user, who.token, http.MethodGet, path)
			if code != who.code || strings.Contains(body, content) != (code == http.StatusOK) {
				t.Errorf("%s as %q: got %d %.200s, want %d", path, who.user, code, body, who.code)
			}
		}
	}
	if _, err := held.ExecContext(t.Context(), "begin"); err != nil {
		t.Fatal(err)
	}
	_, body := g.as("monitor", tokenText, http.MethodGet, "/clients.json")
	for _, want := range []string{`"user":"app"`, `"database":"erp"`, `"address":"127.0.0.1"`, `"state":"pinned"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing in %s", want, body)
		}
	}
}
