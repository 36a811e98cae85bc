// This file is the registers: their tables, their view, and the questions that are asked about them.

package registers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// Registers are the versions of rows: table t has the rows, and registers, t*each
// and so on. All rows together have a balance that transfers leave as it is.
var tables = []string{"reg_a", "reg_b", "reg_c"}

const (
	each  = 2
	count = 6 // registers that are rows
)

// The greatest version of a table, and of all of them, grows as well: these are
// registers, too.
const (
	greatestOfTable = count
	greatestOfAll   = count + 3
)

var bank = soak.Bank{Accounts: count, Opening: 1000}

func tableOf(register int64) int { return int(register) / each }

// affected are the registers that a write of some rows sets.
func affected(rows []int64) (registers []int) {
	seen := map[int]bool{}
	for _, row := range rows {
		seen[int(row)], seen[greatestOfTable+tableOf(row)], seen[greatestOfAll] = true, true, true
	}
	for r := range seen {
		registers = append(registers, r)
	}
	return registers
}

// question is one statement that reads registers.
type question struct {
	text      string
	args      []any
	registers []int // whose values it shows, in this order
	whole     bool  // then it shows the sum of all balances
}

var questions = makeQuestions()

func makeQuestions() (all []question) {
	for register := range int64(count) {
		all = append(all, point(register))
	}
	for t, table := range tables {
		all = append(all, question{text: "select max(version) from " + table, registers: []int{greatestOfTable + t}})
	}
	for first := range int64(each) {
		all = append(all, question{
			text: "select a.version, b.version, c.version, (select sum(balance) from all_registers)" +
				" from reg_a a join reg_b b on b.id = a.id + 2 join reg_c c on c.id = a.id + 4 where a.id = ?",
			args: []any{first}, registers: []int{int(first), int(first) + each, int(first) + 2*each}, whole: true,
		})
	}
	return append(all,
		question{text: "select version from all_registers order by id", registers: []int{0, 1, 2, 3, 4, 5}},
		question{text: "select max(version), sum(balance) from all_registers", registers: []int{greatestOfAll}, whole: true},
	)
}

// point asks for one register.
func point(register int64) question {
	return question{
		text: "select version from " + tables[tableOf(register)] + " where id = ?",
		args: []any{register}, registers: []int{int(register)},
	}
}

// tables are those that a question is about.
func (q question) tables() (all []int) {
	for _, register := range q.registers {
		switch {
		case q.whole || register == greatestOfAll:
			return []int{0, 1, 2}
		case register >= greatestOfTable:
			all = append(all, register-greatestOfTable)
		default:
			all = append(all, tableOf(int64(register)))
		}
	}
	return all
}

// createTables makes the tables, with the opening balances, their
// functions, and the view.
func (w *world) createTables() {
	var parts []string
	for t, table := range tables {
		mustExec(w.t, w, "create table "+table+" (id bigint primary key, version bigint not null, balance bigint not null)")
		for i := range each {
			mustExec(w.t, w, fmt.Sprintf("insert into %s values (%d, 0, %d)", table, t*each+i, bank.Opening))
		}
		mustExec(w.t, w, strings.ReplaceAll(w.function, "TABLE", table))
		parts = append(parts, "select id, version, balance from "+table)
	}
	mustExec(w.t, w, "create view all_registers as "+strings.Join(parts, " union all "))
}

func mustExec(t *testing.T, w *world, text string) {
	t.Helper()
	if _, err := w.bare.ExecContext(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
