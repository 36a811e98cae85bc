// This file tests which texts are taken for ones that list variables, and measures what it costs an insert that MySQL's last number may be asked for.

package gateway

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
)

func TestOnlyATextThatMayListTheServersVariablesIsTakenForOne(t *testing.T) {
	for text, want := range map[string]bool{
		"SHOW VARIABLES": true,
		"select * from Information_Schema.Global_Variables":     true,
		"select * from `session_variables`":                     true,
		"select * from system_variables where 1":                true,
		"insert into t select * from SESSION_VARIABLES":         true,
		"select variables from studies":                         false,
		"insert into env_variables (name, value) values (1, 2)": false,
		"select 1": false,
	} {
		if got := listsVariables(text); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}

// drawn is the answer to an insert that drew a number.
type drawn struct{}

func (drawn) LastInsertId() (int64, error) { return 4711000001, nil }

func (drawn) RowsAffected() (int64, error) { return 1, nil }

// BenchmarkNumbers is what an insert of MySQL's passes besides running, with its
// number ("number"), and what of that is for the other things that statements leave
// ("other").
func BenchmarkNumbers(b *testing.B) {
	db, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: "mysql://a:b@tcp(127.0.0.1:1)/x"})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing was connected
	row := "(?, ?, ?, ?, ?, ?, ?, ?)"
	args := []driver.NamedValue{{Value: int64(1)}, {Value: "a text"}, {Value: 1.5}}
	for name, text := range map[string]string{
		"short":  "insert into orders (a, b, c) values (?, ?, ?)",
		"1 KiB":  "insert into orders (" + strings.Repeat("a_column_of_some_length, ", 40) + "z) values (" + strings.Repeat("?, ", 40) + "?)",
		"100 KB": "insert into orders (a, b, c, d, e, f, g, h) values " + strings.Repeat(row+", ", 4000) + row,
	} {
		l := &lease{db: db, about: db.Backend()}
		b.Run(name+"/number", func(b *testing.B) {
			for b.Loop() {
				if _, err := l.recall(b.Context(), text); err != nil {
					b.Fatal(err)
				}
				l.drew(text, args, drawn{}, nil)
			}
		})
		b.Run(name+"/other", func(b *testing.B) {
			for b.Loop() {
				l.say(text, recalling)
				l.say(text, echoing)
				l.code(text)
			}
		})
	}
}
