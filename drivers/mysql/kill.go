// This file ends statements whose connection the driver has closed.

package mysql

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/internal/netshim"
)

// A connection's number is unique while the server runs, no longer: it begins
// anew after a restart, and another server at the same address counts by itself.
// The client's address and port, as the server sees them, and the server's own
// name and port tell those connections apart; where the server sees none, behind a Unix socket, the number stands alone.
// A server shows every user his own connections in the process list.
//
// A proxy that speaks the protocol (ProxySQL, MaxScale) greets with a number of
// its own, may carry each statement over another connection of its own to the
// server, and takes KILL for itself. There no number says what to end.

// identify asks for the connection's number, which the driver keeps to itself,
// and for its client.
func identify(ctx context.Context, ci driver.Conn) (name string, err error) {
	name, err = text(ctx, ci, "select concat(id, ' ', host, ' ', "+server+") from information_schema.processlist where id = connection_id()")
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(name, " ")
	n, err := strconv.ParseUint(id, 10, 64)
	if greeting := netshim.LineOf(ctx).Greeting(); err == nil && greeting != nil && uint32(n) != greeted(greeting) { //nolint:gosec // the greeting has its lower half
		return "", errors.New("fluxor: the server's number of the connection is not the one it was greeted with: a proxy stands in between, through which nothing can be ended for sure")
	}
	return name, err
}

// greeted is the number of the connection in the server's first packet: a head of
// four bytes, the protocol's version, the server's version and a zero before it;
// 0, which no connection has, if it is another packet.
func greeted(packet []byte) uint32 {
	if len(packet) < 5 || packet[4] != 10 {
		return 0
	}
	_, after, _ := bytes.Cut(packet[5:], []byte{0})
	if len(after) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(after)
}

// server is what a server calls itself, for those that stand behind one address.
const server = "@@hostname, ':', @@port"

// kill ends a connection of the same user. By the time it is asked the server may
// have seen the end of it (ER_NO_SUCH_THREAD).
func kill(ctx context.Context, ci driver.Conn, name string) error {
	id, was, _ := strings.Cut(name, " ")
	now, err := text(ctx, ci, "select concat(coalesce((select host from information_schema.processlist where id = "+id+"), ''), ' ', "+server+")")
	if err != nil {
		return err
	}
	host, at, _ := strings.Cut(now, " ")
	if _, wasAt, _ := strings.Cut(was, " "); at != wasAt {
		return fmt.Errorf("fluxor: the connection %s is one of the server %s, and %s answers at the same address", id, wasAt, at)
	}
	if host == "" {
		return nil // it is gone
	}
	if now != was {
		return fmt.Errorf("fluxor: the connection %s is another one now (%s, not %s): the server has restarted", id, now, was)
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
