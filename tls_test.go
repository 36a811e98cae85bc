// This file repeats the lost replies and killed connections over TLS, where the shim sees records and not messages.

package fluxor_test

import (
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// isInsert tells the proxy which records of TLS carry the test's statement, by
// their size: for each connection that it loses, pgx opens another one to send
// a cancel request, which is shorter; the end of a handshake is longer.
func isInsert(record []byte) bool {
	const applicationData, wrapping, cancelRequest, finished = 0x17, 5 + 1 + 16, 16, 4 + 32
	return record[0] == applicationData && len(record) > wrapping+cancelRequest && len(record) < wrapping+finished
}

func TestALostReplyOverTLSIsIndeterminate(t *testing.T) {
	const replies = 50
	for _, b := range networkBackends {
		for name, end := range map[string]faultproxy.End{"FIN": faultproxy.FIN, "RST": faultproxy.RST} {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				target, direct, proxy := b.behindProxy(t, "n int")
				db := b.fluxor(t, target, target.VerifyFull()...)
				for i := range replies {
					c, err := db.Conn(t.Context())
					if err == nil {
						err = c.PingContext(t.Context()) // the connection stands
					}
					if err != nil {
						t.Fatal(err)
					}
					proxy.CutOnReply(1, end, isInsert)
					_, err = c.ExecContext(t.Context(), fmt.Sprintf("insert into w values (%d)", i))
					_ = c.Close()
					if !isIndeterminate(err) {
						t.Fatalf("insert %d: %v, want an indeterminate error", i, err)
					}
				}
				rows, distinct := countRows(t, direct)
				if cuts := proxy.Counters().Cuts; rows != replies || distinct != replies || cuts != replies {
					t.Errorf("%d rows, %d distinct, %d cuts; want %d of each", rows, distinct, cuts, replies)
				}
			})
		}
	}
}

func TestKilledIdleConnectionsOverTLSAreNotNoticed(t *testing.T) {
	for _, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := b.share(t)
			target := s.NewDatabase(t)
			db := b.fluxor(t, target, target.VerifyFull()...)
			for range 5 {
				holdConnections(t, db, 4)
				s.EndSessions(t, target.Database)
				for range 20 {
					mustExec(t, db, "create temporary table if not exists w (n int)")
				}
			}
		})
	}
}
