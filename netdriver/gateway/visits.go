// This file is the visits of the admin pages by people who are known: an operation is recorded, also the one that ends the gateway, and a page ends with what allows it.

package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// visits are the operations over HTTP that run.
type visits struct {
	mu   sync.Mutex // protects over, and that none begins once Close waits; a leaf
	over bool
	run  sync.WaitGroup
}

// begin is false where the gateway has ended.
func (v *visits) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return false
	}
	v.run.Add(1)
	return true
}

// close lets none begin any more and waits for those that run; not for long, for a
// reload may stand still.
func (v *visits) close() {
	v.mu.Lock()
	v.over = true
	v.mu.Unlock()
	ended := make(chan struct{})
	go func() { // ends with the visits, or with the process where those stand still
		v.run.Wait()
		close(ended)
	}()
	late := time.NewTimer(parting)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
	}
}

// errVisit ends what a visitor waits for.
var errVisit = refused{wire.ErrorShutdown, errEnd.Error()}

// visited carries out an operation over HTTP and records it.
func (s *Server) visited(ctx context.Context, user, address, op string, args map[string]string) (json.RawMessage, error) {
	if !s.visits.begin() {
		return nil, errVisit
	}
	defer s.visits.run.Done()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(s.life, func() { stop(errVisit) })()
	began := time.Now()
	answer, err := s.adminFor(ctx, user, address, op, args)
	s.auditVisit(user, address, op, began, err)
	return answer, err
}

// mayStay is how often is looked whether who reads a page may still do so.
const mayStay = time.Second

// whileMonitor is the request's context, which also ends when who asks is no monitor any
// more by what the request shows: a stream of events may be read for days.
func (s *Server) whileMonitor(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancel(r.Context())
	_, find := credentials(r)
	go func() { // ends with the request
		defer end()
		look := time.NewTicker(mayStay)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-look.C:
				if u := find(s.users.Load(), now); u == nil || !u.may(now) || !u.Role.may(RoleMonitor) {
					return
				}
			}
		}
	}()
	return ctx, end
}
