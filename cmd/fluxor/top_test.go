// This file runs fluxor top against a program that serves the connector of a real PostgreSQL.

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	driver "github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// program is one that serves its connector below /debug/fluxor, to those who
// have a token.
func program(t *testing.T, target dbtest.Target) (db *sql.DB, url string) {
	t.Helper()
	db, err := sql.Open("fluxor", target.DSN("fluxor_cb_max_failures=3", "fluxor_cb_failure_time=0", "fluxor_max_retries=0", "fluxor_max_open_conns=7"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	connector, err := driver.FromDB(db)
	if err != nil {
		t.Fatal(err)
	}
	h := admin.New(admin.Named{Name: "orders", Source: connector})
	mux := http.NewServeMux()
	mux.Handle("/debug/fluxor/", http.StripPrefix("/debug/fluxor", h))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		h.Close()
		server.Close()
	})
	return db, strings.TrimPrefix(server.URL, "http://")
}

// runTop runs fluxor top with the token.
func runTop(ctx context.Context, args ...string) (code int, out, errOut string) {
	return outside{vars: map[string]string{"TOKEN": "s3cret"}}.run(ctx, append([]string{"top", "--header", "Authorization: Bearer env:TOKEN"}, args...)...)
}

func TestTopTellsAnOutage(t *testing.T) {
	server := dbtest.StartPostgres(t, dbtest.Options{})
	db, url := program(t, server.Target)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runTop(t.Context(), url, "--once")
	if code != exitOK || errOut != "" || !strings.HasPrefix(out, "healthy: 0 of 7 connections used") || !strings.Contains(out, "\nbreaker     closed") {
		t.Errorf("before: exit code %d, %s\n%s", code, errOut, out)
	}

	server.Freeze(t)
	defer server.Thaw()
	until(t, "the breaker opens", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, _ = db.ExecContext(ctx, "select 1") // it fails during the outage
		code, out, errOut = runTop(t.Context(), url, "--once")
		return strings.Contains(out, "breaker open")
	})
	if code != exitFailed || errOut != "" || !strings.HasPrefix(out, "DOWN for ") || !strings.Contains(out, "\nbreaker     open for ") {
		t.Errorf("during: exit code %d, %s\n%s", code, errOut, out)
	}
	for line := range strings.Lines(out) {
		if n := term.Columns(strings.TrimSuffix(line, "\n")); n > term.Width || strings.ContainsAny(line, "\x1b\r") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	code, out, _ = runTop(t.Context(), url, "--once", "--json")
	var d admin.Document
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != exitFailed || d.State != admin.Down || strings.Count(out, "\n") != 1 {
		t.Errorf("JSON: exit code %d, %v, %s", code, err, out)
	}

	server.Thaw()
	until(t, "the breaker closes", func() bool {
		_, out, _ = runTop(t.Context(), url, "--once")
		return strings.Contains(out, "\nbreaker     closed")
	})
}

// lines is an output that ends a command when it has enough lines.
type lines struct {
	text strings.Builder
	most int
	end  func()
}

func (l *lines) Write(p []byte) (int, error) {
	n, err := l.text.Write(p)
	if strings.Count(l.text.String(), "\n") >= l.most {
		l.end()
	}
	return n, err
}

func TestTopWritesLineAfterLineWhereThereIsNoTerminal(t *testing.T) {
	db, url := program(t, dbtest.Postgres(t).NewDatabase(t))
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--json"}, {"--plain"}} {
		ctx, cancel := context.WithCancel(t.Context())
		out, errOut := &lines{most: 3, end: cancel}, &strings.Builder{}
		e := &env{ctx: ctx, out: out, errOut: errOut, getenv: func(name string) string { return map[string]string{"TOKEN": "s3cret"}[name] }}
		code := run(e, append([]string{"top", url, "--interval", "250ms", "--header", "Authorization: Bearer env:TOKEN"}, args...))
		if code != exitInterrupted || !strings.Contains(errOut.String(), "interrupted") {
			t.Errorf("%v: exit code %d, %s", args, code, errOut)
		}
		for line := range strings.Lines(out.text.String()) {
			var d admin.Document
			isJSON := json.Unmarshal([]byte(line), &d) == nil
			if isJSON != (len(args) > 0 && args[0] == "--json") || !isJSON && !strings.Contains(line, "  orders  healthy: 0 of 7 connections used") {
				t.Errorf("%v: got %q", args, line)
			}
		}
	}
}

func TestTopEndsWithItsOutput(t *testing.T) {
	_, url := program(t, dbtest.Postgres(t).NewDatabase(t))
	var errOut strings.Builder
	e := &env{ctx: t.Context(), out: full{}, errOut: &errOut, getenv: func(string) string { return "" }}
	for _, once := range [][]string{nil, {"--once"}} {
		errOut.Reset()
		code := run(e, append([]string{"top", url, "--header", "Authorization: Bearer s3cret"}, once...))
		if code != exitFailed || !strings.Contains(errOut.String(), "no space left") {
			t.Errorf("%v: exit code %d, %s", once, code, errOut.String())
		}
	}
}

func TestTopSaysWhatToDoAndShowsNoSecret(t *testing.T) {
	_, url := program(t, dbtest.Postgres(t).NewDatabase(t))
	for line, row := range map[string]struct {
		code int
		want string
	}{
		url + " --once": {exitFailed, "--header 'Authorization: Bearer env:TOKEN'"},
		url:             {exitFailed, "--header 'Authorization: Bearer env:TOKEN'"},
		url + "/nowhere --once --header Authorization:Bearer\u00a0s3cret": {exitFailed, "is the admin handler mounted there"},
		"postgres://app:s3cret@h/db":                                      {exitUsage, "fluxor doctor DSN"},
		"host=h\u00a0password=s3cret --json":                              {exitUsage, "fluxor doctor DSN"},
		url + " --interval 1ms":                                           {exitUsage, "from 250ms to 1m"},
		url + " --header Authorization: Bearer s3cret":                    {exitUsage, "unexpected argument"},
		url + " --header=Authorization: Bearer s3cret":                    {exitUsage, "unexpected argument"},
		url + " --header s3cret":                                          {exitUsage, "a name, a colon and a value"},
		url + " --header A:env:NOPE":                                      {exitUsage, "NOPE is not set"},
		"http://127.0.0.1:1/ --once --json":                               {exitFailed, "connection refused"},
		"http://app:s3cret@127.0.0.1:1/ --once":                           {exitFailed, "connection refused"},
	} {
		var args []string
		for _, word := range strings.Split(line, " ") {
			args = append(args, strings.ReplaceAll(word, "\u00a0", " "))
		}
		code, out, errOut := fluxor(t.Context(), append([]string{"top"}, args...)...)
		if code != row.code || !strings.Contains(errOut, row.want) || strings.Contains(out+errOut, "s3cret") {
			t.Errorf("%s: exit code %d, %q, %q; want %d, %q", line, code, out, errOut, row.code, row.want)
		}
		if asked := strings.Contains(line, "--json"); asked != json.Valid([]byte(out)) || asked && !strings.Contains(out, `"next_steps"`) {
			t.Errorf("%s: %s", line, out)
		}
	}
}
