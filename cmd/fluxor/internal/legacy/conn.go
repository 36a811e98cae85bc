// This file is a connection of the driver: it sends one request and reads its answer.

package legacy

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"net"
	"time"
)

var (
	_ driver.Conn           = (*conn)(nil)
	_ driver.ExecerContext  = (*conn)(nil)
	_ driver.QueryerContext = (*conn)(nil)
	_ driver.Pinger         = (*conn)(nil)
	_ driver.Validator      = (*conn)(nil)
	_ driver.Tx             = (*transaction)(nil)
)

// conn is used by one goroutine at a time, as database/sql does.
type conn struct {
	of     *Connector
	nc     net.Conn
	in     *json.Decoder
	out    *json.Encoder
	broken bool
}

func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	a, err := c.ask(ctx, "exec", text, args)
	if err != nil {
		return nil, err
	}
	return result{a.LastInsertID, a.RowsAffected}, nil
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	a, err := c.ask(ctx, "query", text, args)
	if err != nil {
		return nil, err
	}
	return &rows{columns: a.Columns, left: a.Rows}, nil
}

func (c *conn) Ping(ctx context.Context) error {
	_, err := c.ask(ctx, "ping", "", nil)
	return err
}

func (c *conn) IsValid() bool { return !c.broken }

func (c *conn) Close() error { return c.nc.Close() }

// Prepare asks nothing of the server, which has no prepared statements.
func (c *conn) Prepare(text string) (driver.Stmt, error) { return &stmt{c, text}, nil }

func (c *conn) Begin() (driver.Tx, error) {
	if _, err := c.ExecContext(context.Background(), "BEGIN IMMEDIATE", nil); err != nil {
		return nil, err
	}
	return &transaction{c}, nil
}

// ask sends one request and reads its answer. The server's error leaves the
// connection usable, anything else does not.
func (c *conn) ask(ctx context.Context, kind, text string, args []driver.NamedValue) (reply, error) {
	vals, err := values(args)
	if err != nil {
		return reply{}, err
	}
	a, err := c.exchange(ctx, request{Kind: kind, SQL: text, Args: vals})
	if err != nil {
		return reply{}, err
	}
	if a.Error != "" {
		return reply{}, &Error{Message: a.Error}
	}
	return a, nil
}

// exchange is where the driver misleads database/sql: whether the statement
// was sent or not, a connection that ends is driver.ErrBadConn, "safe to
// repeat".
func (c *conn) exchange(ctx context.Context, q request) (reply, error) {
	if c.broken {
		return reply{}, driver.ErrBadConn
	}
	c.broken = true // until the answer is in
	stop := context.AfterFunc(ctx, func() { _ = c.nc.SetDeadline(time.Unix(1, 0)) })
	a, err := c.send(q)
	c.broken = !stop() || err != nil
	if err != nil && ctx.Err() != nil {
		return reply{}, ctx.Err()
	}
	if err != nil {
		return reply{}, driver.ErrBadConn
	}
	for _, row := range a.Rows {
		err = errors.Join(err, plain(row))
	}
	return a, err
}

func (c *conn) send(q request) (a reply, err error) {
	if err = c.out.Encode(q); err != nil {
		return a, err
	}
	if err = c.in.Decode(&a); err != nil {
		c.of.lost.Add(1)
	}
	return a, err
}

func values(args []driver.NamedValue) ([]any, error) {
	vals := make([]any, len(args))
	for i, a := range args {
		if a.Name != "" {
			return nil, errors.New("legacy: arguments have no names here")
		}
		vals[i] = a.Value
	}
	return vals, plain(vals)
}

// transaction ends what Begin began.
type transaction struct{ c *conn }

func (tx *transaction) Commit() error {
	_, err := tx.c.ExecContext(context.Background(), "COMMIT", nil)
	return err
}

func (tx *transaction) Rollback() error {
	_, err := tx.c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}
