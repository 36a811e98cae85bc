// This file tests that what was done is told as done, whatever memory is left.

package gateway

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// poor is a session of a gateway whose memory others use, and a request that is
// done.
func poor() (*session, *call) {
	s := &session{out: &outbox{memory: new(budget)}}
	s.lease.about = backend.Backend{Classify: backend.Common}
	return s, &call{id: 7, ctx: context.Background(), sent: true, done: true}
}

func TestWhatWasDoneIsToldWithoutMemory(t *testing.T) {
	s, c := poor()
	if err := s.answer(c, &wire.End{}); err != nil || s.out.Len() == 0 {
		t.Errorf("%d bytes, %v", s.out.Len(), err)
	}
}

func TestOutValuesForWhichThereIsNoMemoryAskNobodyToRepeat(t *testing.T) {
	s, c := poor()
	err := s.answer(c, &wire.End{Out: []driver.NamedValue{{Ordinal: 1, Value: "x"}}})
	if err == nil {
		t.Fatal("they were sent")
	}
	if m := s.fault(c, err); m.Kind != wire.ErrorTooLarge || m.Applied != wire.AppliedYes || m.Retryable {
		t.Errorf("got %+v", m)
	}
}
