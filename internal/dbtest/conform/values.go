// This file reads a value of every column type through every protocol path into every kind of destination.

package conform

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// columnType is a type of a dialect and values of it as literals; NULL is
// added to each.
type columnType struct {
	name     string
	literals []string
}

// valueCases are one case for each column type of each dialect.
func valueCases() []Case {
	var out []Case
	for _, d := range []struct {
		dialect Dialect
		types   []columnType
	}{{Postgres, postgresTypes}, {MySQL, mysqlTypes}, {SQLite, sqliteTypes}, {Oracle, oracleTypes}} {
		for _, ct := range d.types {
			out = append(out, Case{
				Name: fmt.Sprintf("%s column %s", d.dialect, ct.name),
				On:   []Dialect{d.dialect},
				See:  func(r *Recorder) { r.readColumn(ct) },
			})
		}
	}
	return out
}

// readColumn stores the values and reads them back by a text, by a prepared
// statement, and by a text with an argument.
func (r *Recorder) readColumn(ct columnType) {
	r.table("conform_values", "id int, v "+ct.name)
	rows := make([]string, 0, len(ct.literals)+1)
	for i, lit := range append(ct.literals, "null") {
		rows = append(rows, fmt.Sprintf("(%d, %s)", i, lit))
	}
	r.setup("insert into conform_values values " + strings.Join(rows, ", "))

	const text = "select v from conform_values order by id"
	r.columnFrom("text", func() (*sql.Rows, error) { return r.db.QueryContext(r.ctx, r.bind(text)) })
	if st := r.prepare(r.db, text); st != nil {
		r.columnFrom("prepared", func() (*sql.Rows, error) { return st.QueryContext(r.ctx) })
	}
	r.query(r.db, "select v from conform_values where id >= ? order by id", 0)
	r.first(r.db, "select v from conform_values where id = ?", 0)
}

// columnFrom scans each row into every destination.
func (r *Recorder) columnFrom(path string, query func() (*sql.Rows, error)) {
	rows, err := query()
	if err != nil {
		r.err(path, err)
		return
	}
	defer rows.Close()
	r.columns(path, rows)
	for n := 0; rows.Next(); n++ {
		for _, d := range destinations() {
			err := rows.Scan(d)
			label := fmt.Sprintf("%s row %d into %T", path, n, d)
			if err != nil {
				r.err(label, err)
				continue
			}
			r.value(label, d)
		}
	}
	r.err(path+" end", rows.Err())
}

// scanner keeps what Scan gave it.
type scanner struct{ got any }

func (s *scanner) Scan(v any) error {
	if text, ok := v.(string); ok && text == "refused" {
		return errors.New("refused by the scanner")
	}
	s.got = v
	if b, ok := v.([]byte); ok {
		s.got = append([]byte(nil), b...)
	}
	return nil
}

// destinations are fresh targets of Scan; sql.RawBytes is the last, because
// after it database/sql refuses to scan the row again.
func destinations() []any {
	return []any{
		new(any), new(string), new([]byte), new(bool), new(int), new(int8), new(int64), new(uint8), new(uint64),
		new(float32), new(float64), new(time.Time), new(*string), new(*int64), new(*time.Time),
		new(sql.NullString), new(sql.NullInt64), new(sql.NullInt32), new(sql.NullInt16), new(sql.NullByte),
		new(sql.NullFloat64), new(sql.NullBool), new(sql.NullTime), new(sql.Null[string]), new(sql.Null[[]byte]),
		new(scanner), new(chan int), new(sql.RawBytes),
	}
}
