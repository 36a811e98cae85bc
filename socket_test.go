// This file tests that a unix socket is watched as a TCP connection is.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestAFrozenServerBehindAUnixSocketHangsNobody(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			s := b.start(t, dbtest.Options{})
			db := b.fluxor(t, s.OverSocket(), "fluxor_close_timeout=1s")
			holdConnections(t, db, 3)
			s.EndSessions(t, s.Database)
			mustExec(t, db, "create table w (n int)")
			c, tx := heldConn(t, db).(*sql.Conn), begin(t, db)
			s.Freeze(t)
			defer s.Thaw()
			ctx, cancel := context.WithTimeout(t.Context(), frozenContext)
			defer cancel()
			start := time.Now()
			_, err := c.ExecContext(ctx, "insert into w values (1)")
			if took := time.Since(start); !isIndeterminate(err) || !errors.Is(err, context.DeadlineExceeded) || took > 2*frozenLimit {
				t.Errorf("%v after %s", err, took)
			}
			start = time.Now()
			if _ = tx.Rollback(); time.Since(start) > 2*time.Second {
				t.Errorf("Rollback took %s", time.Since(start))
			}
		})
	}
}
