//go:build unix

// This file is the kit of the gateway's tests: fluxor gateway in a process, its log, and clients in front of it.

package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// readyOver asks over TLS whether the gateway is ready, where it shows a
// certificate of that authority.
func (g *gatewayChild) readyOver(ca string) error {
	g.t.Helper()
	text, err := os.ReadFile(ca)
	if err != nil {
		g.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, strings.Replace(g.adminURL("/readyz"), "http:", "https:", 1), nil)
	if err != nil {
		g.t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}
