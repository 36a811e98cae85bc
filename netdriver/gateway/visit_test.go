// This file tests what a visit of the admin pages leaves, and ends with.

package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// watching is a visitor of a page that goes on until somebody ends it; over tells that.
func watching(t *testing.T, s *served) (over <-chan int) {
	t.Helper()
	began, ended := make(chan struct{}), make(chan int, 1)
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		close(began)
		<-r.Context().Done()
	})
	web := pages(t, s, gateway.AdminPages{Page: page})
	go func() { // ends with the page, or with the test's server
		code, _ := visit(t, http.MethodGet, web.URL+"/api/events", as("app", token))
		ended <- code
	}()
	<-began
	return ended
}

func TestAVisitOfTheAdminPagesEndsWithWhatAllowsIt(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*gateway.User){
		"the user is gone":  func(u *gateway.User) { u.Name = "other" },
		"another token":     func(u *gateway.User) { u.Tokens = []gateway.Token{gateway.HashToken("another")} },
		"no role":           func(u *gateway.User) { u.Role = gateway.RoleNone },
		"the token expires": func(u *gateway.User) { u.Tokens[0].Expires = time.Now().Add(time.Second) },
		"the user expires":  func(u *gateway.User) { u.Expires = time.Now().Add(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sqlite(t, withRole(gateway.RoleMonitor))
			over := watching(t, s)
			u := gateway.User{Name: "app", Role: gateway.RoleMonitor, Tokens: []gateway.Token{gateway.HashToken(token)}}
			change(&u)
			if err := s.SetUsers([]gateway.User{u}); err != nil {
				t.Fatal(err)
			}
			if code := <-over; code != http.StatusOK {
				t.Errorf("got %d", code)
			}
		})
	}
}

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
