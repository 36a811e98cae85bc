// This file tests the command fluxor doctor: exit codes, the JSON document, and what is shown to people.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/doctor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// healthy is a DSN without a finding above info, and ill one with a warning.
func healthy(t *testing.T) (healthy, ill string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "erp.db")
	queried(t, path, "CREATE TABLE t (n INT)")
	return path + "?_pragma=busy_timeout(5000)", path
}

func TestExitCodeTellsTheWorstFinding(t *testing.T) {
	good, ill := healthy(t)
	missing := filepath.Join(t.TempDir(), "not.db")
	for _, row := range []struct {
		want int
		args []string
	}{
		{exitOK, []string{good}},
		{exitFailed, []string{ill}},
		{exitOK, []string{ill, "--fail-on", "error"}},
		{exitFailed, []string{missing, "--fail-on", "error"}},
		{exitOK, []string{missing, "--fail-on", "never"}},
		{exitFailed, []string{ill, "--json"}},
		{exitUsage, []string{"who knows"}},
		{exitUsage, []string{"env:NOWHERE"}},
		{exitUsage, []string{good, "--timeout", "0s"}},
		{exitUsage, []string{good, "--fail-on", "info"}},
	} {
		code, out, errOut := fluxor(t.Context(), append([]string{"doctor"}, row.args...)...)
		if code != row.want || (code == exitUsage) != (out == "") || (code == exitUsage) != (errOut != "") {
			t.Errorf("%q: exit code %d, want %d: %s\n%s", row.args, code, row.want, errOut, out)
		}
	}
}

func TestDSNThatIsNotUnderstoodSaysWhatWasTried(t *testing.T) {
	code, _, errOut := fluxor(t.Context(), "doctor", "who knows")
	for _, tried := range []string{"postgres:// URL", "go-sql-driver", "libpq keys", "easy connect", ":memory:", "fluxor_driver"} {
		if code != exitUsage || !strings.Contains(errOut, tried) {
			t.Errorf("exit code %d, %q is missing in %s", code, tried, errOut)
		}
	}
}

// golden is the document for a database in memory; what differs between runs
// and releases is masked, and of the options one is enough.
const golden = `{
  "ok": true,
  "understood": {
    "dsn": ":memory:?fluxor_max_open_conns=3",
    "rule": "the DSN is written as :memory: or a path that ends in .db, .sqlite or .sqlite3, and github.com/fluxor-db/fluxor/drivers/sqlite serves sqlite",
    "backend": "sqlite",
    "type": "sqlite",
    "driver": "sqlite",
    "import": "github.com/fluxor-db/fluxor/drivers/sqlite",
    "grammar": ":memory: or a path that ends in .db, .sqlite or .sqlite3",
    "driver_gets": ":memory:"
  },
  "options": [
    {
      "key": "fluxor_max_open_conns",
      "value": "3",
      "source": "dsn",
      "meaning": "The most physical connections that may be open; who finds none waits in line."
    }
  ],
  "checks": [
    {
      "id": "server.address",
      "value": ":memory:"
    },
    {
      "id": "sqlite.file",
      "value": "none: in memory"
    },
    {
      "id": "connect.login",
      "value": "TIME",
      "seconds": 0
    },
    {
      "id": "server.version",
      "value": "SQLite VERSION"
    },
    {
      "id": "setting.journal_mode",
      "value": "memory"
    },
    {
      "id": "setting.foreign_keys",
      "value": "0"
    },
    {
      "id": "setting.busy_timeout",
      "value": "0"
    },
    {
      "id": "setting.synchronous",
      "value": "2"
    },
    {
      "id": "setting.user_version",
      "value": "0"
    }
  ],
  "findings": [
    {
      "id": "FX-1704",
      "severity": "info",
      "text": "The database lives in memory and ends with its last connection.",
      "detail": ":memory:",
      "cure": "Name a file if anything should stay.",
      "doc": "docs/FINDINGS.md#fx-1704"
    },
    {
      "id": "FX-1702",
      "severity": "info",
      "text": "Foreign keys are not enforced.",
      "detail": "foreign_keys is 0",
      "cure": "Write _pragma=foreign_keys(1) into the DSN if the schema relies on them.",
      "doc": "docs/FINDINGS.md#fx-1702"
    }
  ],
  "next_steps": [
    "fluxor doctor ':memory:?fluxor_max_open_conns=3' --json",
    "fluxor query ':memory:?fluxor_max_open_conns=3' 'SELECT name, type FROM sqlite_master'"
  ]
}
`

var masks = map[string]*regexp.Regexp{
	`"value": "TIME",`:          regexp.MustCompile(`"value": "[0-9.]+(ns|µs|ms|s)",`),
	`"seconds": 0`:              regexp.MustCompile(`"seconds": [0-9.e-]+`),
	`"value": "SQLite VERSION"`: regexp.MustCompile(`"value": "SQLite [0-9.]+"`),
}

func TestDocumentHasStableNames(t *testing.T) {
	code, out, errOut := fluxor(t.Context(), "doctor", ":memory:?fluxor_max_open_conns=3", "--json")
	if code != exitOK {
		t.Fatalf("exit code %d, %s", code, errOut)
	}
	var r doctor.Report
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Options {
		if o.Key == "fluxor_max_open_conns" {
			r.Options = []doctor.Option{o}
		}
	}
	var b bytes.Buffer
	if err := writeJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for mask, pattern := range masks {
		got = pattern.ReplaceAllString(got, mask)
	}
	if got != golden {
		t.Errorf("got\n%s\nwant\n%s", got, golden)
	}
}

func TestReportForPeopleNamesFindingAndCure(t *testing.T) {
	_, ill := healthy(t)
	_, out, _ := fluxor(t.Context(), "doctor", ill)
	for _, want := range []string{"because", "fluxor_max_open_conns", "unlimited (default)", "FX-1703 warn", "_pragma=busy_timeout(5000)", "$ fluxor query", "docs/FINDINGS.md"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestDoctorThatIsInterruptedSaysSo(t *testing.T) {
	s := dbtest.StartPostgres(t, dbtest.Options{})
	s.Freeze(t)
	defer s.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	code, out, errOut := fluxor(ctx, "doctor", s.DSN(), "--json")
	if code != exitInterrupted || !strings.Contains(errOut, "interrupted") || !json.Valid([]byte(out)) {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
	code, out, errOut = fluxor(t.Context(), "doctor", s.DSN(), "--timeout", "200ms")
	if code != exitFailed || !strings.Contains(errOut, "200ms") || !strings.Contains(out, "not complete") {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
}

func TestProgressIsShownOnlyWhenItIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		p := &progress{w: &b, live: true}
		p.next("one")
		p.next("two")
		p.mu.Lock() // the timer's goroutine writes later
		if b.Len() > 0 {
			t.Errorf("at once: %q", b.String())
		}
		p.mu.Unlock()
		<-time.After(patience)
		synctest.Wait()
		p.next("three")
		p.end()
		p.next("four")
		if want := "\r\x1b[Ktwo ...\r\x1b[Kthree ...\r\x1b[K"; b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
		quick := &progress{w: &b, live: true}
		quick.next("five")
		quick.end()
		<-time.After(2 * patience)
		if strings.Contains(b.String(), "five") {
			t.Errorf("a quick step was shown: %q", b.String())
		}
	})
	if code, _, errOut := fluxor(t.Context(), "doctor", ":memory:"); code != exitOK || errOut != "" {
		t.Errorf("exit code %d, %q on what is no terminal", code, errOut)
	}
}

func TestDSNFromStandardInputIsExamined(t *testing.T) {
	o := outside{in: ":memory:\n"}
	if code, out, errOut := o.run(t.Context(), "doctor", "-"); code != exitOK || !strings.Contains(out, "$ fluxor doctor - --json") {
		t.Errorf("exit code %d, %s\n%s", code, errOut, out)
	}
	if code, _, errOut := (outside{vars: map[string]string{"HOME": os.DevNull}}).run(t.Context(), "doctor", "env:HOME"); code != exitUsage {
		t.Errorf("exit code %d, %s", code, errOut)
	}
}
