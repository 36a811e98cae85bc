// This file ends statements whose connection the driver has closed.

package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

// identify asks for the connection's number, which the driver keeps to itself.
func identify(ctx context.Context, ci driver.Conn) (id uint64, err error) {
	q, ok := ci.(driver.QueryerContext)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	rows, err := q.QueryContext(ctx, "select connection_id()", nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return 0, err
	}
	switch v := row[0].(type) {
	case []byte:
		return strconv.ParseUint(string(v), 10, 64)
	case int64:
		return uint64(v), nil //nolint:gosec // a connection's number is not negative
	case uint64:
		return v, nil
	}
	return 0, fmt.Errorf("fluxor: connection_id() is a %T", row[0])
}

// kill ends a connection of the same user. By the time it is asked the server may
// have seen the end of it (ER_NO_SUCH_THREAD).
func kill(ctx context.Context, ci driver.Conn, id uint64) error {
	x, ok := ci.(driver.ExecerContext)
	if !ok {
		return errors.ErrUnsupported
	}
	_, err := x.ExecContext(ctx, "kill "+strconv.FormatUint(id, 10), nil)
	var me *mysql.MySQLError
	if errors.As(err, &me) && me.Number == 1094 {
		return nil
	}
	return err
}
