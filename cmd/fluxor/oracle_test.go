//go:build unix && cgo

// This file runs fluxor query and doctor over the double of Oracle's client library.

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/doctor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestValuesOfOraclesArePrintedExactly(t *testing.T) {
	d := dbtest.Oracle(t)
	for expression, want := range map[string]string{
		"CAST('0.5' AS NUMBER)":               "0.5",
		"CAST(12 AS NUMBER(9,0))":             "12",
		"'tab\tand \"quote\"'":                `"tab\tand \"quote\""`,
		"'<ü>'":                               `"<ü>"`,
		"TO_DATE('2026-01-31', 'YYYY-MM-DD')": `"2026-01-31T00:00:00Z"`,
	} {
		if got, want := queried(t, d.DSN(), "SELECT "+expression+" AS v FROM dual", "--format", "jsonl"), `{"V": `+want+"}\n"; got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
}

func TestStatementRunsOnOracleWithItsPlaceholders(t *testing.T) {
	d := dbtest.Oracle(t)
	queried(t, d.DSN(), "CREATE TABLE jobs (id NUMBER(9), name VARCHAR2(20))")
	for _, dsn := range []string{d.DSN(), d.URL(), d.Logfmt()} {
		if out := queried(t, dsn, "INSERT INTO jobs VALUES (:1, :2)", "int:1", "a"); !strings.Contains(out, "1 row") {
			t.Errorf("%s: got %s", dsn, out)
		}
	}
	queried(t, d.DSN(), "INSERT INTO jobs VALUES (NULL, 'b')")
	if got := queried(t, d.DSN(), "SELECT id FROM jobs WHERE name = 'b'", "--format", "jsonl"); got != "{\"ID\": null}\n" {
		t.Errorf("got %q", got)
	}
	if got := queried(t, d.DSN("fluxor_max_open_conns=1"), "SELECT count(*) AS n FROM jobs WHERE name = :name", "a", "--format", "csv"); got != "N\n3\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrorsOfOraclesComeWithTheirNumberAndWhatItMeans(t *testing.T) {
	d := dbtest.Oracle(t)
	for _, row := range []struct{ dsn, sql, want, meaning string }{
		{d.DSN(), "SELECT * FROM nowhere", "ORA-00942", "the database refused the statement; repeating it unchanged"},
		{d.DSN(), "SELECT /*ocisim error=60 */ 1 FROM dual", "ORA-00060", "repeating it may succeed"},
		{strings.Replace(d.DSN(), "/tiger@", "/wrong@", 1), "SELECT 1 FROM dual", "ORA-01017", "more tries may lock the account"},
		{strings.Replace(d.DSN(), ":1521", ":1", 1), "SELECT 1 FROM dual", "ORA-12541", "the server cannot be reached"},
	} {
		code, out, errOut := fluxor(t.Context(), "query", row.dsn, row.sql, "--json")
		var said struct{ Error, Means string }
		if err := json.Unmarshal([]byte(out), &said); err != nil {
			t.Fatalf("%s: %v in %s", row.want, err, out)
		}
		for _, text := range []string{errOut, said.Error + said.Means} {
			if code != exitFailed || !strings.Contains(text, row.want+":") || strings.Contains(text, "HY000") || strings.Contains(text, "authMode") {
				t.Errorf("%s: exit code %d, %s", row.want, code, text)
			}
		}
		if !strings.Contains(errOut, row.meaning) {
			t.Errorf("%s: got %s, want %s", row.want, errOut, row.meaning)
		}
	}
}

func TestNumberOfSQLitesIsNotTakenForOracles(t *testing.T) {
	// 20 is SQLITE_MISMATCH, and in Oracle that the server has no process left.
	code, _, errOut := fluxor(t.Context(), "query", ":memory:", "CREATE TABLE t (n INTEGER PRIMARY KEY); INSERT INTO t VALUES ('x')")
	if code != exitFailed || !strings.Contains(errOut, "SQLite result code 20") || !strings.Contains(errOut, "the database refused the statement") {
		t.Errorf("exit code %d, %s", code, errOut)
	}
}

func TestDoctorExaminesOracleInEveryForm(t *testing.T) {
	d := dbtest.Oracle(t)
	for _, dsn := range []string{d.DSN("fluxor_max_open_conns=4"), d.URL("fluxor_max_open_conns=4"), d.Logfmt("fluxor_max_open_conns=4")} {
		code, out, errOut := fluxor(t.Context(), "doctor", dsn, "--json")
		var r doctor.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitOK || r.Understood.Backend != "oracle" || strings.Contains(out, "tiger") {
			t.Errorf("%s: exit code %d, %v, %s\n%s", dsn, code, err, errOut, out)
		}
	}
}

func TestExplainTakesTheDialectFromAnOracleDSN(t *testing.T) {
	for _, dsn := range []string{"scott/tiger@h/s", "oracle://scott:tiger@h/s", `connectString="h/s"`} {
		code, out, errOut := fluxor(t.Context(), "explain", dsn, "SELECT sysdate FROM dual", "--json")
		if code != exitOK || !strings.Contains(out, `"dialect": "oracle"`) {
			t.Errorf("%s: exit code %d, %s%s", dsn, code, out, errOut)
		}
	}
}
