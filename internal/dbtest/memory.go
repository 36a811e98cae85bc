// This file is an in-memory driver that does almost nothing, so that what a wrapper costs stands out.

package dbtest

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
)

// Memory is a connector whose queries answer one row of an int64, a string and
// a []byte, and whose statements change nothing. It implements every fast path
// of database/sql. It is safe for concurrent use.
type Memory struct{}

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
func (Memory) Connect(context.Context) (driver.Conn, error) { return memoryConn{}, nil }

// Driver returns the driver.
func (Memory) Driver() driver.Driver { return memoryDriver{} }

type memoryDriver struct{}

func (memoryDriver) Open(string) (driver.Conn, error) { return memoryConn{}, nil }

type memoryConn struct{}

func (memoryConn) Prepare(string) (driver.Stmt, error) { return memoryStmt{}, nil }
func (memoryConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return memoryStmt{}, nil
}
func (memoryConn) Close() error              { return nil }
func (memoryConn) Begin() (driver.Tx, error) { return memoryTx{}, nil }
func (memoryConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return memoryTx{}, nil
}

func (memoryConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func (memoryConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &memoryRows{}, nil
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

type memoryStmt struct{}

func (memoryStmt) Close() error                               { return nil }
func (memoryStmt) NumInput() int                              { return -1 }
func (memoryStmt) Exec([]driver.Value) (driver.Result, error) { return driver.ResultNoRows, nil }
func (memoryStmt) Query([]driver.Value) (driver.Rows, error)  { return &memoryRows{}, nil }
func (memoryStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	return driver.ResultNoRows, nil
}

func (memoryStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	return &memoryRows{}, nil
}

var (
	memoryColumns = []string{"id", "name", "body"}
	memoryBody    = []byte("body")
)

type memoryRows struct{ done bool }

func (*memoryRows) Columns() []string { return memoryColumns }
func (*memoryRows) Close() error      { return nil }
func (r *memoryRows) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done = true
	dest[0], dest[1], dest[2] = int64(1), "name", memoryBody
	return nil
}

func (*memoryRows) ColumnTypeScanType(i int) reflect.Type {
	return []reflect.Type{reflect.TypeFor[int64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte]()}[i]
}

func (*memoryRows) ColumnTypeDatabaseTypeName(i int) string {
	return []string{"INT8", "TEXT", "BYTEA"}[i]
}
