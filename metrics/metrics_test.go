// This file tests what a recorder counts, and what a snapshot makes of it.

package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

func TestASnapshotCountsQueriesAndNoOtherOperations(t *testing.T) {
	r := metrics.NewRecorder(time.Second)
	r.Record(middleware.OpQuery, metrics.Success, 10*time.Millisecond)
	r.Record(middleware.OpExec, metrics.Success, 30*time.Millisecond)
	r.Record(middleware.OpExec, metrics.ServerError, 2*time.Second)
	r.Record(middleware.OpQuery, metrics.Refused, 0)
	r.Record(middleware.OpBegin, metrics.Success, time.Hour)
	r.Record(middleware.OpCommit, metrics.Indeterminate, time.Hour)
	s := r.Snapshot()
	if s.TotalQueries != 4 || s.SuccessfulQueries != 2 || s.FailedQueries != 2 || s.SuccessRate != 50 {
		t.Errorf("%d queries, %d well, %d failed, rate %v", s.TotalQueries, s.SuccessfulQueries, s.FailedQueries, s.SuccessRate)
	}
	if want := 2040 * time.Millisecond / 3; s.AverageQueryTime != want {
		t.Errorf("the average is %v, want %v: a refusal takes no time and is left out", s.AverageQueryTime, want)
	}
	if s.MaxQueryTime != 2*time.Second || s.SlowQueries != 1 {
		t.Errorf("longest %v, slow %d", s.MaxQueryTime, s.SlowQueries)
	}
	if s.Indeterminate != 1 {
		t.Errorf("%d indeterminate, want the commit", s.Indeterminate)
	}
}

func TestWithoutAQueryAllSucceeded(t *testing.T) {
	s := metrics.NewRecorder(0).Snapshot()
	if s.SuccessRate != 100 || s.TotalQueries != 0 || s.P99 != 0 || s.Refused == nil {
		t.Errorf("got %+v", s)
	}
}

func TestEveryCounterReachesTheSnapshot(t *testing.T) {
	r := metrics.NewRecorder(0)
	r.Retry()
	r.Rows(12)
	r.Leak()
	r.TxBegan()
	r.TxBegan()
	r.TxEnded()
	r.Refuse("breaker")
	r.Refuse("pool")
	r.Refuse("pool")
	r.Spent(metrics.Create, time.Second)
	r.Spent(metrics.Wait, 2*time.Second)
	r.Spent(metrics.Use, 3*time.Second)
	s := r.Snapshot()
	got := fmt.Sprint(s.Retries, s.Rows, s.Leaks, s.ActiveTransactions, s.Refused, s.CreateTime.Max, s.WaitTime.Max, s.UseTime.Max)
	if want := "1 12 1 1 map[breaker:1 pool:2] 1s 2s 3s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStagesAreToldToWhoAsksUntilHeStops(t *testing.T) {
	r := metrics.NewRecorder(0)
	if r.Watched() {
		t.Error("nobody asked, and it is watched")
	}
	r.Spent(metrics.Use, time.Second)
	var heard []string
	ask := func(who string) func() {
		return r.OnStage(func(s metrics.Stage, took time.Duration) { heard = append(heard, fmt.Sprint(who, s, took)) })
	}
	first := ask("first ")
	if !r.Watched() {
		t.Error("somebody asked, and it is not watched")
	}
	second := ask("second ")
	r.Spent(metrics.Wait, 2*time.Second)
	r.Spent(metrics.Stage(200), time.Second)
	first()
	first()
	r.Spent(metrics.Create, -time.Second)
	second()
	r.Spent(metrics.Use, time.Second)
	if want := []string{"first 1 2s", "second 1 2s", "second 0 0s"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	if s := r.Snapshot(); s.UseTime.Count != 2 {
		t.Errorf("%d uses were counted", s.UseTime.Count)
	}
}

func TestASnapshotMakesARecorderWatched(t *testing.T) {
	r := metrics.NewRecorder(0)
	r.Snapshot()
	if !r.Watched() {
		t.Error("it is not")
	}
}

func TestNoThresholdMakesNothingSlow(t *testing.T) {
	r := metrics.NewRecorder(-1)
	r.Record(middleware.OpQuery, metrics.Success, time.Hour)
	if s := r.Snapshot(); s.SlowQueries != 0 {
		t.Errorf("%d are slow", s.SlowQueries)
	}
}

func TestWhatTheFutureBringsIsCountedAsUnknown(t *testing.T) {
	r := metrics.NewRecorder(0)
	r.Record(middleware.Op(200), metrics.Outcome(200), -time.Second)
	r.Spent(metrics.Stage(200), time.Second)
	s := r.Snapshot()
	if len(s.Operations) != 1 || s.Operations[0].Op != 0 || s.Operations[0].Outcome != metrics.ServerError || s.Operations[0].Took.Sum != 0 {
		t.Errorf("got %+v", s.Operations)
	}
	if got := metrics.Outcome(200).String(); got != "server_error" {
		t.Errorf("an outcome of the future is called %q", got)
	}
}

func TestPoliciesAreBound(t *testing.T) {
	r := metrics.NewRecorder(0)
	for i := range 1000 {
		r.Refuse(fmt.Sprint("policy ", i))
	}
	refused := r.Snapshot().Refused
	sum := int64(0)
	for _, n := range refused {
		sum += n
	}
	if len(refused) != 33 || sum != 1000 || refused["other"] != 968 {
		t.Errorf("%d policies, %d refusals, %d of others", len(refused), sum, refused["other"])
	}
}

func TestNothingIsLostWhenManyRecordAtOnce(t *testing.T) {
	r := metrics.NewRecorder(time.Second)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 5_000 {
				r.Record(middleware.Op(i%7+1), metrics.Outcome((i+w)%3), time.Duration(i)*time.Microsecond)
				r.Refuse(fmt.Sprint(i % 10))
				if i%1000 == 0 {
					r.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	s := r.Snapshot()
	counted, refused := int64(0), int64(0)
	for _, o := range s.Operations {
		counted += o.Took.Count
	}
	for _, n := range s.Refused {
		refused += n
	}
	if counted != 40_000 || refused != 40_000 {
		t.Errorf("%d operations and %d refusals of 40000", counted, refused)
	}
}

func TestARecordAllocatesNothing(t *testing.T) {
	r := metrics.NewRecorder(time.Microsecond)
	r.Record(middleware.OpQuery, metrics.Success, time.Second)
	r.Refuse("pool")
	r.Spent(metrics.Wait, 1)
	if n := testing.AllocsPerRun(1000, func() {
		r.Record(middleware.OpQuery, metrics.Success, time.Second)
		r.Refuse("pool")
		r.Spent(metrics.Wait, time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAnIntervalIsWhatARecorderOfItAloneWouldSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole, alone := metrics.NewRecorder(time.Millisecond), metrics.NewRecorder(time.Millisecond)
		run := func(r ...*metrics.Recorder) {
			data := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // the same data in each run
			for i := range 2_000 {
				took := time.Duration(data.ExpFloat64() * 2e6)
				for _, r := range r {
					r.Record(middleware.Op(i%5+1), metrics.Outcome(i%4), took)
					r.Rows(2)
					r.Retry()
					r.Refuse("limit")
					r.Spent(metrics.Use, time.Millisecond)
				}
			}
		}
		whole.Record(middleware.OpPing, metrics.Canceled, time.Second)
		run(whole)
		first := whole.Snapshot()
		<-time.After(time.Minute)
		run(whole, alone)
		whole.Record(middleware.OpQuery, metrics.Success, time.Second)
		alone.Record(middleware.OpQuery, metrics.Success, time.Second)

		got, want := whole.Snapshot().Sub(first), alone.Snapshot()
		if got.At.Sub(got.Since) != time.Minute {
			t.Errorf("the interval is %v, want a minute", got.At.Sub(got.Since))
		}
		got.Since, want.Since = time.Time{}, time.Time{}
		if got.String() != want.String() || got.Rows != want.Rows || got.UseTime.Count != want.UseTime.Count {
			t.Errorf("the interval:\n%v\nalone:\n%v", got, want)
		}
		if len(got.Operations) != len(want.Operations) {
			t.Errorf("%d operations, want %d: the ping came before", len(got.Operations), len(want.Operations))
		}
	})
}

// states are what a snapshot says of the moment, and not of a time; computed
// follows from Operations.
var (
	states = []string{
		"ActiveTransactions", "MaxOpenConnections", "MaxIdleConnections", "OpenConnections", "InUse", "Idle", "Waiting",
	}
	computed = []string{
		"TotalQueries", "SuccessfulQueries", "FailedQueries", "SuccessRate", "AverageQueryTime", "MaxQueryTime",
		"P50", "P90", "P95", "P99", "P999", "Indeterminate",
	}
)

// numbers are a snapshot's numeric fields by name.
func numbers(s *metrics.Snapshot) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(*s)) {
		if v := reflect.ValueOf(s).Elem().FieldByIndex(field.Index); v.CanInt() && !slices.Contains(computed, field.Name) {
			all[field.Name] = v
		}
	}
	return all
}

func TestAnIntervalSubtractsEveryCounterAndNoState(t *testing.T) {
	earlier := metrics.Snapshot{Refused: map[string]int64{"pool": 3}}
	later := metrics.Snapshot{Refused: map[string]int64{"pool": 10, "breaker": 1}, BreakerState: "open"}
	for name, v := range numbers(&later) {
		v.SetInt(10)
		numbers(&earlier)[name].SetInt(3)
	}
	between := later.Sub(earlier)
	for name, v := range numbers(&between) {
		want := int64(7)
		if slices.Contains(states, name) {
			want = 10
		}
		if v.Int() != want {
			t.Errorf("%s is %d, want %d", name, v.Int(), want)
		}
	}
	if got := fmt.Sprint(between.Refused, later.Refused, earlier.Refused, between.BreakerState); got != "map[breaker:1 pool:7] map[breaker:1 pool:10] map[pool:3]open" {
		t.Errorf("refused in between, later, earlier: %s", got)
	}
	if got := (metrics.Snapshot{}).Sub(earlier); got.SuccessRate != 100 || got.Refused == nil {
		t.Errorf("from nothing: %+v", got)
	}
}

func TestASnapshotReadsAsText(t *testing.T) {
	r := metrics.NewRecorder(time.Second)
	r.Record(middleware.OpQuery, metrics.Success, 1234567*time.Nanosecond)
	r.Refuse("breaker")
	s := r.Snapshot()
	s.At = s.Since.Add(90 * time.Second)
	s.BreakerState, s.BreakerOverride = "open", "forced open"
	s.OpenConnections, s.InUse, s.Idle, s.Waiting, s.WaitCount, s.WaitDuration = 3, 2, 1, 4, 5, time.Second
	want := strings.Join([]string{
		"queries      1 in 1m30s, 100.00% ok, 0 failed, 0 slow",
		"query time   average 1.23ms, p50 1.22ms, p90 1.22ms, p95 1.22ms, p99 1.22ms, p99.9 1.22ms, longest 1.23ms",
		"connections  3 open, 2 in use, 1 idle, 4 waiting; 5 waited 1s in all",
		"trouble      0 retries, 0 indeterminate, 0 leaks, refused 1 by breaker; breaker open (forced open)",
	}, "\n")
	if got := s.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
