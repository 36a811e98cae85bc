// This file looks at what the program itself remembers for the plots, in virtual time.

package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/metrics"
)

// sampleRow is a row of /history.json.
type sampleRow struct {
	Connector string `json:"connector"`
	admin.Sample
}

// samples asks for the rows of the history.
func samples(t *testing.T, h http.Handler, query string) []sampleRow {
	t.Helper()
	var view struct{ Rows []sampleRow }
	w := get(t, h, http.MethodGet, "/history.json"+query)
	if err := json.Unmarshal(w.Body.Bytes(), &view); err != nil || w.Code != http.StatusOK || view.Rows == nil {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
	return view.Rows
}

func TestTheHistoryBeginsBeforeSomebodyLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		orders, stock := newSource(closed()), newSource(closed())
		orders.record(1000, metrics.Success) // before anybody records
		h := admin.New(admin.Named{Name: "orders", Source: orders}, admin.Named{Name: "stock", Source: stock})
		if rows := samples(t, h, ""); len(rows) != 0 {
			t.Fatalf("%d samples, and nobody records", len(rows))
		}
		go h.Record(t.Context())
		synctest.Wait()
		orders.record(40, metrics.Success)
		orders.record(10, metrics.ServerError)
		<-time.After(11 * time.Second)
		rows := samples(t, h, "")
		if len(rows) != 4 || len(samples(t, h, "?connector=stock")) != 2 {
			t.Fatalf("%d samples of two connectors after 11 s", len(rows))
		}
		first, quiet := rows[0], rows[1]
		if first.Connector != "orders" || first.Seconds != 5 || first.PerSecond != 10 || first.FailedPerSecond != 2 || first.P99Seconds == nil || *first.P99Seconds <= 0 {
			t.Errorf("the first sample is %+v", first)
		}
		if first.Used != 12 || first.MaxOpen != 50 || first.HitPercent != nil {
			t.Errorf("the first sample has the load %+v", first)
		}
		if quiet.PerSecond != 0 || quiet.P50Seconds != nil || quiet.Time.Sub(first.Time) != 5*time.Second {
			t.Errorf("then comes %+v", quiet)
		}
	})
}

func TestTheHistoryReachesBackAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.New(admin.Named{Source: newSource(closed())})
		go h.Record(t.Context())
		<-time.After(time.Hour + time.Second)
		rows := samples(t, h, "")
		if len(rows) != 181 || time.Since(rows[0].Time) != 15*time.Minute+time.Second {
			t.Errorf("%d samples, the oldest of %v", len(rows), rows[0].Time)
		}
		if !slices.IsSortedFunc(rows, func(a, b sampleRow) int { return a.Time.Compare(b.Time) }) {
			t.Error("they are not in order")
		}
	})
}

func TestAnotherHandlerGoesOnWithTheHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := admin.Options{History: new(admin.History)}
		before := admin.NewWith(o, admin.Named{Name: "orders", Source: newSource(closed())}, admin.Named{Name: "gone", Source: newSource(closed())})
		ended := make(chan struct{})
		go func() {
			before.Record(context.Background())
			close(ended)
		}()
		<-time.After(11 * time.Second)
		before.Close()
		<-ended
		anew := newSource(closed()) // it counts from 0 again
		h := admin.NewWith(o, admin.Named{Name: "orders", Source: anew})
		anew.record(3, metrics.Success)
		go h.Record(t.Context())
		<-time.After(6 * time.Second)
		rows := samples(t, h, "")
		if len(rows) != 3 || rows[2].PerSecond != 0.6 || rows[2].Seconds != 5 {
			t.Errorf("got %+v", rows)
		}
		<-time.After(16 * time.Minute)
		if all := samples(t, admin.NewWith(o, admin.Named{Name: "gone", Source: anew}), ""); len(all) != 0 {
			t.Errorf("%d samples of a connector that is gone", len(all))
		}
	})
}

func TestTwoWhoRecordAtOnceTakeNoMoreSamples(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.New(admin.Named{Source: newSource(closed())})
		for range 3 {
			go h.Record(t.Context())
			<-time.After(time.Second)
		}
		<-time.After(time.Minute)
		if n := len(samples(t, h, "")); n < 12 || n > 13 {
			t.Errorf("%d samples in 63 s", n)
		}
	})
}

func TestAHistoryKnowsTheShareOfTheCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, s := admin.Options{History: new(admin.History)}, newSource(closed())
		for _, hits := range []int64{1, 4, 4} { // each counted when 5 s have passed
			cache := metrics.Cache{Mode: "all", Hits: hits, Misses: map[string]int64{"not-there": hits / 4}}
			h := admin.NewWith(o, admin.Named{Source: &caching{s, cache}})
			ctx, stop := context.WithCancel(t.Context())
			stop()
			h.Record(ctx)
			<-time.After(5 * time.Second)
		}
		rows := samples(t, admin.NewWith(o, admin.Named{Source: s}), "")
		if len(rows) != 2 || rows[0].HitPercent == nil || *rows[0].HitPercent != 75 || rows[1].HitPercent != nil {
			t.Errorf("got %+v", rows)
		}
	})
}
