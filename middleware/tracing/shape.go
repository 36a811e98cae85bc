// This file makes what spans of one text have in common, once.

package tracing

import (
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/fluxor-db/fluxor/internal/otelname"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
)

const (
	// mostShapes bounds the texts that are known at a time.
	mostShapes = 2000
	// longestKnown is the longest text that is kept. Longer ones hold their
	// data, and come once.
	longestKnown = 8 << 10
)

// shape is a span's name and what it starts with.
type shape struct {
	name  string
	start []trace.SpanStartOption
}

// shapes remembers the shapes of texts, and forgets all of them when they have
// become too many.
type shapes struct {
	options Options
	dialect sqltext.Dialect
	common  []attribute.KeyValue

	plain [middleware.OpRollback + 1]*shape // of operations without a text
	known atomic.Pointer[known]
}

// known are shapes by text: those of statements to run, and of statements to
// prepare.
type known struct {
	run, prepare sync.Map // string to *shape
	count        atomic.Int64
}

func newShapes(o Options) *shapes {
	s := &shapes{options: o, dialect: sqltext.ForType(o.System)}
	s.common = append(s.common, semconv.DBSystemNameKey.String(otelname.System(o.System)))
	if o.Namespace != "" {
		s.common = append(s.common, semconv.DBNamespace(o.Namespace))
	}
	if o.ServerAddress != "" {
		s.common = append(s.common, semconv.ServerAddress(o.ServerAddress))
	}
	if o.ServerPort > 0 {
		s.common = append(s.common, semconv.ServerPort(o.ServerPort))
	}
	for op := range s.plain {
		s.plain[op] = s.shape(strings.ToUpper(middleware.Op(op).String()), "", "") //nolint:gosec // within the array
	}
	s.known.Store(&known{})
	return s
}

// of is the shape of an operation's span.
func (s *shapes) of(c *middleware.Call) *shape {
	if c.SQL == "" {
		return s.plain[min(c.Op, middleware.OpRollback)]
	}
	k := s.known.Load()
	texts := &k.run
	if c.Op == middleware.OpPrepare {
		texts = &k.prepare
	}
	if have, ok := texts.Load(c.SQL); ok {
		return have.(*shape)
	}
	if len(c.SQL) > longestKnown {
		return s.read(c.Op, c.SQL)
	}
	return s.learn(k, texts, c.Op, strings.Clone(c.SQL))
}

// learn keeps the shape of a text.
func (s *shapes) learn(k *known, texts *sync.Map, op middleware.Op, text string) *shape {
	made := s.read(op, text)
	if _, loaded := texts.LoadOrStore(text, made); !loaded && k.count.Add(1) >= mostShapes {
		s.known.CompareAndSwap(k, &known{})
	}
	return made
}

// read makes the shape of a text.
func (s *shapes) read(op middleware.Op, text string) *shape {
	verb := strings.Clone(sqltext.Analyze(s.dialect, text).Verb)
	if op == middleware.OpPrepare || verb == "" {
		verb = strings.ToUpper(op.String())
	}
	table := ""
	if tables := sqltext.Tables(s.dialect, text); len(tables) == 1 {
		table = strings.Clone(tables[0])
	}
	shown := ""
	if s.options.QueryText {
		shown = sqltext.Fingerprint(s.dialect, text)
	}
	return s.shape(verb, table, shown)
}

// shape puts the parts together; what is "" is left out.
func (s *shapes) shape(verb, table, text string) *shape {
	all := append(s.common[:len(s.common):len(s.common)], semconv.DBOperationName(verb))
	target := s.options.Namespace
	if table != "" {
		all = append(all, semconv.DBCollectionName(table))
		target = table
	}
	if text != "" {
		all = append(all, semconv.DBQueryText(text))
	}
	name := verb
	if target != "" {
		name += " " + target
	}
	return &shape{name, []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(all...)}}
}
