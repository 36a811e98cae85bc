// This file tests what a visit of the admin pages leaves, and ends with.

package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

func TestTheOperationThatEndsTheGatewayIsRecorded(t *testing.T) {
	t.Parallel()
	log := &heard{}
	var s *served
	closed := make(chan struct{})
	s = sqlite(t, withRole(gateway.RoleAdmin), func(c *gateway.Config) {
		c.Audit = log
		c.Operations.Drain = func() {
			go func() { // ends with the test
				_ = s.Close()
				close(closed)
			}()
			for s.Ready() == nil {
				<-time.After(time.Millisecond)
			}
		}
	})
	web := pages(t, s, gateway.AdminPages{})
	if code, body := visit(t, http.MethodPost, web.URL+"/admin/drain", as("app", token)); code != http.StatusOK {
		t.Errorf("got %d %s", code, body)
	}
	<-closed
	if all := log.records(t); len(all) != 1 || all[0].Op != "drain" || all[0].Outcome != "ok" {
		t.Errorf("got %+v", all)
	}
}
