//go:build unix

// This file runs fluxor gateway in processes of their own and has clients in front of them.

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

const users = `
users:
  - name: app
    role: admin
    tokens: [{sha256: HASH}]
`

func TestAGatewayServesTwoKindsOfDatabasesAndReloadsAllOrNothing(t *testing.T) {
	file, server := dbtest.SQLite(t), dbtest.Postgres(t).NewDatabase(t)
	text := "databases:\n  files: {dsn: 'env:FILES_DSN'}\n  erp: {dsn: 'env:ERP_DSN', options: {max_open_conns: 4}}\n" +
		"admin: {listen: 'localhost:0'}\n" + users
	g := startGateway(t, text, "FILES_DSN="+file, "ERP_DSN="+server.URL(), "MORE_DSN="+dbtest.SQLite(t))
	files, erp := client(t, "files", "", g.address()), client(t, "erp", "", g.address())
	must(t, files, "create table t (v integer)")
	must(t, erp, "create table t (v integer)")
	must(t, erp, "insert into t values (41)")

	g.write(strings.Replace(text, "role: admin", "role: king", 1) + "extra: 1\n")
	g.signal(syscall.SIGHUP)
	failed := g.awaitLog("was not reloaded")["error"].(string)
	for _, want := range []string{"users[0].role: want one of", "extra: there is no such key"} {
		if !strings.Contains(failed, want) {
			t.Errorf("%q is missing in %s", want, failed)
		}
	}
	if code, body := g.asOperator(http.MethodPost, "/admin/reload"); code != http.StatusBadRequest || !strings.Contains(body, "no such key") {
		t.Errorf("got %d %s", code, body)
	}
	if n := number(t, erp, "select v from t"); n != 41 {
		t.Errorf("got %d", n)
	}

	g.write(strings.Replace(text, "env:FILES_DSN", "env:MORE_DSN", 1) + "  - {name: two, tokens: [{sha256: '" + strings.Repeat("0a", 32) + "'}]}\ntimeouts: {idle: 7m}\n")
	code, body := g.asOperator(http.MethodPost, "/admin/reload")
	for _, want := range []string{`"databases.files.dsn"`, `"users.two.name"`, `"timeouts.idle","before":"10m0s","after":"7m0s","restart":true`} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is missing in %d %s", want, code, body)
		}
	}
	if strings.Contains(body, tokenHash) || strings.Contains(body, server.URL()) {
		t.Errorf("a secret is in %s", body)
	}
	g.awaitLog("a database is closed")
	must(t, files, "create table t (v integer)") // it is another file now
	if n := number(t, erp, "select v from t"); n != 41 {
		t.Errorf("got %d", n)
	}
	must(t, erp, "insert into t values (4990)")
	if code, body := g.asOperator(http.MethodGet, "/metrics"); code != http.StatusOK || !strings.Contains(body, "fluxor_gateway_sessions 2") || !strings.Contains(body, "fluxor_gateway_ready 1") || !strings.Contains(body, "fluxor_gateway_audit_lost 0") || strings.Contains(body, "4990") || strings.Contains(body, "insert") {
		t.Errorf("got %d %s", code, body)
	}
	if code, body := g.asOperator(http.MethodGet, "/api/state"); code != http.StatusOK || !strings.Contains(body, `"name":"erp"`) {
		t.Errorf("got %d %s", code, body)
	}
	if code, body := g.asOperator(http.MethodGet, "/admin/config"); code != http.StatusOK ||
		!strings.Contains(body, `"dsn":"env:MORE_DSN"`) || !strings.Contains(body, `"idle":"10m0s"`) || strings.Contains(body, tokenHash) {
		t.Errorf("got %d %s", code, body)
	}
	if code, body := g.asOperator(http.MethodPost, "/admin/drain"); code != http.StatusOK || !strings.Contains(body, `"sessions":2`) {
		t.Errorf("got %d %s", code, body)
	}
	if err := <-g.exited; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestTheGatewaysPageShowsItsClients(t *testing.T) {
	t.Parallel()
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\nadmin: {listen: 'localhost:0'}\n"+users)
	db := client(t, "erp", "", g.address())
	must(t, db, "create table t (v integer)")
	must(t, db, "insert into t values (4711)")
	if code, body := g.asOperator(http.MethodGet, "/"); code != http.StatusOK || !strings.Contains(body, "<!doctype html>") {
		t.Errorf("the page: got %d %s", code, body)
	}
	for q, want := range map[string]int{"": 1, "?q=ERP": 1, "?q=nobody": 0} {
		if code, body := g.asOperator(http.MethodGet, "/clients.json"+q); code != http.StatusOK || strings.Count(body, `"database":"erp"`) != want || strings.Count(body, `"user":"app"`) != want {
			t.Errorf("clients%s: got %d %s", q, code, body)
		}
	}
	_, body := g.asOperator(http.MethodGet, "/clients.json")
	for _, unknown := range []string{`"statement":""`, `"requests":0`, `"bytes_in":0`, `"bytes_out":0`, "4711"} {
		if strings.Contains(body, unknown) || !strings.Contains(body, "insert into t values (?)") {
			t.Errorf("%s in %s", unknown, body)
		}
	}
}

func TestACertificateIsSwappedWhileTheGatewayServes(t *testing.T) {
	dir := t.TempDir()
	first, second := newAuthority(t), newAuthority(t)
	root, certificate, key, err := first.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "old.pem")
	copyFile(t, root, old)
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\ntls: {certificate: "+certificate+", key: "+key+"}\nadmin: {listen: 'localhost:0', tls: true}\n"+users)
	trusting := func(ca string) error {
		if err := g.readyOver(ca); err != nil {
			return err
		}
		db := client(t, "erp", "?tls=verify-full&ca="+ca, g.address())
		defer db.Close() //nolint:errcheck // its answer is what counts
		return db.PingContext(t.Context())
	}
	if err := trusting(old); err != nil {
		t.Fatal(err)
	}
	lasting := client(t, "erp", "?tls=verify-full&ca="+old, g.address())
	held, err := lasting.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close() //nolint:errcheck // the test is over
	if _, _, _, err := second.Files(dir); err != nil {
		t.Fatal(err)
	}
	until(t, "the new certificate is shown", func() bool { return trusting(root) == nil })
	if trusting(old) == nil {
		t.Error("the old certificate is still shown")
	}
	if err := held.PingContext(t.Context()); err != nil {
		t.Errorf("a session of before: %v", err)
	}
}

func TestSIGTERMUnderLoadCostsClientsNothing(t *testing.T) {
	server := dbtest.Postgres(t).NewDatabase(t)
	text := "databases: {erp: {dsn: 'env:ERP_DSN', options: {max_open_conns: 8}}}\ndrain: {delay: 300ms, timeout: 20s}\nadmin: {listen: 'localhost:0'}\n" + users
	first, second := startGateway(t, text, "ERP_DSN="+server.URL()), startGateway(t, text, "ERP_DSN="+server.URL())
	db := client(t, "erp", "", first.address(), second.address())
	must(t, db, "create table paid (id serial primary key, worker integer)")
	const workers = 8
	db.SetMaxIdleConns(workers)
	var done, stop atomic.Int64
	errs := make(chan error, workers)
	for w := range workers {
		go func() { errs <- pay(t.Context(), db, w, &done, &stop) }()
	}
	until(t, "the clients work", func() bool { return done.Load() > 200 })
	first.signal(syscall.SIGTERM)
	until(t, "it is not ready", func() bool {
		code, _ := first.asOperator(http.MethodGet, "/readyz")
		return code == http.StatusServiceUnavailable
	})
	if err := <-first.exited; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if first.logged("all clients had finished") == nil {
		t.Error("the drain was cut short")
	}
	begun := done.Load()
	until(t, "the clients work at the other gateway", func() bool { return done.Load() > begun+200 })
	stop.Store(1)
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := number(t, db, "select count(*) from paid"); int64(n) != done.Load() {
		t.Errorf("%d payments were stored, %d reported", n, done.Load())
	}
	t.Logf("%d transactions, no error", done.Load())
}

// pay stores payments until it is stopped.
func pay(ctx context.Context, db *sql.DB, worker int, done, stop *atomic.Int64) error {
	for stop.Load() == 0 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "insert into paid (worker) values ($1)", worker); err == nil {
			err = tx.Commit()
		}
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		done.Add(1)
		if err := db.QueryRowContext(ctx, "select 1").Scan(new(int)); err != nil {
			return err
		}
	}
	return nil
}

func TestASecondSignalEndsTheGatewayAtOnce(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close() //nolint:errcheck // the test is over
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\ndrain: {timeout: 10m}\n"+users, "NOTIFY_SOCKET="+socket)
	heard := func() string {
		b := make([]byte, 100)
		n, err := systemd.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	if s := heard(); s != "READY=1" {
		t.Errorf("systemd heard %q", s)
	}
	db := client(t, "erp", "", g.address())
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	g.signal(syscall.SIGTERM)
	if s := heard(); s != "STOPPING=1" {
		t.Errorf("systemd heard %q", s)
	}
	g.awaitLog("is to end")
	select {
	case err := <-g.exited:
		t.Fatalf("it ended with %v in a transaction", err)
	default:
	}
	g.signal(syscall.SIGTERM)
	if err := <-g.exited; err != nil {
		t.Errorf("it ended with %v", err)
	}
	g.awaitLog("before all clients had finished")
	_ = tx.Rollback() // the gateway has done it
}

func TestCheckSaysWhatIsWrongOrWhatIsInEffect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "HASH", tokenHash)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	good := "listen: ['127.0.0.1:0']\ndatabases: {erp: {dsn: 'postgres://app:s3cret@db/erp?fluxor_max_open_conns=3'}}\n" + users
	write(good)
	code, out, errOut := fluxor(t.Context(), "gateway", "--config", path, "--check")
	if code != exitOK || strings.Contains(out, "s3cret") || strings.Contains(out, tokenHash) {
		t.Errorf("got %d %s %s", code, out, errOut)
	}
	for _, want := range []string{"dsn: \"postgres://app:", "idle: \"10m0s\"", "memory: \"256MiB\"", "role: admin"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	code, out, _ = fluxor(t.Context(), "gateway", "--config", path, "--check", "--json")
	var d checked
	if code != exitOK || json.Unmarshal([]byte(out), &struct{ OK *bool }{&d.OK}) != nil || !d.OK {
		t.Errorf("got %d %s", code, out)
	}
	write(strings.Replace(good, "role: admin", "rule: admin", 1) + "limits: {memory: x}\n")
	code, out, errOut = fluxor(t.Context(), "gateway", "--config", path, "--check")
	want := path + ":6:5: users[0].rule: there is no such key"
	if code != exitFailed || out != "" || !strings.HasPrefix(errOut, want) || strings.Count(errOut, "\n") != 2 {
		t.Errorf("got %d %s %s", code, out, errOut)
	}
	code, out, _ = fluxor(t.Context(), "gateway", "--config", path, "--check", "--json")
	if code != exitFailed || !strings.Contains(out, `"path": "limits.memory"`) || !strings.Contains(out, `"line": 6`) {
		t.Errorf("got %d %s", code, out)
	}
	if code, _, errOut = fluxor(t.Context(), "gateway", "--config", path+"x"); code != exitFailed || !strings.Contains(errOut, "no such file") {
		t.Errorf("got %d %s", code, errOut)
	}
	if code, _, _ = fluxor(t.Context(), "gateway"); code != exitUsage {
		t.Errorf("without a file got %d", code)
	}
}

func TestVerifiersAreMadeFromStandardInput(t *testing.T) {
	code, out, errOut := outside{in: tokenText + "\n"}.run(t.Context(), "gateway", "hash-token")
	if code != exitOK || out != tokenHash+"\n" {
		t.Errorf("got %d %s %s", code, out, errOut)
	}
	if code, _, errOut = (outside{in: "short\n"}).run(t.Context(), "gateway", "hash-token"); code != exitUsage || strings.Contains(errOut, "short") {
		t.Errorf("got %d %s", code, errOut)
	}
	var made struct{ Token, SHA256 string }
	for command, wanted := range map[string]string{"hash-token": "the token", "scram": "the password"} {
		if code, _, errOut = (outside{}).run(t.Context(), "gateway", command); code != exitUsage || !strings.Contains(errOut, wanted+": the first line of standard input is empty") {
			t.Errorf("%s got %d %s", command, code, errOut)
		}
	}
	code, out, _ = outside{}.run(t.Context(), "gateway", "hash-token", "--new", "--json")
	if code != exitOK || json.Unmarshal([]byte(out), &made) != nil || len(made.Token) < 30 {
		t.Errorf("got %d %s", code, out)
	}
	if _, out, _ = (outside{in: made.Token}).run(t.Context(), "gateway", "hash-token"); strings.TrimSpace(out) != made.SHA256 {
		t.Errorf("got %s, want %s", out, made.SHA256)
	}
	code, out, _ = outside{in: "a password\n"}.run(t.Context(), "gateway", "scram")
	if code != exitOK || !strings.HasPrefix(out, "SCRAM-SHA-256$4096:") || bytes.Contains([]byte(out), []byte("a password")) {
		t.Errorf("got %d %s", code, out)
	}
}
