// This file reads the instruments back through the SDK's manual reader.

package otel_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/metrics/otel"
	"github.com/fluxor-db/fluxor/middleware"
)

// source answers with one snapshot.
type source metrics.Snapshot

func (s source) Snapshot() metrics.Snapshot { return metrics.Snapshot(s) }

// busy has a number in every field that is observed.
var busy = source{
	Retries: 1, Indeterminate: 2, Leaks: 3, SlowQueries: 4, Rows: 5, ActiveTransactions: 8,
	Refused: map[string]int64{"breaker": 9, "pool": 10}, BreakerState: "open",
	BreakerOverride: "forced open", BreakerOpened: 11,
	Limits: []metrics.Limit{{Policy: "rate limit", Max: 1000, Queued: 6}, {Policy: "backpressure", Max: 100, InUse: 12, Queued: 1}},
	Cache:  &cached,
	Pool:   metrics.Pool{MaxOpenConnections: 50, MaxIdleConnections: 10, InUse: 4, Idle: 3, Waiting: 2, AcquireTimeouts: 1},
}

// instruments are made on an SDK of their own, which collect reads.
func instruments(t *testing.T, s otel.Source, o otel.Options) (i *otel.Instruments, collect func() map[string]metricdata.Metrics) {
	t.Helper()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	i, err := otel.New(provider, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return i, func() map[string]metricdata.Metrics {
		var read metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &read); err != nil {
			t.Fatal(err)
		}
		all := map[string]metricdata.Metrics{}
		for _, scope := range read.ScopeMetrics {
			for _, m := range scope.Metrics {
				all[m.Name] = m
			}
		}
		return all
	}
}

// points writes a metric's values with their attributes, the pool's left out.
func points(t *testing.T, m metricdata.Metrics) string {
	t.Helper()
	var lines []string
	line := func(set attribute.Set, value any) {
		var own []string
		for _, kv := range set.ToSlice() {
			if kv.Key != "db.client.connection.pool.name" {
				own = append(own, kv.Value.AsString())
			}
		}
		lines = append(lines, strings.TrimSpace(strings.Join(own, ",")+" "+fmt.Sprint(value)))
	}
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, p.Value)
		}
	case metricdata.Sum[float64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, p.Value)
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, p.Value)
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			line(p.Attributes, fmt.Sprint(p.Count, " in ", p.Sum))
		}
	default:
		t.Fatalf("%s is a %T", m.Name, m.Data)
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestTheInstrumentsSayWhatTheSourceSays(t *testing.T) {
	i, collect := instruments(t, busy, otel.Options{Pool: "orders", System: "postgres", Namespace: "erp"})
	i.Record(t.Context(), middleware.OpQuery, metrics.Success, 2*time.Second)
	i.Record(t.Context(), middleware.OpQuery, metrics.Success, time.Second)
	i.Record(t.Context(), middleware.OpExec, metrics.Timeout, time.Second)
	i.Spent(t.Context(), metrics.Create, 1*time.Second)
	i.Spent(t.Context(), metrics.Wait, 2*time.Second)
	i.Spent(t.Context(), metrics.Use, 3*time.Second)
	i.Spent(t.Context(), metrics.Stage(99), time.Second)
	want := map[string]string{
		"db.client.operation.duration":          "erp,exec,postgresql,timeout 1 in 1; erp,query,postgresql 2 in 3",
		"db.client.connection.count":            "idle 3; used 4",
		"db.client.connection.max":              "50",
		"db.client.connection.idle.max":         "10",
		"db.client.connection.pending_requests": "2",
		"db.client.connection.timeouts":         "1",
		"db.client.connection.create_time":      "1 in 1",
		"db.client.connection.wait_time":        "1 in 2",
		"db.client.connection.use_time":         "1 in 3",
		"fluxor.breaker.state":                  "closed 0; half-open 0; open 1",
		"fluxor.breaker.forced":                 "closed 0; open 1",
		"fluxor.breaker.opened":                 "11",
		"fluxor.limit.max":                      "backpressure 100; rate limit 1000",
		"fluxor.limit.in_use":                   "backpressure 12; rate limit 0",
		"fluxor.limit.pending_requests":         "backpressure 1; rate limit 6",
		"fluxor.refused":                        "breaker 9; pool 10",
		"fluxor.retries":                        "1",
		"fluxor.indeterminate":                  "2",
		"fluxor.leaks":                          "3",
		"fluxor.slow_queries":                   "4",
		"fluxor.rows":                           "5",
		"fluxor.active_transactions":            "8",
	}
	maps.Copy(want, cachedSamples)
	got := collect()
	for name, wanted := range want {
		if m, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if p := points(t, m); p != wanted {
			t.Errorf("%s: %s, want %s", name, p, wanted)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is exported and not tested", name)
		}
	}
}

func TestTheScopeNamesThePackageAndTheConventions(t *testing.T) {
	reader := sdk.NewManualReader()
	if _, err := otel.New(sdk.NewMeterProvider(sdk.WithReader(reader)), busy, otel.Options{Pool: "orders"}); err != nil {
		t.Fatal(err)
	}
	var read metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &read); err != nil {
		t.Fatal(err)
	}
	scope := read.ScopeMetrics[0].Scope
	if scope.Name != "github.com/fluxor-db/fluxor/metrics/otel" || !strings.HasSuffix(scope.SchemaURL, "/1.43.0") {
		t.Errorf("got %+v", scope)
	}
	for _, m := range read.ScopeMetrics[0].Metrics {
		if data, ok := m.Data.(metricdata.Sum[int64]); ok {
			if pool, _ := data.DataPoints[0].Attributes.Value("db.client.connection.pool.name"); pool.AsString() != "orders" {
				t.Errorf("%s is of pool %q", m.Name, pool.AsString())
			}
		}
	}
}

func TestWhatIsUnlimitedOrAbsentIsNotObserved(t *testing.T) {
	_, collect := instruments(t, metrics.NewRecorder(0), otel.Options{})
	for name := range collect() {
		if strings.HasSuffix(name, "max") || strings.Contains(name, "breaker") || strings.Contains(name, "limit") || strings.Contains(name, "refused") || strings.Contains(name, "cache") {
			t.Errorf("%s is observed", name)
		}
	}
}

func TestCloseEndsTheObservation(t *testing.T) {
	i, collect := instruments(t, busy, otel.Options{})
	if len(collect()) == 0 {
		t.Fatal("nothing is observed before Close")
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if got := collect(); len(got) != 0 {
		t.Errorf("%d metrics after Close", len(got))
	}
	alone, _ := instruments(t, nil, otel.Options{})
	if err := alone.Close(); err != nil {
		t.Errorf("without a source: %v", err)
	}
}

func TestTheStagesOfASourceAreRecordedUntilClose(t *testing.T) {
	r := metrics.NewRecorder(0)
	i, collect := instruments(t, nil, otel.Options{})
	if err := i.Observe(r); err != nil {
		t.Fatal(err)
	}
	if err := i.Observe(r); err == nil {
		t.Error("a second source was taken")
	}
	r.Spent(metrics.Wait, 2*time.Second)
	if got := points(t, collect()["db.client.connection.wait_time"]); got != "1 in 2" {
		t.Errorf("got %s", got)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	r.Spent(metrics.Wait, 2*time.Second)
	if got := points(t, collect()["db.client.connection.wait_time"]); got != "1 in 2" {
		t.Errorf("after Close: %s", got)
	}
	if err := i.Observe(r); err != nil {
		t.Errorf("again after Close: %v", err)
	}
}

// run sends one operation down the chain and ends it with after.
func run(t *testing.T, i *otel.Instruments, op middleware.Op, answer, after error) {
	t.Helper()
	h := middleware.Chain(i.Middleware)
	c := middleware.Call{Op: op}
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return answer }))
	if err := h.Handle(t.Context(), &c); !errors.Is(err, answer) {
		t.Errorf("the chain says %v, the session said %v", err, answer)
	}
	c.Finish(after)
}

func TestTheMiddlewareRecordsHowOperationsEnd(t *testing.T) {
	i, collect := instruments(t, nil, otel.Options{System: "mysql"})
	run(t, i, middleware.OpExec, nil, nil)
	run(t, i, middleware.OpExec, driver.ErrBadConn, driver.ErrBadConn)
	run(t, i, middleware.OpExec, driver.ErrSkip, driver.ErrSkip)
	run(t, i, middleware.OpQuery, nil, nil)
	run(t, i, middleware.OpQuery, nil, context.DeadlineExceeded) // while rows were read
	run(t, i, middleware.OpQuery, io.EOF, io.EOF)
	data := collect()["db.client.operation.duration"].Data.(metricdata.Histogram[float64])
	var got []string
	for _, p := range data.DataPoints {
		op, _ := p.Attributes.Value("db.operation.name")
		kind, _ := p.Attributes.Value("error.type")
		got = append(got, fmt.Sprintf("%s %s %d", op.AsString(), kind.AsString(), p.Count))
	}
	slices.Sort(got)
	want := []string{"exec  1", "exec connection_error 1", "query  1", "query connection_error 1", "query timeout 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAQueryIsRecordedWhenItsRowsAreClosed(t *testing.T) {
	i, collect := instruments(t, nil, otel.Options{})
	c := middleware.Call{Op: middleware.OpQuery}
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return nil }))
	if err := middleware.Chain(i.Middleware).Handle(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if len(collect()) != 0 {
		t.Error("it is recorded while its rows are open")
	}
	c.Finish(nil)
	if len(collect()) != 1 {
		t.Error("it is not recorded when its rows are closed")
	}
}

func TestARecordAllocatesNothingOfItsOwn(t *testing.T) {
	silent, err := otel.New(noop.NewMeterProvider(), nil, otel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	loud, _ := instruments(t, nil, otel.Options{Pool: "orders", System: "postgres"})
	for name, i := range map[string]*otel.Instruments{"no SDK": silent, "the SDK": loud} {
		ctx, h := t.Context(), middleware.Chain(i.Middleware)
		c := middleware.Call{Op: middleware.OpQuery}
		c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return nil }))
		i.Spent(ctx, metrics.Wait, time.Second)
		if n := testing.AllocsPerRun(500, func() {
			i.Record(ctx, middleware.OpExec, metrics.Success, time.Second)
			i.Spent(ctx, metrics.Wait, time.Second)
			_ = h.Handle(ctx, &c) // it is nil
			c.Finish(nil)
		}); n != 0 {
			t.Errorf("over %s: %v allocations", name, n)
		}
	}
}
