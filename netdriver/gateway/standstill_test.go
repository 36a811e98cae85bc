// This file tests a gateway whose audit log stands still: who waits for it holds nothing, and nothing is lost.

package gateway_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// standing is a log whose disk stands still until it is closed.
type standing struct {
	heard
	still chan struct{}
}

func (s *standing) Write(p []byte) (int, error) {
	<-s.still
	return s.heard.Write(p)
}

func TestWhoWaitsForAnAuditLogThatStandsStillHoldsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	const records = 1100 // more than may wait
	disk := &standing{still: make(chan struct{})}
	db := connector(t, dbtest.SQLite(t))
	conf := config(db)
	conf.Audit = disk
	s := serve(t, conf)
	release := sync.OnceFunc(func() { close(disk.still) })
	t.Cleanup(release) // before the gateway ends, which waits for it
	web := pages(t, s, gateway.AdminPages{})
	c := login(t, s)
	answered := make(chan int64, records)
	go func() { // ends with the disk's standstill
		for range records {
			answered <- c.query("select 1").value(t).(int64)
		}
		close(answered)
	}()
	seen := -1
	dbtest.WaitUntil(t, "the session waits", func() bool {
		before := seen
		seen = len(answered)
		return seen > records/2 && seen == before && db.PoolStats().Used == 0 && s.Clients()[0].State == "active"
	})
	if code, body := visit(t, http.MethodGet, web.URL+"/livez"); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	release()
	n := 0
	for one := range answered {
		n += int(one)
	}
	_ = c.conn.Close()
	_ = s.Close()
	if all := disk.records(t); n != records || len(all) != records+2 || s.AuditLost() != 0 {
		t.Errorf("%d answers, %d records, %d lost", n, len(all), s.AuditLost())
	}
}
