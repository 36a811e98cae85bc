// This file ends statements whose connection the driver has closed.

package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// A connection's number is unique while the server runs, no longer: it begins
// anew after a restart, and another server at the same address counts by itself.
// The client's address and port, as the server sees them, tell those connections
// apart; where the server sees none, behind a Unix socket, the number stands alone.
// A server shows every user his own connections in the process list.

// identify asks for the connection's number, which the driver keeps to itself,
// and for its client.
func identify(ctx context.Context, ci driver.Conn) (name string, err error) {
	return text(ctx, ci, "select concat(id, ' ', host) from information_schema.processlist where id = connection_id()")
}

// kill ends a connection of the same user. By the time it is asked the server may
// have seen the end of it (ER_NO_SUCH_THREAD).
func kill(ctx context.Context, ci driver.Conn, name string) error {
	id, host, _ := strings.Cut(name, " ")
	now, err := text(ctx, ci, "select host from information_schema.processlist where id = "+id)
	if err == io.EOF { //nolint:errorlint // the contract of Next is identity
		return nil // it is gone
	}
	if err != nil {
		return err
	}
	if now != host {
		return fmt.Errorf("fluxor: the connection %s is another one now (of %s, not of %s): the server has restarted, or is another one", id, now, host)
	}
	x, ok := ci.(driver.ExecerContext)
	if !ok {
		return errors.ErrUnsupported
	}
	_, err = x.ExecContext(ctx, "kill "+id, nil)
	var me *mysql.MySQLError
	if errors.As(err, &me) && me.Number == 1094 {
		return nil
	}
	return err
}

// text is the first column of a query's first row; io.EOF if there is none.
func text(ctx context.Context, ci driver.Conn, query string) (value string, err error) {
	q, ok := ci.(driver.QueryerContext)
	if !ok {
		return "", errors.ErrUnsupported
	}
	rows, err := q.QueryContext(ctx, query, nil)
	if err != nil {
		return "", err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s", row[0]), nil
}
