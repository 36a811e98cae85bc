// This file reads spans back through the SDK's recorder.

package tracing_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/middleware/tracing"
	"github.com/fluxor-db/fluxor/refusal"
)

// traced is a chain with spans, over a session that answers as told.
type traced struct {
	*tracetest.SpanRecorder
	provider trace.TracerProvider
	chain    middleware.Handler
}

func newTraced(o tracing.Options, options ...sdk.TracerProviderOption) traced {
	recorder := tracetest.NewSpanRecorder()
	provider := sdk.NewTracerProvider(append(options, sdk.WithSpanProcessor(recorder))...)
	return traced{recorder, provider, middleware.Chain(tracing.New(provider, o))}
}

// run sends a call down the chain; answer is the session's, after the end of
// the operation, as rows report it.
func (tr traced) run(ctx context.Context, c middleware.Call, answer, after error) {
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return answer }))
	_ = tr.chain.Handle(ctx, &c) // it is the answer
	c.Finish(after)
}

// text writes a span: its name and its attributes.
func text(s sdk.ReadOnlySpan) string {
	var all []string
	for _, kv := range s.Attributes() {
		all = append(all, fmt.Sprintf("%s=%s", kv.Key, kv.Value.String()))
	}
	slices.Sort(all)
	return s.Name() + ": " + strings.Join(all, " ")
}

func TestASpanIsNamedByOperationAndTarget(t *testing.T) {
	tr := newTraced(tracing.Options{System: "postgres", Namespace: "erp", ServerAddress: "db", ServerPort: 5432})
	base := "db.namespace=erp db.operation.name=%s db.system.name=postgresql server.address=db server.port=5432"
	for _, row := range []struct {
		call       middleware.Call
		name, verb string
		table      string
	}{
		{middleware.Call{Op: middleware.OpQuery, SQL: "select a from shop.orders where b = 'secret'"}, "SELECT orders", "SELECT", "orders"},
		{middleware.Call{Op: middleware.OpExec, SQL: "update orders set a = 1", Prepared: true}, "UPDATE orders", "UPDATE", "orders"},
		{middleware.Call{Op: middleware.OpQuery, SQL: "select a from b join c using (d)"}, "SELECT erp", "SELECT", ""},
		{middleware.Call{Op: middleware.OpPrepare, SQL: "select a from orders"}, "PREPARE orders", "PREPARE", "orders"},
		{middleware.Call{Op: middleware.OpQuery, SQL: "select a from orders"}, "SELECT orders", "SELECT", "orders"},
		{middleware.Call{Op: middleware.OpBegin}, "BEGIN erp", "BEGIN", ""},
		{middleware.Call{Op: middleware.OpCommit}, "COMMIT erp", "COMMIT", ""},
		{middleware.Call{Op: middleware.OpPing}, "PING erp", "PING", ""},
		{middleware.Call{Op: middleware.OpExec, SQL: "--"}, "EXEC erp", "EXEC", ""},
	} {
		tr.Reset()
		tr.run(t.Context(), row.call, nil, nil)
		want := row.name + ": "
		if row.table != "" {
			want += "db.collection.name=" + row.table + " "
		}
		want += fmt.Sprintf(base, row.verb)
		if got := text(tr.Ended()[0]); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", row.call.SQL, got, want)
		}
		if kind := tr.Ended()[0].SpanKind(); kind != trace.SpanKindClient {
			t.Errorf("its kind is %v", kind)
		}
	}
}

func TestAnUnknownSystemNamesTheKindOfOperation(t *testing.T) {
	tr := newTraced(tracing.Options{QueryText: true})
	tr.run(t.Context(), middleware.Call{Op: middleware.OpExec, SQL: "grant 'secret' to x"}, nil, nil)
	if got, want := text(tr.Ended()[0]), "EXEC: db.operation.name=EXEC db.query.text=grant ... db.system.name=other_sql"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTextIsShownWhenAskedAndWithoutLiterals(t *testing.T) {
	c := middleware.Call{Op: middleware.OpQuery, SQL: "select a from t where b = 'secret' and c = 4711", Args: []driver.NamedValue{{Value: "hidden"}}}
	for name, o := range map[string]tracing.Options{"unasked": {System: "mysql"}, "asked": {System: "mysql", QueryText: true}} {
		tr := newTraced(o)
		tr.run(t.Context(), c, nil, &mysql.MySQLError{Number: 1062, Message: "Duplicate entry 'secret'"})
		s := tr.Ended()[0]
		got := text(s) + s.Status().Description + fmt.Sprint(s.Events())
		if strings.Contains(got, "secret") || strings.Contains(got, "4711") || strings.Contains(got, "hidden") {
			t.Errorf("%s: %s", name, got)
		}
		if shown := strings.Contains(got, "db.query.text=select a from t where b = ? and c = ?"); shown != o.QueryText {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAFailureHasItsTypeAndCode(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"PostgreSQL's":  {&pq.Error{Code: "23505"}, "db.response.status_code=23505 db.system.name=postgresql error.type=23505"},
		"a refusal":     {&refusal.Error{Policy: "pool", Sentinel: refusal.ErrAcquireTimeout}, "db.system.name=postgresql error.type=refused_by_pool"},
		"a lost answer": {&refusal.IndeterminateError{Op: "exec", Cause: driver.ErrBadConn}, "db.system.name=postgresql error.type=indeterminate"},
		"the caller's":  {context.Canceled, "db.system.name=postgresql error.type=canceled"},
	} {
		tr := newTraced(tracing.Options{System: "postgres"})
		tr.run(t.Context(), middleware.Call{Op: middleware.OpExec, SQL: "delete from t"}, row.err, row.err)
		s := tr.Ended()[0]
		if got := text(s); !strings.HasSuffix(got, "=DELETE "+row.want) {
			t.Errorf("%s: %s", name, got)
		}
		if s.Status() != (sdk.Status{Code: codes.Error}) {
			t.Errorf("%s: status %+v", name, s.Status())
		}
	}
}

func TestAnErrorsTextIsShownWhenAsked(t *testing.T) {
	tr := newTraced(tracing.Options{ErrorText: true})
	tr.run(t.Context(), middleware.Call{Op: middleware.OpPing}, nil, errors.New("no route"))
	if got := tr.Ended()[0].Status().Description; got != "no route" {
		t.Errorf("the status says %q", got)
	}
}

func TestASkippedAnswerIsNeitherSuccessNorFailure(t *testing.T) {
	tr := newTraced(tracing.Options{})
	tr.run(t.Context(), middleware.Call{Op: middleware.OpExec, SQL: "x", MaySkip: true}, driver.ErrSkip, driver.ErrSkip)
	s := tr.Ended()[0]
	if s.Status().Code != codes.Unset || !strings.Contains(text(s), "fluxor.skipped=true") || strings.Contains(text(s), "error.type") {
		t.Errorf("%s, status %+v", text(s), s.Status())
	}
}

func TestAQuerySpanEndsWhenItsRowsAreClosed(t *testing.T) {
	tr := newTraced(tracing.Options{})
	c := middleware.Call{Op: middleware.OpQuery, SQL: "select 1"}
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return nil }))
	if err := tr.chain.Handle(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if len(tr.Ended()) != 0 {
		t.Error("it ended while its rows are open")
	}
	c.Finish(context.DeadlineExceeded)
	if len(tr.Ended()) != 1 || !strings.Contains(text(tr.Ended()[0]), "error.type=timeout") {
		t.Errorf("ended: %v", tr.Ended())
	}
}

func TestTheContextOfTheSpanIsPassedOn(t *testing.T) {
	tr := newTraced(tracing.Options{})
	ctx, parent := tr.provider.Tracer("test").Start(t.Context(), "parent")
	c := middleware.Call{Op: middleware.OpPing}
	c.Bind(middleware.HandlerFunc(func(ctx context.Context, _ *middleware.Call) error {
		_, child := tr.provider.Tracer("test").Start(ctx, "child")
		child.End()
		return nil
	}))
	if err := tr.chain.Handle(ctx, &c); err != nil {
		t.Fatal(err)
	}
	c.Finish(nil)
	child, ping := tr.Ended()[0], tr.Ended()[1]
	if child.Parent().SpanID() != ping.SpanContext().SpanID() || ping.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("child of %v, ping %v of %v, parent %v", child.Parent(), ping.SpanContext(), ping.Parent(), parent.SpanContext())
	}
}

func TestManyConnectionsHaveSpansOfTheirOwn(t *testing.T) {
	tr := newTraced(tracing.Options{System: "sqlite"})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 600 { // more texts than are remembered
				c := middleware.Call{Op: middleware.OpQuery, SQL: fmt.Sprintf("select %d from t%d", i, w)}
				tr.run(t.Context(), c, nil, nil)
			}
		})
	}
	wg.Wait()
	byName := map[string]int{}
	for _, s := range tr.Ended() {
		byName[s.Name()]++
	}
	for w := range 8 {
		if got := byName[fmt.Sprintf("SELECT t%d", w)]; got != 600 {
			t.Errorf("%d spans of t%d", got, w)
		}
	}
}

func TestALongTextIsNotRemembered(t *testing.T) {
	tr := newTraced(tracing.Options{System: "sqlite"})
	c := middleware.Call{Op: middleware.OpQuery, SQL: "select '" + strings.Repeat("x", 9<<10) + "' from t"}
	for range 2 {
		tr.run(t.Context(), c, nil, nil)
	}
	if got := tr.Ended(); len(got) != 2 || got[1].Name() != "SELECT t" {
		t.Errorf("spans %v", got)
	}
}

// silent is a tracer that records nothing and allocates nothing.
type silent struct{ embedded.TracerProvider }

func (s silent) Tracer(string, ...trace.TracerOption) trace.Tracer { return silentTracer{} }

type silentTracer struct{ embedded.Tracer }

func (silentTracer) Start(ctx context.Context, _ string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	return ctx, noop.Span{}
}

func TestNothingIsAllocatedWhereNothingIsRecorded(t *testing.T) {
	for name, provider := range map[string]trace.TracerProvider{"no SDK": noop.NewTracerProvider(), "a tracer that does not record": silent{}} {
		chain := middleware.Chain(tracing.New(provider, tracing.Options{System: "postgres", QueryText: true}))
		ctx := t.Context()
		c := middleware.Call{Op: middleware.OpQuery, SQL: "select a from t where b = 1"}
		c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return nil }))
		if n := testing.AllocsPerRun(500, func() {
			_ = chain.Handle(ctx, &c) // it is nil
			c.Finish(nil)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestASpanThatIsSampledOutCostsWhatTheSDKTakes(t *testing.T) {
	tr := newTraced(tracing.Options{System: "postgres"}, sdk.WithSampler(sdk.NeverSample()))
	ctx, tracer := t.Context(), tr.provider.Tracer("bare")
	bare := testing.AllocsPerRun(500, func() {
		_, span := tracer.Start(ctx, "SELECT t", trace.WithSpanKind(trace.SpanKindClient))
		span.End()
	})
	c := middleware.Call{Op: middleware.OpQuery, SQL: "select a from t"}
	c.Bind(middleware.HandlerFunc(func(context.Context, *middleware.Call) error { return nil }))
	if ours := testing.AllocsPerRun(500, func() {
		_ = tr.chain.Handle(ctx, &c) // it is nil
		c.Finish(nil)
	}); ours > bare {
		t.Errorf("%v allocations, a bare Start takes %v", ours, bare)
	}
	if len(tr.Ended()) != 0 {
		t.Error("a span was recorded")
	}
}
