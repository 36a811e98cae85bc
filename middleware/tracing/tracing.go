// This file makes a span of each operation that passes the chain.

// Package tracing makes OpenTelemetry spans of operations, by the semantic
// conventions for database client spans, version 1.43:
//
//	spans := tracing.New(tracerProvider, tracing.Options{System: "postgres", Namespace: "erp"})
//	fluxor.RuntimeConfig{DSN: dsn, Middleware: []middleware.Middleware{spans}}
//
// A span is named "SELECT orders": what the statement does, and the table if it
// is one, else the namespace. It begins before Fluxor waits for a connection and ends with the
// operation; a query's ends when its rows are closed. The context that goes on carries it, so that what happens below becomes its
// child. In Middleware it spans retries, in InnerMiddleware there is a span per
// attempt.
//
// Spans hold no argument and, unless [Options] ask for it, no text of a
// statement or an error. The package needs OpenTelemetry's API alone: the
// application chooses the SDK and hands in its provider.
package tracing

import (
	"context"
	"database/sql/driver"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/fluxor-db/fluxor/internal/otelname"
	"github.com/fluxor-db/fluxor/middleware"
)

// scope names the tracer.
const scope = "github.com/fluxor-db/fluxor/middleware/tracing"

// Options say what stands on every span.
type Options struct {
	// System is the backend's type, such as "postgres": db.system.name is made
	// of it, and statements are read by its grammar.
	System string
	// Namespace is db.namespace, the database's name; "" leaves it out.
	Namespace string
	// ServerAddress and ServerPort are where the server listens; zero values
	// are left out.
	ServerAddress string
	ServerPort    int
	// QueryText adds db.query.text, with ? for every literal.
	QueryText bool
	// ErrorText adds an error's text to the span's status. A database may put
	// values of rows into it.
	ErrorText bool
}

// New returns the middleware. Where the tracer does not record, it allocates
// nothing of its own for a text that it knows; with a provider of package
// trace/noop it is not in the chain at all.
func New(provider trace.TracerProvider, o Options) middleware.Middleware {
	if _, silent := provider.(noop.TracerProvider); silent {
		return func(next middleware.Handler) middleware.Handler { return next }
	}
	tracer := provider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	return func(next middleware.Handler) middleware.Handler {
		return &handler{next: next, tracer: tracer, shapes: newShapes(o), errorText: o.ErrorText}
	}
}

type handler struct {
	next      middleware.Handler
	tracer    trace.Tracer
	shapes    *shapes
	errorText bool
}

func (h *handler) Handle(ctx context.Context, c *middleware.Call) error {
	shape := h.shapes.of(c)
	ctx, span := h.tracer.Start(ctx, shape.name, shape.start...)
	if !span.IsRecording() {
		defer span.End()
		return h.next.Handle(ctx, c)
	}
	c.OnDone(newOpen(h, span)) // it ends the span also if a handler panics
	return h.next.Handle(ctx, c)
}

// open is the span of an operation that is not over.
type open struct {
	by   *handler
	span trace.Span
}

var free = sync.Pool{New: func() any { return new(open) }}

func newOpen(by *handler, span trace.Span) *open {
	o := free.Get().(*open)
	o.by, o.span = by, span
	return o
}

// skipped is on the span of a text that the driver runs prepared only: it is no
// failure, and the spans of the preparation and the run follow.
var skipped = attribute.Bool("fluxor.skipped", true)

// Done ends the span.
func (o *open) Done(_ *middleware.Call, err error) {
	switch {
	case err == nil:
	case err == driver.ErrSkip: //nolint:errorlint // compared as database/sql does
		o.span.SetAttributes(skipped)
	default:
		o.fail(err)
	}
	o.span.End()
	*o = open{}
	free.Put(o)
}

func (o *open) fail(err error) {
	o.span.SetAttributes(semconv.ErrorTypeKey.String(otelname.ErrorType(err)))
	if code := otelname.StatusCode(err); code != "" {
		o.span.SetAttributes(semconv.DBResponseStatusCode(code))
	}
	text := ""
	if o.by.errorText {
		text = err.Error()
	}
	o.span.SetStatus(codes.Error, text)
}
