// This file is the fake driver's connections, statements and rows.

package dbtest

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// fakeConn has the mandatory methods only.
type fakeConn struct {
	f *Fake
	n int
}

func (c *fakeConn) Prepare(query string) (driver.Stmt, error) {
	if err := c.f.call(context.Background(), c.n, "prepare "+query); err != nil {
		return nil, err
	}
	base := &fakeStmt{c: c, query: query}
	if c.f.Shape == Mandatory {
		return base, nil
	}
	return &godrorStmt{base}, nil
}

func (c *fakeConn) Close() error {
	c.f.closed(c.n)
	return nil
}

func (c *fakeConn) Begin() (driver.Tx, error) {
	if err := c.f.call(context.Background(), c.n, "begin"); err != nil {
		return nil, err
	}
	return &fakeTx{c}, nil
}

type fakeTx struct{ c *fakeConn }

func (tx *fakeTx) Commit() error   { return tx.c.f.call(context.Background(), tx.c.n, "commit") }
func (tx *fakeTx) Rollback() error { return tx.c.f.call(context.Background(), tx.c.n, "rollback") }

// godrorConn has what godror's connection has.
type godrorConn struct{ *fakeConn }

func (c *godrorConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Prepare(query)
}

func (c *godrorConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	call := "begin"
	if opts != (driver.TxOptions{}) {
		call = fmt.Sprintf("begin isolation=%d readonly=%t", opts.Isolation, opts.ReadOnly)
	}
	if err := c.f.call(ctx, c.n, call); err != nil {
		return nil, err
	}
	return &fakeTx{c.fakeConn}, nil
}

func (c *godrorConn) Ping(ctx context.Context) error { return c.f.call(ctx, c.n, "ping") }

func (c *godrorConn) ResetSession(ctx context.Context) error { return c.f.call(ctx, c.n, "reset") }

func (c *godrorConn) IsValid() bool {
	c.f.record(c.n, "valid")
	return c.f.OnValid == nil || c.f.OnValid(c.n)
}

// fullConn adds the fast paths.
type fullConn struct{ godrorConn }

func (c *fullConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.f.call(ctx, c.n, "exec "+query+describe(args)); err != nil {
		return nil, err
	}
	return driver.RowsAffected(1), nil
}

func (c *fullConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.f.call(ctx, c.n, "query "+query+describe(args)); err != nil {
		return nil, err
	}
	return &fakeRows{c: c.fakeConn}, nil
}

// CheckNamedValue accepts what the default converter accepts.
func (c *fullConn) CheckNamedValue(*driver.NamedValue) error { return driver.ErrSkip }

// fakeStmt has the mandatory methods only.
type fakeStmt struct {
	c     *fakeConn
	query string
}

func (s *fakeStmt) Close() error {
	s.c.f.record(s.c.n, "closestmt "+s.query)
	return nil
}

func (s *fakeStmt) NumInput() int { return -1 }

func (s *fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	if err := s.c.f.call(context.Background(), s.c.n, "stmtexec "+s.query+describeValues(args)); err != nil {
		return nil, err
	}
	return driver.RowsAffected(1), nil
}

func (s *fakeStmt) Query(args []driver.Value) (driver.Rows, error) {
	if err := s.c.f.call(context.Background(), s.c.n, "stmtquery "+s.query+describeValues(args)); err != nil {
		return nil, err
	}
	return &fakeRows{c: s.c}, nil
}

// godrorStmt checks its arguments as godror's statement does: options are
// applied and removed, everything else is bound as it is, sql.Out included.
type godrorStmt struct{ *fakeStmt }

// Option is a driver option among the arguments, as godror's are.
type Option func()

// ErrRefused is what a fake checker answers for a channel.
var ErrRefused = errors.New("a channel cannot be bound")

func (s *godrorStmt) CheckNamedValue(nv *driver.NamedValue) error {
	switch v := nv.Value.(type) {
	case Option:
		v()
		return driver.ErrRemoveArgument
	case chan int:
		return ErrRefused
	}
	return nil
}

func (s *godrorStmt) ColumnConverter(int) driver.ValueConverter { return driver.Null{} }

func (s *godrorStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.c.f.call(ctx, s.c.n, "stmtexec "+s.query+describe(args)); err != nil {
		return nil, err
	}
	return driver.RowsAffected(1), nil
}

func (s *godrorStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.c.f.call(ctx, s.c.n, "stmtquery "+s.query+describe(args)); err != nil {
		return nil, err
	}
	return &fakeRows{c: s.c}, nil
}

// fakeRows is one row of one column, unless OnRow says otherwise.
type fakeRows struct {
	c   *fakeConn
	row int
}

func (r *fakeRows) Columns() []string { return []string{"n"} }

func (r *fakeRows) Close() error {
	r.c.f.record(r.c.n, "closerows")
	return nil
}

func (r *fakeRows) Next(dest []driver.Value) error {
	r.row++
	if r.c.f.OnRow != nil {
		if err := r.c.f.OnRow(r.c.n, r.row); err != nil {
			return err
		}
	} else if r.row > 1 {
		return io.EOF
	}
	dest[0] = int64(r.row)
	return nil
}

// describe shows types as well as values: conversion is what is tested.
func describe(args []driver.NamedValue) string {
	out := ""
	for _, nv := range args {
		out += fmt.Sprintf(" %d", nv.Ordinal)
		if nv.Name != "" {
			out += ":" + nv.Name
		}
		out += fmt.Sprintf("=%T(%v)", nv.Value, nv.Value)
	}
	return out
}

func describeValues(args []driver.Value) string {
	out := ""
	for i, v := range args {
		out += fmt.Sprintf(" %d=%T(%v)", i+1, v, v)
	}
	return out
}
