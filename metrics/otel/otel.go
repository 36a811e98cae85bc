// This file makes the instruments and records operations on them.

// Package otel exports what a connector does through OpenTelemetry's metrics:
//
//	i, err := otel.New(meterProvider, nil, otel.Options{Pool: "orders", System: "postgres"})
//	...
//	defer i.Close()
//	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Middleware: []middleware.Middleware{i.Middleware}})
//	...
//	err = i.Observe(c)
//
// The instruments are those of the semantic conventions for database clients,
// version 1.43: db.client.operation.duration, which is stable, and
// db.client.connection.*, which is in development there; and Fluxor's own.
// docs/METRICS.md lists them all. The package needs OpenTelemetry's API alone:
// the application chooses the SDK and hands in its provider.
package otel

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/dbconv"

	"github.com/fluxor-db/fluxor/internal/otelname"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/middleware"
)

// scope names the instruments' meter.
const scope = "github.com/fluxor-db/fluxor/metrics/otel"

// Source is what is observed: a connector or a recorder. Snapshot is called
// once per collection, from any goroutine.
type Source interface {
	Snapshot() metrics.Snapshot
}

// StageSource is a source that tells how long connections take to open, are waited
// for and are held: a connector or a recorder. [New] has it told to the
// instruments.
type StageSource interface {
	Source
	// OnStage has f called for each stage until stop is called.
	OnStage(f func(s metrics.Stage, took time.Duration)) (stop func())
}

// Options are attributes of all measurements.
type Options struct {
	// Pool is db.client.connection.pool.name: the name of the connector in this
	// program.
	Pool string
	// System is the backend's type, such as "postgres", of which db.system.name
	// is made.
	System string
	// Namespace is db.namespace, the database's name; "" leaves it out.
	Namespace string
}

// The kinds of operations and the outcomes, the last ones included.
const (
	ops      = int(middleware.OpRollback) + 1
	outcomes = int(metrics.Indeterminate) + 1
)

// Instruments are what one connector's measurements are recorded on. All
// methods may be called at once. What Fluxor does of its own allocates nothing
// per measurement.
type Instruments struct {
	operation metric.Float64Histogram
	stages    [3]metric.Float64Histogram

	// Attributes are made once: an option per kind of operation and outcome.
	operationWith [ops][outcomes][]metric.RecordOption
	stageWith     []metric.RecordOption

	meter metric.Meter
	pool  attribute.Set

	mu     sync.Mutex          // protects what follows; OnStage, stop and the meter are called under it
	watch  metric.Registration // nil without a source
	untold func()              // ends what a StageSource tells; nil without one
}

// New makes the instruments on a meter of provider's. Where source is not nil
// it is observed; a connector whose configuration needs the instruments is
// observed with [Instruments.Observe] once it is made.
func New(provider metric.MeterProvider, source Source, o Options) (*Instruments, error) {
	meter := provider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	i := &Instruments{meter: meter, pool: poolSet(o)}
	if err := i.makeHistograms(meter); err != nil {
		return nil, err
	}
	i.makeAttributes(o)
	if source == nil {
		return i, nil
	}
	return i, i.Observe(source)
}

// Observe observes source until [Instruments.Close], with the stages of its
// connections' lives where it is a [StageSource]. It is an error to observe a
// second one.
func (i *Instruments) Observe(source Source) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.watch != nil {
		return errors.New("fluxor: these instruments observe a source already: make others for another pool")
	}
	watch, err := observe(i.meter, source, i.pool)
	if err != nil {
		return err
	}
	i.watch = watch
	if told, ok := source.(StageSource); ok {
		i.untold = told.OnStage(func(s metrics.Stage, took time.Duration) { i.Spent(context.Background(), s, took) })
	}
	return nil
}

// durations are the bounds that the conventions advise for durations.
var durations = metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)

func (i *Instruments) makeHistograms(meter metric.Meter) error {
	operation, err := dbconv.NewClientOperationDuration(meter, durations)
	if err != nil {
		return err
	}
	create, err := dbconv.NewClientConnectionCreateTime(meter, durations)
	if err != nil {
		return err
	}
	wait, err := dbconv.NewClientConnectionWaitTime(meter, durations)
	if err != nil {
		return err
	}
	use, err := dbconv.NewClientConnectionUseTime(meter, durations)
	if err != nil {
		return err
	}
	i.operation = operation.Inst()
	i.stages = [...]metric.Float64Histogram{metrics.Create: create.Inst(), metrics.Wait: wait.Inst(), metrics.Use: use.Inst()}
	return nil
}

func (i *Instruments) makeAttributes(o Options) {
	i.stageWith = []metric.RecordOption{metric.WithAttributeSet(i.pool)}
	common := []attribute.KeyValue{semconv.DBSystemNameKey.String(otelname.System(o.System))}
	if o.Namespace != "" {
		common = append(common, semconv.DBNamespace(o.Namespace))
	}
	for op := range i.operationWith {
		name := semconv.DBOperationName(middleware.Op(op).String()) //nolint:gosec // within the array
		for outcome := range i.operationWith[op] {
			all := append(common[:len(common):len(common)], name)
			if outcome > 0 {
				all = append(all, semconv.ErrorTypeKey.String(metrics.Outcome(outcome).String())) //nolint:gosec // as above
			}
			i.operationWith[op][outcome] = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(all...))}
		}
	}
}

// poolSet are the attributes of a pool's measurements.
func poolSet(o Options) attribute.Set {
	return attribute.NewSet(semconv.DBClientConnectionPoolName(o.Pool))
}

// Record counts one operation and how long the caller waited for it. ctx leads
// to the span that becomes the measurement's exemplar.
func (i *Instruments) Record(ctx context.Context, op middleware.Op, o metrics.Outcome, took time.Duration) {
	if int(op) >= ops {
		op = 0
	}
	if int(o) >= outcomes {
		o = metrics.ServerError
	}
	i.operation.Record(ctx, took.Seconds(), i.operationWith[op][o]...)
}

// Spent counts how long a stage of a connection's life took.
func (i *Instruments) Spent(ctx context.Context, s metrics.Stage, took time.Duration) {
	if int(s) < len(i.stages) {
		i.stages[s].Record(ctx, took.Seconds(), i.stageWith...)
	}
}

// Close ends the observation of the source.
func (i *Instruments) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.watch == nil {
		return nil
	}
	if i.untold != nil {
		i.untold()
	}
	err := i.watch.Unregister()
	i.watch, i.untold = nil, nil
	return err
}
