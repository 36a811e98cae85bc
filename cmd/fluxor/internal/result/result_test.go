// This file tests how results are written, and that no writer keeps the rows.

package result

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// written is what a format makes of one result set.
func written(t *testing.T, format string, columns []Column, rows ...[]any) (out, notes string) {
	t.Helper()
	var o, n bytes.Buffer
	sink, err := New(Options{Format: format, Out: &o, Notes: &n})
	if err != nil {
		t.Fatal(err)
	}
	err = sink.Begin(columns)
	for _, row := range rows {
		err = errors.Join(err, sink.Row(row))
	}
	total := int64(len(rows))
	if err = errors.Join(err, sink.End(Count{Rows: total, Total: total}), sink.Close(Outcome{})); err != nil {
		t.Fatal(err)
	}
	return o.String(), n.String()
}

var people = []Column{{"id", "INT8"}, {"name", "TEXT"}}

func TestTableAlignsNumbersRightAndTextLeft(t *testing.T) {
	t.Parallel()
	got, _ := written(t, "table", people, []any{int64(7), "Ümit"}, []any{int64(1234), nil}, []any{nil, "B"})
	want := "  id  name\n----  ----\n   7  Ümit\n1234  NULL\nNULL  B\n(3 rows)\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTableAlignsWideCharacters(t *testing.T) {
	t.Parallel()
	got, _ := written(t, "table", []Column{{"name", "TEXT"}, {"城市", "TEXT"}}, []any{"日本語", "a"}, []any{"e\u0301", "b"})
	want := "name    城市\n------  ----\n日本語  a\ne\u0301       b\n(2 rows)\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTableOfNoRowsHasItsHead(t *testing.T) {
	t.Parallel()
	if got, _ := written(t, "table", people); got != "id  name\n--  ----\n(0 rows)\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestValueCannotCommandTheTerminal(t *testing.T) {
	t.Parallel()
	got, _ := written(t, "table", []Column{{Name: "a\x1b[2J"}}, []any{"\x1b]0;x\a\r\n\u202e\u009b"})
	if strings.ContainsAny(got, "\x1b\r\a\u202e\u009b") || strings.Count(got, "\n") != 4 {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(got, `\x1b]0;x\a\r\n`) {
		t.Errorf("the characters are not shown: %q", got)
	}
}

func TestCSVCanBeReadBack(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"1", "a,\"b\"\nc"}, {"2", ""}}
	out, _ := written(t, "csv", people, []any{int64(1), "a,\"b\"\nc"}, []any{int64(2), nil})
	got, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(got) != 3 || got[1][1] != rows[0][1] || got[2][1] != "" {
		t.Errorf("%v: %q", err, got)
	}
}

func TestCSVRowOfOneEmptyValueIsARow(t *testing.T) {
	t.Parallel()
	out, _ := written(t, "csv", people[1:], []any{""}, []any{nil}, []any{"x"})
	got, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(got) != 4 || got[1][0] != "" || got[2][0] != "" {
		t.Errorf("%v: %q of %q", err, got, out)
	}
}

func TestNullIsWhatTheUserSays(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "csv"} {
		var o bytes.Buffer
		null := "<nil>"
		sink, err := New(Options{Format: format, Null: &null, Out: &o, Notes: io.Discard})
		if err = errors.Join(err, sink.Begin(people[:1]), sink.Row([]any{nil}), sink.End(Count{Rows: 1, Total: 1})); err != nil || !strings.Contains(o.String(), null) {
			t.Errorf("%s: %v, %q", format, err, o.String())
		}
	}
}

func TestJSONIsExactAndValid(t *testing.T) {
	t.Parallel()
	columns := []Column{{"n", "NUMERIC"}, {"n", "NUMERIC"}, {"f", "FLOAT8"}, {"t", "TEXT"}, {"z", "TIMESTAMPTZ"}, {"b", "BOOL"}, {"u", "UNSIGNED BIGINT"}, {"p", "UNSIGNED BIGINT"}, {"x", "BYTEA"}}
	row := []any{
		[]byte("1234567890.000000000000000001"), "NaN", math.Inf(-1), "1", time.Date(2026, 1, 31, 1, 2, 3, 4, time.FixedZone("", 3600)),
		true, uint64(math.MaxUint64), []byte("18446744073709551615"), // the latter from a prepared statement
		[]byte{0xff},
	}
	got, _ := written(t, "jsonl", columns, row)
	want := `{"n": 1234567890.000000000000000001, "n_2": "NaN", "f": "-Inf", "t": "1", "z": "2026-01-31T01:02:03.000000004+01:00", "b": true, "u": 18446744073709551615, "p": 18446744073709551615, "x": "\\xff"}` + "\n"
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, spelling := range []string{"+1", "1_0", ".5", "0x1", "1e", " 1", "-", "true", ""} {
		got, _ := written(t, "jsonl", columns[:1], []any{spelling})
		if !json.Valid([]byte(got)) || !strings.Contains(got, `"`+spelling+`"`) {
			t.Errorf("%q: %s", spelling, got)
		}
	}
}

func TestDocumentCanBeReadHoweverItEnds(t *testing.T) {
	t.Parallel()
	steps := map[string]func(Sink) error{
		"before anything":    func(Sink) error { return nil },
		"after the columns":  func(s Sink) error { return s.Begin(people) },
		"after a row":        func(s Sink) error { return errors.Join(s.Begin(people), s.Row([]any{int64(1), "x"})) },
		"after a result set": func(s Sink) error { return errors.Join(s.Begin(people), s.End(Count{})) },
		"after two results": func(s Sink) error {
			return errors.Join(s.Affected(Count{Affected: 2}), s.Affected(Count{Affected: -1}))
		},
	}
	for name, step := range steps {
		var o bytes.Buffer
		sink := &document{w: &o}
		var got struct {
			Error, Meaning string
			NextSteps      []string `json:"next_steps"`
		}
		end := Outcome{Error: `no "row"`, Meaning: "none", NextSteps: []string{`a "b"`, "c"}}
		err := errors.Join(step(sink), sink.Close(end), json.Unmarshal(o.Bytes(), &got))
		if err != nil || got.Error != end.Error || got.Meaning != end.Meaning || !slices.Equal(got.NextSteps, end.NextSteps) {
			t.Errorf("%s: %v: %s", name, err, o.String())
		}
	}
}

// counting measures what was written, and keeps nothing.
type counting int

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}

func TestRowIsWrittenWhenItComes(t *testing.T) {
	t.Parallel()
	for _, format := range Formats {
		var n counting
		sink, err := New(Options{Format: format, Out: &n, Notes: io.Discard})
		if err = errors.Join(err, sink.Begin(people)); err != nil {
			t.Fatal(err)
		}
		row := []any{int64(1), "name"}
		for range window { // the table's window
			err = errors.Join(err, sink.Row(row))
		}
		for range 3 {
			before := n
			if err = errors.Join(err, sink.Row(row)); err != nil || n == before {
				t.Errorf("%s: %v, a row was kept back", format, err)
			}
		}
	}
}

func TestWhatIsNoDataGoesBesideTheData(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "jsonl"} {
		var o, n bytes.Buffer
		sink, err := New(Options{Format: format, Out: &o, Notes: &n})
		if err = errors.Join(err, sink.Begin(people), sink.End(Count{Rows: 1, Total: 9})); err != nil {
			t.Fatal(err)
		}
		if n.String() != "fluxor: cut: 1 of 9 rows shown\n" || strings.Contains(o.String(), "cut") {
			t.Errorf("%s: %q, %q", format, o.String(), n.String())
		}
	}
}

func TestErrorOfTheOutputIsToldFromTheStatements(t *testing.T) {
	t.Parallel()
	closed, out := io.Pipe()
	_ = closed.Close()
	for _, format := range Formats {
		sink, err := New(Options{Format: format, Out: out, Notes: out})
		if err != nil {
			t.Fatal(err)
		}
		var refused *WriteError
		err = errors.Join(sink.Affected(Count{Affected: 1}), sink.Close(Outcome{}))
		if !errors.As(err, &refused) || !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got %v", format, err)
		}
	}
}
