// This file tests that a client which cannot take more rows now, and says so, keeps its request.

package gateway

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const (
	patience = 30 * time.Second // of the gateway's
	quiet    = 20 * time.Second // between two words of the client's
)

// talks is an inbox whose request 1 has used its window, and the client's end.
func talks(t *testing.T) (b *inbox, far net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	b = newInbox(near, wire.NewReader(near, wire.Limits{}), &budget{most: 1 << 20}, func(p any) { t.Error(p) })
	b.stall = patience
	b.begin(1, 10, nil)
	b.spend(20)
	t.Cleanup(func() {
		b.end()
		b.close()
		_, _ = near.Close(), far.Close()
	})
	return b, far
}

// credit is a message that gives request 1 n bytes.
func credit(n int64) []byte {
	var out wire.Buffer
	out.Add(wire.TypeCredit, 1, &wire.Credit{N: n}, wire.JSON)
	return out.Bytes()
}

// says sends a credit of each number, after a silence each.
func says(t *testing.T, far net.Conn, credits ...int64) {
	for _, n := range credits {
		<-time.After(quiet)
		if _, err := far.Write(credit(n)); err != nil {
			t.Error(err)
		}
	}
}

func TestACreditOfNothingKeepsARequestThatWaitsForRoom(t *testing.T) {
	for name, row := range map[string]struct {
		credits []int64
		want    error
		after   time.Duration
	}{
		"it takes the rows at last": {[]int64{0, 0, 0, 100}, nil, 4 * quiet},
		"it gives too little":       {[]int64{5, 5, 5}, nil, 3 * quiet},
		"it falls silent":           {[]int64{0, 0}, errNoCredit, 2*quiet + patience},
		"it never spoke":            {nil, errNoCredit, patience},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, far := talks(t)
				begin := time.Now()
				go says(t, far, row.credits...)
				err := b.awaitCredit(context.Background(), patience)
				if took := time.Since(begin); !errors.Is(err, row.want) || took != row.after {
					t.Errorf("%v after %v, want %v after %v", err, took, row.want, row.after)
				}
			})
		})
	}
}

func TestACreditOfNothingKeepsAWriteThatTheClientDoesNotTakeYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, far := talks(t)
		out := outbox{conn: b.conn, stall: patience, memory: b.memory}
		written := make(chan error)
		go func() {
			out.add(wire.TypePong, 1, &wire.Empty{})
			written <- out.flush()
		}()
		says(t, far, 0, 0, 0)
		if m, err := wire.NewReader(far, wire.Limits{}).Next(); err != nil || m.Type != wire.TypePong {
			t.Errorf("a %s, %v", m.Type, err)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
}

func TestACreditKeepsNoRequestThatIsKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, far := talks(t)
		b.kill()
		_ = b.conn.SetWriteDeadline(time.Now().Add(parting))
		go func() {
			<-time.After(parting / 2)
			_, _ = far.Write(credit(0))
		}()
		begin := time.Now()
		_, err := b.conn.Write([]byte("nobody takes this"))
		if took := time.Since(begin); err == nil || took != parting {
			t.Errorf("%v after %v", err, took)
		}
	})
}
