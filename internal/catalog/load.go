// This file holds what the loaders of all dialects share: bounded queries and names.

package catalog

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// The bounds of a catalog: rows of one query, bytes of all definitions, and
// bytes of one definition, which is opaque when it is longer.
const (
	mostRows  = 500_000
	mostBytes = 32 << 20
	mostText  = 100_000
)

// longestName is where PostgreSQL cuts a name, and sqltext does.
const longestName = 63

// loader makes one catalog.
type loader struct {
	ctx     context.Context
	query   Query
	dialect sqltext.Dialect
	c       *Catalog
	bytes   int
	odd     []string // what words does not find; nil before the first asks
	oddly   int

	builtins map[string]bool // functions that were asked for
	seen     map[string]bool // MySQL's tables, views and routines, by sight
}

// rows runs a query of width columns. A query that may have many rows asks for
// one more than mostRows.
func (l *loader) rows(width int, sql string) ([][]string, error) {
	rows, err := l.query(l.ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	if len(rows) > mostRows {
		return nil, fmt.Errorf("%w: a query of it has more than %d rows", ErrTooLarge, mostRows)
	}
	for _, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("catalog: a row of %d columns, not %d", len(row), width)
		}
		for _, cell := range row {
			l.bytes += len(cell)
		}
	}
	if l.bytes > mostBytes {
		return nil, fmt.Errorf("%w: its definitions are longer than %d bytes", ErrTooLarge, mostBytes)
	}
	return rows, nil
}

// value runs a query with one cell.
func (l *loader) value(sql string) (string, error) {
	rows, err := l.rows(1, sql)
	switch {
	case err != nil:
		return "", err
	case len(rows) != 1:
		return "", fmt.Errorf("catalog: %d rows, not one", len(rows))
	}
	return rows[0][0], nil
}

// name is a name as sqltext makes tags of it.
func (l *loader) name(stored string) string {
	name := strings.ToLower(stored)
	if l.dialect != sqltext.PostgreSQL || len(name) <= longestName {
		return name
	}
	end := longestName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// refuse says that nothing of the database may be kept; the first reason stays.
func (l *loader) refuse(why string) {
	if l.c.refusal == "" {
		l.c.refusal = why
	}
}

// standsIn refuses a database in which a statement, as its text is judged, may call
// a routine of the user's own in place of what a name stands for, unless that makes
// no difference to it.
func (l *loader) standsIn(kind, name, routine string, s sqltext.Statement) {
	r, _ := l.c.Routine(routine)
	acts := r.All || len(r.Writes) > 0
	answers := !acts && (kind == "type" || r.Pure && len(r.Reads) == 0)
	if s.Verdict != sqltext.Flush && (acts || s.Stable && !answers) {
		l.refuse("user-" + kind + ": " + name)
	}
}
