// This file is a step of a program, and how it is printed so that it can be pasted into a test.

package difffuzz

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// verb is what a step does.
type verb string

const (
	exec      verb = "exec"      // runs a text
	run       verb = "run"       // queries a text once; its rows are not compared
	read      verb = "read"      // queries a text and compares
	ordered   verb = "ordered"   // read, where the order of the rows counts
	peek      verb = "peek"      // queries a text and reads one row, which is not compared
	fresh     verb = "fresh"     // queries a text twice; the answers must differ
	begin     verb = "begin"     // a *sql.Tx; the text is "", "serializable", "repeatable read" or "read only"
	commit    verb = "commit"    // the *sql.Tx
	rollback  verb = "rollback"  // the *sql.Tx
	prepare   verb = "prepare"   // a *sql.Stmt by name
	readStmt  verb = "readStmt"  // read, with a prepared statement
	execStmt  verb = "execStmt"  // exec, with a prepared statement
	closeStmt verb = "closeStmt" // ends a prepared statement
	raw       verb = "raw"       // runs a text on the driver's own connection
	upload    verb = "upload"    // COPY or LOAD DATA; the arguments are id, n, s of each row
	settle    verb = "settle"    // waits until the cache knows the schema
	evict     verb = "evict"     // replaces the pool's connections
	reset     verb = "reset"     // ends the session of a held connection
)

// pool is where a step runs that has no connection of its own.
const pool = "db"

// step is one thing that is done to a database.
type step struct {
	on   string // the pool, or a held connection: "a", "b"
	do   verb
	text string
	name string // of a prepared statement
	args []any
}

// compares reports whether the step's answer is held against another.
func (s step) compares() bool { return s.do == read || s.do == ordered || s.do == readStmt }

// String is the step as a line of a Go list.
func (s step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{on: %s, do: %s", place(s.on), s.do)
	if s.name != "" {
		fmt.Fprintf(&b, ", name: %q", s.name)
	}
	if s.text != "" {
		fmt.Fprintf(&b, ", text: %q", s.text)
	}
	if len(s.args) > 0 {
		b.WriteString(", args: []any{")
		for i, arg := range s.args {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(argument(arg))
		}
		b.WriteString("}")
	}
	b.WriteString("},")
	return b.String()
}

func place(on string) string {
	if on == pool {
		return "pool"
	}
	return fmt.Sprintf("%q", on)
}

// argument is a value as Go text with its type.
func argument(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool, string:
		return fmt.Sprintf("%#v", v)
	case []byte:
		if v == nil {
			return "[]byte(nil)"
		}
		return fmt.Sprintf("[]byte(%q)", v)
	case time.Time:
		return fmt.Sprintf("moment(%q)", v.Format(time.RFC3339Nano))
	case float64:
		return float(v)
	case sql.NullString, sql.NullInt64, json.RawMessage:
		return fmt.Sprintf("%#v", v)
	case number, word:
		return fmt.Sprintf("%s(%#v)", strings.TrimPrefix(fmt.Sprintf("%T", v), "difffuzz."), v)
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

// float is a number as Go text, also where there is no literal for it.
func float(v float64) string {
	switch {
	case math.IsNaN(v):
		return "math.NaN()"
	case math.IsInf(v, 0):
		return fmt.Sprintf("math.Inf(%+.0f)", math.Copysign(1, v))
	case v == 0 && math.Signbit(v):
		return "math.Copysign(0, -1)"
	}
	return fmt.Sprintf("float64(%v)", v)
}

// number and word are named types, as programs have them.
type (
	number int32
	word   string
)

// moment is a time as argument prints it.
func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return at
}

// listing is a program as Go text.
func listing(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("\t" + s.String() + "\n")
	}
	return b.String()
}
