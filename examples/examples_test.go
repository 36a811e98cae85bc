// This file runs the clients in other languages against a gateway in front of SQLite.

package examples_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// connector is Fluxor's connector, closed with the test.
func connector(t *testing.T, c fluxor.RuntimeConfig) *fluxor.Connector {
	t.Helper()
	db, err := fluxor.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// played runs a program and returns what it prints.
func played(t *testing.T, vars []string, name string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, name, args...)
	var errOut strings.Builder
	cmd.Env, cmd.Stderr = append(os.Environ(), vars...), &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, out, errOut.String())
	}
	return string(out)
}

// sqlite serves a new SQLite database and returns the gateway's address.
func sqlite(t *testing.T) string {
	return gatewaytest.Serve(t, gatewaytest.Config(connector(t, fluxor.RuntimeConfig{DSN: dbtest.SQLite(t), Logger: silent()})))
}

func TestClientsOfOtherLanguagesAreShortAndAgree(t *testing.T) {
	const want = `dialect: sqlite
inserted: 2
refused: db applied: no
row: 1 Größe 380
row: 2 Bob 9007199254741113
`
	for program, main := range map[string]string{"python3": "python/main.py", "node": "node/main.mjs"} {
		t.Run(program, func(t *testing.T) {
			got := played(t, []string{"FLUXOR_GATEWAY=" + sqlite(t), "FLUXOR_TOKEN=" + gatewaytest.Token, "PYTHONDONTWRITEBYTECODE=1"}, program, main)
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	for _, pattern := range []string{"python/*.py", "node/*.mjs"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) != 2 {
			t.Fatalf("%s: %q %v", pattern, names, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), "\n"); n >= 80 {
				t.Errorf("%s has %d lines", name, n)
			}
		}
	}
}

func TestEachQueryOfAnExampleGetsItsOwnAnswer(t *testing.T) {
	for program, args := range map[string][]string{
		"python3": {"-c", `
import os, sys
sys.path.insert(0, "python")
from client import Gateway
host, port = os.environ["FLUXOR_GATEWAY"].rsplit(":", 1)
g = Gateway(host, int(port), "app", os.environ["FLUXOR_TOKEN"], "erp")
first = next(iter(g.query("select 1 union all select 2")))
print(first, [(x, g.query("select 3")) for x in g.query("select 4 union all select 5")])
print(g.query("create table t (n numeric)"), g.query("select n from t"))
`},
		"node": {"--input-type=module", "-e", `
import { Gateway } from './node/client.mjs';
const [, host, port] = process.env.FLUXOR_GATEWAY.match(/^(.*):(\d+)$/);
const g = await Gateway.connect({ host, port, user: 'app', token: process.env.FLUXOR_TOKEN, db: 'erp' });
const all = await Promise.allSettled(['select 1', 'wrong', 'select 2 union all select 3'].map((sql) => g.query(sql)));
console.log(JSON.stringify(all.map((one) => one.value ?? one.reason.kind)));
g.close();
`},
	} {
		want := map[string]string{
			"python3": "[1] [([4], [[3]]), ([5], [[3]])]\n[] []\n",
			"node":    `[[[1]],"db",[[2],[3]]]` + "\n",
		}[program]
		vars := []string{"FLUXOR_GATEWAY=" + sqlite(t), "FLUXOR_TOKEN=" + gatewaytest.Token, "PYTHONDONTWRITEBYTECODE=1"}
		if got := played(t, vars, program, args...); got != want {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}
