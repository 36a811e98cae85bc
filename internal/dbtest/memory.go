// This file is an in-memory driver that does almost nothing, so that what a wrapper costs stands out.

package dbtest

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Memory is a connector whose queries answer fixed rows and whose statements
// change nothing. It implements every fast path of database/sql. The zero value
// answers one row of an int64, a string and a []byte. It is safe for concurrent
// use; its fields are not to be changed once it is used.
type Memory struct {
	// As is the driver that it says it belongs to, so that a wrapper takes it for
	// that database; nil = one of its own.
	As driver.Driver
	// Answer says what a query with these arguments answers; nil = the one row. It
	// may be called by many goroutines.
	Answer func(args []driver.NamedValue) *MemoryAnswer
}

// MemoryAnswer is what a query answers. It must not be changed once it is used.
type MemoryAnswer struct {
	// Columns are the names; the types are those of the first row's values.
	Columns []string
	// Rows are the values.
	Rows [][]driver.Value
	// Err comes behind the rows; nil is their end.
	Err error
}

// Always answers each query alike.
func (a *MemoryAnswer) Always([]driver.NamedValue) *MemoryAnswer { return a }

var (
	_ driver.ExecerContext                  = memoryConn{}
	_ driver.QueryerContext                 = memoryConn{}
	_ driver.ConnPrepareContext             = memoryConn{}
	_ driver.ConnBeginTx                    = memoryConn{}
	_ driver.Pinger                         = memoryConn{}
	_ driver.SessionResetter                = memoryConn{}
	_ driver.Validator                      = memoryConn{}
	_ driver.NamedValueChecker              = memoryConn{}
	_ driver.RowsColumnTypeScanType         = (*memoryRows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*memoryRows)(nil)
)

// Connect returns a connection; it never fails.
func (m Memory) Connect(context.Context) (driver.Conn, error) {
	if m.Answer == nil {
		return memoryConn{memoryRow.Always}, nil
	}
	return memoryConn{m.Answer}, nil
}

// Driver returns the driver.
func (m Memory) Driver() driver.Driver {
	if m.As != nil {
		return m.As
	}
	return memoryDriver{}
}

type memoryDriver struct{}

func (memoryDriver) Open(string) (driver.Conn, error) { return memoryConn{memoryRow.Always}, nil }

type memoryConn struct {
	answer func([]driver.NamedValue) *MemoryAnswer
}

func (c memoryConn) Prepare(string) (driver.Stmt, error) { return memoryStmt(c), nil }
func (c memoryConn) PrepareContext(_ context.Context, text string) (driver.Stmt, error) {
	switch {
	case strings.Contains(text, "pg_is_in_recovery"):
		return memoryStmt{memoryServer.Always}, nil
	case strings.Contains(text, "pg_postmaster_start_time"):
		return memoryStmt{memoryStart.Always}, nil
	}
	return memoryStmt(c), nil
}
func (memoryConn) Close() error              { return nil }
func (memoryConn) Begin() (driver.Tx, error) { return memoryTx{}, nil }
func (memoryConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return memoryTx{}, nil
}

func (memoryConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func (c memoryConn) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	return &memoryRows{answer: c.answer(args)}, nil
}
func (memoryConn) Ping(context.Context) error         { return nil }
func (memoryConn) ResetSession(context.Context) error { return nil }
func (memoryConn) IsValid() bool                      { return true }
func (memoryConn) CheckNamedValue(nv *driver.NamedValue) (err error) {
	nv.Value, err = driver.DefaultParameterConverter.ConvertValue(nv.Value)
	return err
}

type memoryTx struct{}

func (memoryTx) Commit() error   { return nil }
func (memoryTx) Rollback() error { return nil }

type memoryStmt struct {
	answer func([]driver.NamedValue) *MemoryAnswer
}

func (memoryStmt) Close() error                               { return nil }
func (memoryStmt) NumInput() int                              { return -1 }
func (memoryStmt) Exec([]driver.Value) (driver.Result, error) { return driver.ResultNoRows, nil }
func (s memoryStmt) Query([]driver.Value) (driver.Rows, error) {
	return &memoryRows{answer: s.answer(nil)}, nil
}

func (memoryStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func (s memoryStmt) QueryContext(_ context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return &memoryRows{answer: s.answer(args)}, nil
}

// MemoryRows is an answer of n rows of an int64 and two strings, the ids counted
// from 1.
func MemoryRows(n int) *MemoryAnswer {
	a := &MemoryAnswer{Columns: []string{"id", "name", "city"}}
	for i := range n {
		a.Rows = append(a.Rows, []driver.Value{int64(i + 1), fmt.Sprintf("name %d", i+1), fmt.Sprintf("city %d", i%10)})
	}
	return a
}

// memoryServer is what it says of itself as a server of PostgreSQL: it is no standby.
var memoryServer = &MemoryAnswer{Columns: []string{"version", "standby"}, Rows: [][]driver.Value{{"150000", "0"}}}

// memoryStart is when that server was started.
var memoryStart = &MemoryAnswer{Columns: []string{"start"}, Rows: [][]driver.Value{{"1"}}}

// memoryRow is the answer of the zero value.
var memoryRow = &MemoryAnswer{
	Columns: []string{"id", "name", "body"},
	Rows:    [][]driver.Value{{int64(1), "name", []byte("body")}},
}

type memoryRows struct {
	answer *MemoryAnswer
	next   int
}

func (r *memoryRows) Columns() []string { return r.answer.Columns }
func (*memoryRows) Close() error        { return nil }
func (r *memoryRows) Next(dest []driver.Value) error {
	if r.next == len(r.answer.Rows) {
		return cmp.Or(r.answer.Err, io.EOF)
	}
	copy(dest, r.answer.Rows[r.next])
	r.next++
	return nil
}

func (r *memoryRows) ColumnTypeScanType(i int) reflect.Type {
	if len(r.answer.Rows) == 0 {
		return reflect.TypeFor[any]()
	}
	return reflect.TypeOf(r.answer.Rows[0][i])
}

func (r *memoryRows) ColumnTypeDatabaseTypeName(i int) string {
	switch r.ColumnTypeScanType(i).Kind() {
	case reflect.Int64:
		return "INT8"
	case reflect.String:
		return "TEXT"
	}
	return "BYTEA"
}
