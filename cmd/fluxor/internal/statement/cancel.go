// This file takes a statement back from the server when it is given up.

package statement

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fluxor-db/fluxor"
)

// patience bounds the farewell to a statement that was given up.
const patience = 5 * time.Second

// session is what is needed to take a statement back from the server. lib/pq
// does it alone and waits for the server's word.
type session struct {
	id int64          // MySQL's number of the session, for KILL
	pg *pgconn.PgConn // pgx cancels while it closes, which has to be waited for
}

// sessionOf learns about the session of c before a statement is sent on it.
func sessionOf(ctx context.Context, c *sql.Conn, backend string) (s session, err error) {
	switch backend {
	case "mysql":
		err = c.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&s.id)
	case "pgx":
		err = fluxor.Raw(ctx, c, func(driverConn any) error {
			if conn, ok := driverConn.(*stdlib.Conn); ok {
				s.pg = conn.Conn().PgConn()
			}
			return nil
		})
	}
	return s, err
}

// cancel ends what the session still does. MySQL's protocol knows no
// cancellation, and a server that waits or works does not notice that its
// client has left. Errors mean that the session is gone, or out of reach.
func (s session) cancel(db *sql.DB) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if s.id != 0 {
		_, _ = db.ExecContext(ctx, fmt.Sprintf("KILL %d", s.id))
	}
	if s.pg != nil && s.pg.IsClosed() {
		select {
		case <-s.pg.CleanupDone():
		case <-ctx.Done():
		}
	}
}
