// This file changes the connectors of a page that is looked at.

package adminpage

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a connector that only counts.
type counted struct{ *metrics.Recorder }

func (counted) Diagnostics() health.Diagnostics {
	return health.Diagnostics{At: time.Now(), Breaker: health.Breaker{State: health.BreakerClosed}}
}

func connector(name string) admin.Named {
	return admin.Named{Name: name, Source: counted{metrics.NewRecorder(time.Second)}}
}

// rows are how many rows a view of the page has.
func rows(t *testing.T, p *Page, view string) int {
	t.Helper()
	var answer struct{ Rows []json.RawMessage }
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, view, http.NoBody))
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return len(answer.Rows)
}

func TestWhatWasRecordedOutlivesAChangeOfTheConnectors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New(admin.Options{})
		defer p.Close()
		orders := connector("orders")
		p.Show(orders)
		<-time.After(11 * time.Second)
		p.Show(orders, connector("stock"))
		if n := rows(t, p, "/connectors.json"); n != 2 {
			t.Errorf("%d connectors", n)
		}
		<-time.After(11 * time.Second)
		if all, stock := rows(t, p, "/history.json?connector=orders"), rows(t, p, "/history.json?connector=stock"); all != 4 || stock != 2 {
			t.Errorf("after 22 s %d samples of one connector, and after 11 s %d of the other", all, stock)
		}
		p.Close()
		<-time.After(time.Minute)
		if all := rows(t, p, "/history.json?connector=orders"); all != 4 {
			t.Errorf("%d samples a minute after it was closed", all)
		}
	})
}
