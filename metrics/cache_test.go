// This file tests the counts of a query cache: intervals, ratio, order, text.

package metrics_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// cacheStates are the fields that say how a cache stands.
var cacheStates = []string{"Mode", "StaleMax", "Entries", "Dead", "Bytes", "Budget", "Doubts", "Sessions", "Schema", "SchemaFault"}

// filled is a cache with n in every number.
func filled(n int64) metrics.Cache {
	c := metrics.Cache{Mode: "all", Schema: "known"}
	for _, v := range reflect.ValueOf(&c).Elem().Fields() {
		switch {
		case v.CanInt():
			v.SetInt(n)
		case v.Kind() == reflect.Map:
			v.Set(reflect.ValueOf(map[string]int64{"code": n}))
		}
	}
	return c
}

func TestAnIntervalOfACacheSubtractsEveryCounterAndNoState(t *testing.T) {
	later, earlier := filled(10), filled(3)
	later.Misses["new"] = 1
	between := metrics.Snapshot{Cache: &later}.Sub(metrics.Snapshot{Cache: &earlier}).Cache
	for field, v := range reflect.ValueOf(*between).Fields() {
		want := "7"
		switch {
		case v.Kind() == reflect.String:
			continue
		case slices.Contains(cacheStates, field.Name):
			want = "10"
		case field.Name == "Misses":
			want = "map[code:7 new:1]"
		case v.Kind() == reflect.Map:
			want = "map[code:7]"
		}
		got := fmt.Sprint(v.Interface())
		if v.CanInt() {
			got = fmt.Sprint(v.Int())
		}
		if got != want {
			t.Errorf("%s is %s, want %s", field.Name, got, want)
		}
	}
	if later.Hits != 10 || later.Misses["code"] != 10 || earlier.Misses["code"] != 3 {
		t.Errorf("an interval changed what it was made of: %+v, %+v", later, earlier)
	}
}

func TestWithoutACacheASnapshotHasNone(t *testing.T) {
	var none *metrics.Cache
	s := metrics.NewRecorder(0).Snapshot()
	if s.Cache != nil || s.Sub(s).Cache != nil || none.On() || (&metrics.Cache{Mode: "off"}).On() || strings.Contains(s.String(), "cache") {
		t.Errorf("got %+v\n%v", s.Cache, s)
	}
	s.Cache = &metrics.Cache{Mode: "all", Hits: 3}
	if got := s.Sub(metrics.Snapshot{}).Cache; !got.On() || got.Hits != 3 {
		t.Errorf("since a time without it: %+v", got)
	}
}

func TestTheHitRatioIsThatOfQueriesInWhichTheCacheHadAPart(t *testing.T) {
	for name, row := range map[string]struct {
		c    metrics.Cache
		want float64
	}{
		"nothing":   {metrics.Cache{Bypasses: map[string]int64{"in-transaction": 9}}, 0},
		"all modes": {metrics.Cache{Hits: 5, Joined: 2, Stale: 1, Misses: map[string]int64{"not-there": 1, "expired": 1}, Bypasses: map[string]int64{"x": 90}}, .8},
		"an outage": {metrics.Cache{Hits: 3, Stale: 2, StaleOnError: 1, Misses: map[string]int64{"expired": 4}}, .625},
		"observing": {metrics.Cache{Would: 3, Misses: map[string]int64{"observed": 3, "not-there": 1}}, .75},
	} {
		if got := row.c.HitRatio(); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestReasonsAreInTheOrderOfHowOften(t *testing.T) {
	got := metrics.Top(map[string]int64{"b": 2, "a": 2, "none": 0, "most": 7})
	if want := []metrics.Count{{"most", 7}, {"a", 2}, {"b", 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestACacheIsALineOfTheText(t *testing.T) {
	s := metrics.NewRecorder(time.Second).Snapshot()
	s.Cache = &metrics.Cache{
		Mode: "all", Hits: 6, Joined: 1, Misses: map[string]int64{"not-there": 3}, Bypasses: map[string]int64{"in-transaction": 4},
		Entries: 2, Bytes: 900, Budget: 1000, Evicted: 1, Mismatches: 5,
	}
	const want = "\ncache        all: 70.0% of 10 queries answered, 4 without it; 2 answers in 900 of 1000 bytes, 1 evicted; 5 mismatches"
	if got := s.String(); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant at the end\n%s", got, want)
	}
}
