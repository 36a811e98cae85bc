// This file runs fluxor query on real databases and checks every value that it prints.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// queried runs a query that must succeed.
func queried(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := fluxor(t.Context(), append([]string{"query"}, args...)...)
	if code != exitOK {
		t.Fatalf("%q: exit code %d, %s\n%s", args, code, errOut, out)
	}
	return out
}

// backends are DSNs of a database of the test's own for each driver.
func backends(t *testing.T) map[string]string {
	t.Helper()
	pg := dbtest.Postgres(t)
	return map[string]string{
		"lib/pq":  pg.NewDatabase(t).DSN(),
		"pgx":     pg.NewDatabase(t).DSN("fluxor_driver=pgx"),
		"MariaDB": dbtest.MariaDB(t).NewDatabase(t).DSN("parseTime=true"),
		"SQLite":  filepath.Join(t.TempDir(), "x.db"),
	}
}

func TestEveryValueIsPrintedExactly(t *testing.T) {
	for name, dsn := range backends(t) {
		for expression, want := range map[string]string{
			"NULL":                 "null",
			"9223372036854775807":  "9223372036854775807",
			"'tab\tand \"quote\"'": `"tab\tand \"quote\""`,
			"''":                   `""`,
			"'<ü>'":                `"<ü>"`,
		} {
			want := `{"v": ` + want + "}\n"
			if got := queried(t, dsn, "SELECT "+expression+" AS v", "--format", "jsonl"); got != want {
				t.Errorf("%s: %s: got %s, want %s", name, expression, got, want)
			}
		}
	}
}

func TestTypesOfEachDatabaseKeepTheirDigits(t *testing.T) {
	dsns := backends(t)
	postgres := map[string]string{
		"1234567890123456789.000000001::numeric": "1234567890123456789.000000001",
		"'NaN'::numeric":                         `"NaN"`,
		"'Infinity'::float8":                     `"+Inf"`,
		"0.1::float8":                            "0.1",
		"true":                                   "true",
		`'\xff00'::bytea`:                        `"\\xff00"`,
		`'\x6162'::bytea`:                        `"ab"`,
		"timestamptz '2026-01-31 12:00:00.123456+00'":  `"2026-01-31T12:00:00.123456Z"`,
		"'{\"a\": 1.50}'::jsonb":                       `"{\"a\": 1.50}"`,
		"'7c1e0a50-0000-4000-8000-000000000001'::uuid": `"7c1e0a50-0000-4000-8000-000000000001"`,
	}
	rows := map[string]map[string]string{
		"lib/pq": postgres, "pgx": postgres,
		"MariaDB": {
			"CAST('1234567890123456789.000000001' AS DECIMAL(30,9))": "1234567890123456789.000000001",
			"CAST(18446744073709551615 AS UNSIGNED)":                 "18446744073709551615",
			"0.1e0":                                                  "0.1",
			"x'ff00'":                                                `"\\xff00"`,
			"TIMESTAMP('2026-01-31 12:00:00.123456')":                `"2026-01-31T12:00:00.123456Z"`,
		},
		"SQLite": {"0.1": "0.1", "x'ff00'": `"\\xff00"`, "1e400": `"+Inf"`},
	}
	for name, expressions := range rows {
		for expression, value := range expressions {
			want := `{"v": ` + value + "}\n"
			if got := queried(t, dsns[name], "SELECT "+expression+" AS v", "--format", "jsonl"); got != want {
				t.Errorf("%s: %s: got %s, want %s", name, expression, got, want)
			}
		}
	}
}

func TestArgumentsAreTextUnlessTheySayOtherwise(t *testing.T) {
	out := queried(t, ":memory:", "SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), ?, ?",
		"--format", "csv", "--", "5", "int:-5", "float:1.5", "null:", "hex:00ff", "bool:true", "text:int:5", "a:b")
	_, row, _ := strings.Cut(out, "\n")
	if want := "text,integer,real,null,blob,integer,int:5,a:b\n"; row != want {
		t.Errorf("got %q, want %q", row, want)
	}
	for name, dsn := range backends(t) {
		sql := "SELECT ? + 1 AS v"
		if strings.HasPrefix(dsn, "postgres:") {
			sql = "SELECT $1::int8 + 1 AS v"
		}
		if got := queried(t, dsn, sql, "int:9007199254740993", "--format", "csv"); got != "v\n9007199254740994\n" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestStatementIsSentOnceAndTellsWhatItAffected(t *testing.T) {
	for name, dsn := range backends(t) {
		if got := queried(t, dsn, "CREATE TABLE t (n INT)"); got != "(0 rows affected)\n" {
			t.Errorf("%s: CREATE: %q", name, got)
		}
		if got := queried(t, dsn, "/* two */\nINSERT INTO t VALUES (1), (2)"); got != "(2 rows affected)\n" {
			t.Errorf("%s: INSERT: %q", name, got)
		}
		if got := queried(t, "--send", "rows", "--", dsn, "-- three\nINSERT INTO t VALUES (3)"); got != "(done, no rows; how many were affected is not known)\n" {
			t.Errorf("%s: INSERT as rows: %q", name, got)
		}
		if got := queried(t, dsn, "INSERT INTO t VALUES (4) RETURNING n", "--format", "csv"); got != "n\n4\n" {
			t.Errorf("%s: RETURNING: %q", name, got)
		}
		if got := queried(t, dsn, "SELECT n FROM t ORDER BY n", "--format", "csv"); got != "n\n1\n2\n3\n4\n" {
			t.Errorf("%s: each row must be there once: %q", name, got)
		}
		if got := queried(t, dsn, "UPDATE t SET n = 9 WHERE n > 2", "--json"); !strings.Contains(got, `{"rows_affected": 2}`) {
			t.Errorf("%s: UPDATE: %q", name, got)
		}
	}
}

func TestAllResultsOfOneTextArePrinted(t *testing.T) {
	pg := dbtest.Postgres(t).NewDatabase(t).DSN()
	my := dbtest.MariaDB(t).NewDatabase(t).DSN("multiStatements=true")
	for name, dsn := range map[string]string{"lib/pq": pg, "MariaDB": my} {
		if got := queried(t, dsn, "SELECT 1 AS a; SELECT 2 AS b", "--format", "csv"); got != "a\n1\n\nb\n2\n" {
			t.Errorf("%s: got %q", name, got)
		}
		var doc struct {
			Results []struct{ Rows [][]int }
			Error   string
		}
		if err := json.Unmarshal([]byte(queried(t, dsn, "SELECT 1 AS a; SELECT 2 AS b", "--json")), &doc); err != nil || len(doc.Results) != 2 || doc.Results[1].Rows[0][0] != 2 {
			t.Errorf("%s: %v, %+v", name, err, doc)
		}
	}
}

func TestWriteThatReturnsMoreRowsThanAreShownIsDoneWhole(t *testing.T) {
	dsn := dbtest.Postgres(t).NewDatabase(t).DSN()
	queried(t, dsn, "CREATE TABLE t (n INT)")
	code, out, errOut := fluxor(t.Context(), "query", dsn, "INSERT INTO t SELECT generate_series(1, 5000) RETURNING n", "--max-rows", "2", "--format", "csv")
	if code != exitOK || out != "n\n1\n2\n" || errOut != "fluxor: cut: 2 of 5000 rows shown\n" {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
	if got := queried(t, dsn, "SELECT count(*) FROM t", "--format", "csv"); got != "count\n5000\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrorsSayTheirCodeAndWhatRepeatingMeans(t *testing.T) {
	codes := map[string]string{"lib/pq": "SQLSTATE 42P01", "pgx": "SQLSTATE 42P01", "MariaDB": "error 1146, SQLSTATE 42S02", "SQLite": "SQLite result code 1"}
	for name, dsn := range backends(t) {
		for _, format := range []string{"table", "json"} {
			code, out, errOut := fluxor(t.Context(), "query", dsn, "SELECT * FROM nowhere", "--format", format)
			if code != exitFailed || !strings.Contains(errOut, codes[name]+": the database refused the statement") || !strings.Contains(errOut, "nowhere") {
				t.Errorf("%s: exit code %d, %s", name, code, errOut)
			}
			if format == "json" && (!json.Valid([]byte(out)) || !strings.Contains(out, "nowhere")) {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
}

func TestFailedStatementOffersNextSteps(t *testing.T) {
	const secret = "postgres://u:geheim@127.0.0.1:1/d?sslmode=disable"
	for dsn, want := range map[string]string{secret: "fluxor doctor env:DSN --json", "env:ERP": "fluxor doctor env:ERP --json"} {
		_, out, _ := outside{vars: map[string]string{"ERP": secret}}.run(t.Context(), "query", dsn, "SELECT 1", "--json")
		var doc struct {
			Meaning   string
			NextSteps []string `json:"next_steps"`
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || !slices.Contains(doc.NextSteps, want) || !strings.Contains(doc.Meaning, "cannot be reached") {
			t.Errorf("%s: %v, %s", dsn, err, out)
		}
	}
	if got := queried(t, ":memory:", "SELECT 1 AS v", "--json"); !strings.HasSuffix(got, "], \"error\": \"\", \"meaning\": \"\", \"next_steps\": []}\n") {
		t.Errorf("got %s", got)
	}
}

func TestStatementWhoseResultCannotBeWrittenMayHaveTakenEffect(t *testing.T) {
	closed, out := io.Pipe()
	_ = closed.Close()
	var said bytes.Buffer
	e := &env{ctx: t.Context(), out: out, errOut: &said, getenv: os.Getenv}
	if code := run(e, []string{"query", ":memory:", "CREATE TABLE t (n INT)"}); code != exitFailed || !strings.Contains(said.String(), "may have taken effect") {
		t.Errorf("exit code %d, %s", code, said.String())
	}
}

func TestErrorInTheMiddleLeavesADocumentThatCanBeRead(t *testing.T) {
	dsn := dbtest.Postgres(t).NewDatabase(t).DSN()
	sql := "SELECT 1/(3-n) AS v FROM generate_series(1, 5) n"
	code, out, errOut := fluxor(t.Context(), "query", dsn, sql, "--json")
	var doc struct {
		Results []struct{ Rows [][]int }
		Error   string
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitFailed || len(doc.Results[0].Rows) != 2 || doc.Error == "" {
		t.Errorf("exit code %d, %v, %s", code, err, out)
	}
	if !strings.Contains(errOut, "SQLSTATE 22012") {
		t.Errorf("standard error: %s", errOut)
	}
	if _, out, _ := fluxor(t.Context(), "query", dsn, sql); !strings.HasPrefix(out, "v\n-\n0\n1\n") {
		t.Errorf("the rows before the error are missing: %q", out)
	}
}

func TestDSNNeedNotStandOnTheCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte(":memory:\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := outside{in: ":memory:\nnot this", vars: map[string]string{"ERP": ":memory:"}}
	for _, dsn := range []string{"-", "env:ERP", "dsn-file:" + file} {
		if code, out, errOut := o.run(t.Context(), "query", dsn, "SELECT 1 AS v", "--format", "csv"); code != exitOK || out != "v\n1\n" {
			t.Errorf("%s: exit code %d, %q, %s", dsn, code, out, errOut)
		}
	}
	for dsn, want := range map[string]string{"env:NOWHERE": "NOWHERE", "dsn-file:" + file + ".not": file, "dsn-file:" + os.DevNull: "empty"} {
		if code, _, errOut := o.run(t.Context(), "query", dsn, "SELECT 1"); code != exitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit code %d, %s", dsn, code, errOut)
		}
	}
}

func TestDSNFileOfAnotherSystemIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte("\ufeff:memory:\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := queried(t, "dsn-file:"+file, "SELECT 1 AS v", "--format", "csv"); got != "v\n1\n" {
		t.Errorf("got %q", got)
	}
}

func TestWaitForADSNCanBeInterrupted(t *testing.T) {
	in, typing := io.Pipe()
	defer typing.Close() //nolint:errcheck // it lets the reader end
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var said bytes.Buffer
	code := run(&env{ctx: ctx, in: in, out: io.Discard, errOut: &said, getenv: os.Getenv}, []string{"query", "-", "SELECT 1"})
	if code != exitInterrupted || !strings.Contains(said.String(), "interrupted") {
		t.Errorf("exit code %d, %s", code, said.String())
	}
}

func TestQueryThatCannotBeMeantIsWrongUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"grammars":              {"who knows", "SELECT 1"},
		"fluxor_max_open_conns": {":memory:?fluxor_max_open_con=1", "SELECT 1"},
		"statement is empty":    {":memory:", " "},
		"contradict":            {":memory:", "SELECT 1", "--json", "--format", "csv"},
		"argument 2":            {":memory:", "SELECT 1", "x", "int:five"},
		"negative":              {":memory:", "SELECT 1", "--max-rows=-1"},
	} {
		if code, out, errOut := fluxor(t.Context(), append([]string{"query"}, args...)...); code != exitUsage || out != "" && !slices.Contains(args, "--json") || !strings.Contains(errOut, want) {
			t.Errorf("%q: exit code %d, %q, %s", args, code, out, errOut)
		}
	}
}

func TestQueryShowsNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:gehe%im@h/d", "postgres://u:geheim@127.0.0.1:1/d?sslmode=disable", "u:geheim@tcp(127.0.0.1:1)/d",
		"postgres://u:geheim@127.0.0.1:1/d?fluxor_driver=pgx", "u:geheim@tcp(127.0.0.1:1/d", "host=127.0.0.1 port=1 password=geheim sslmode=disable",
		"dsn-file:postgres://u:geheim@h/d", "dsn-file:u:geheim@tcp(h)/d", "env:postgres://u:geheim@h/d",
	} {
		code, out, errOut := fluxor(t.Context(), "query", dsn, "SELECT 1", "--json")
		if code == exitOK || strings.Contains(out+errOut, "geheim") {
			t.Errorf("%s: exit code %d, %s%s", dsn, code, out, errOut)
		}
	}
}
