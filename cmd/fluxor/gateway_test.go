//go:build unix

// This file runs fluxor gateway in processes of their own and has clients in front of them.

package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	_ "github.com/fluxor-db/fluxor/netdriver"
)

// tokenText is a token, tokenHash its hash.
const (
	tokenText = "a-token-of-the-tests-0123456789"
	tokenHash = "af302123040d812ad3584e5d695d360b9164fe78912d741368fb068de6202952"
)

// gatewayChild is fluxor gateway in a process of its own.
type gatewayChild struct {
	*child
	t      *testing.T
	path   string
	exited chan error

	mu   sync.Mutex // protects what follows
	said []map[string]any
}

// startGateway runs a gateway by a configuration, whose listener and log the test
// adds.
func startGateway(t *testing.T, text string, vars ...string) *gatewayChild {
	t.Helper()
	g := &gatewayChild{t: t, path: filepath.Join(t.TempDir(), "gateway.yaml"), exited: make(chan error, 1)}
	g.write(text)
	g.child = newChild(t, "gateway", "--config", g.path)
	g.Env = append(g.Env, vars...)
	g.Stderr = nil
	lines, err := g.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	go g.listen(lines) // ends with the process
	t.Cleanup(func() {
		_ = g.Process.Kill() // an error means that it has ended
		<-g.exited
		if t.Failed() {
			t.Log(g.all())
		}
	})
	g.awaitLog("the gateway serves")
	return g
}

// listen collects what the process logs, then waits for its end.
func (g *gatewayChild) listen(lines io.Reader) {
	for s := bufio.NewScanner(lines); s.Scan(); {
		line := map[string]any{}
		if json.Unmarshal(s.Bytes(), &line) != nil {
			line["msg"] = s.Text()
		}
		g.mu.Lock()
		g.said = append(g.said, line)
		g.mu.Unlock()
	}
	err := g.Wait()
	g.exited <- err
	close(g.exited)
}

func (g *gatewayChild) write(text string) {
	g.t.Helper()
	text = "log: {format: json}\nlisten: [\"127.0.0.1:0\"]\n" + strings.ReplaceAll(text, "HASH", tokenHash)
	if err := os.WriteFile(g.path, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// all is the whole log.
func (g *gatewayChild) all() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	text, _ := json.MarshalIndent(g.said, "", " ")
	return string(text)
}

// logged is the newest line of the log with that in its message; nil is none.
func (g *gatewayChild) logged(part string) map[string]any {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range slices.Backward(g.said) {
		if strings.Contains(line["msg"].(string), part) {
			return line
		}
	}
	return nil
}

// awaitLog waits for a line of the log.
func (g *gatewayChild) awaitLog(part string) map[string]any {
	g.t.Helper()
	until(g.t, "the gateway says "+part, func() bool { return g.logged(part) != nil })
	return g.logged(part)
}

// address is where it serves clients, adminURL where operators.
func (g *gatewayChild) address() string {
	return g.awaitLog("the gateway serves")["addresses"].([]any)[0].(string)
}

func (g *gatewayChild) adminURL(path string) string {
	return "http://" + g.awaitLog("operators are served")["address"].(string) + path
}

func (g *gatewayChild) signal(s os.Signal) {
	g.t.Helper()
	if err := g.Process.Signal(s); err != nil {
		g.t.Fatal(err)
	}
}

// client opens a database at the gateways' addresses.
func client(t *testing.T, database, options string, addresses ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("fluxor+tcp", "tcp://app:"+tokenText+"@"+strings.Join(addresses, ",")+"/"+database+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// number is the first number of a query's answer.
func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func must(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// asOperator asks for an admin page and returns code and body.
func (g *gatewayChild) asOperator(method, path string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.adminURL(path), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	r.SetBasicAuth("app", tokenText)
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

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
	if code, body := g.asOperator(http.MethodGet, "/metrics"); code != http.StatusOK || !strings.Contains(body, "fluxor_gateway_sessions 2") || strings.Contains(body, "4990") {
		t.Errorf("got %d %s", code, body)
	}
	if code, body := g.asOperator(http.MethodGet, "/api/state"); code != http.StatusOK || !strings.Contains(body, `"name":"erp"`) {
		t.Errorf("got %d %s", code, body)
	}
	g.signal(syscall.SIGTERM)
	if err := <-g.exited; err != nil {
		t.Errorf("it ended with %v", err)
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
	g := startGateway(t, "databases: {erp: {dsn: '"+dbtest.SQLite(t)+"'}}\ntls: {certificate: "+certificate+", key: "+key+"}\n"+users)
	trusting := func(ca string) error {
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

func newAuthority(t *testing.T) *dbtest.Authority {
	t.Helper()
	a, err := dbtest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
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
