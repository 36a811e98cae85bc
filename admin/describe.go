// This file makes the document out of what the connectors say.

package admin

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

// Document returns what the endpoints serve, as of now. It takes about a tenth
// of a millisecond per connector.
func (h *Handler) Document() Document {
	d := Document{SchemaVersion: SchemaVersion, Time: time.Now().UTC(), State: Healthy, Connectors: []Connector{}}
	for _, s := range h.shown {
		c := s.describe()
		d.State = worse(d.State, c.State)
		d.Connectors = append(d.Connectors, c)
	}
	d.Findings = findingsOf(d.Connectors)
	d.Clients, d.ClientsTotal = h.clients()
	d.HasClients = h.options.Clients != nil
	return d
}

// describe is one connector's part.
func (s *shown) describe() Connector {
	d, total := s.source.Diagnostics(), s.source.Snapshot()
	recent := s.recent(total)
	c := Connector{
		Name: s.name, Database: d.Backend,
		Health: healthOf(d), Breaker: breakerOf(d), Pool: poolOf(d.State.Pool), Limits: each(d.Limits, limitOf), Cache: cacheOf(total.Cache),
		Total: intervalOf(total), Recent: intervalOf(recent), ActiveTransactions: total.ActiveTransactions,
		Statements: each(d.Slowest, statementOf), Frequent: each(d.Frequent, statementOf), Leaks: each(d.Leaks, leakOf), LastErrors: each(d.Failures, failureOf),
		Config: map[string]string{}, Actions: each(s.actions, offerOf),
	}
	c.Breaker.DownSeconds = seconds(s.down(d.At, d.Breaker))
	for _, o := range d.Config {
		c.Config[o.Name] = o.Value
	}
	c.State, c.Summary = judge(c)
	return c
}

// each turns a list into another, which is never nil.
func each[A, B any](list []A, turn func(A) B) []B {
	turned := make([]B, 0, len(list))
	for _, a := range list {
		turned = append(turned, turn(a))
	}
	return turned
}

func healthOf(d health.Diagnostics) Health {
	h := Health{Healthy: d.Health.Healthy, Reason: string(d.Health.Reason), Message: shorten(d.Health.Message)}
	if d.Health.At.IsZero() {
		return Health{Reason: string(health.ReasonUnasked)}
	}
	at := d.Health.At.UTC()
	h.Time, h.fresh = &at, d.At.Sub(d.Health.At) < freshness
	return h
}

func breakerOf(d health.Diagnostics) Breaker {
	b := Breaker{
		State: d.Breaker.State, Override: d.Breaker.Override, Why: d.Breaker.Why, Failures: d.Breaker.Failures,
		Opened: d.Breaker.Opened, Refused: d.Breaker.Refused, LastError: shorten(d.Breaker.LastError),
	}
	if !d.Breaker.Since.IsZero() {
		b.Seconds = seconds(max(d.At.Sub(d.Breaker.Since), 0))
	}
	if d.Breaker.NextProbe > 0 {
		next := seconds(d.Breaker.NextProbe)
		b.NextProbeSeconds = &next
	}
	return b
}

func poolOf(p health.Pool) Pool {
	return Pool{
		MaxOpen: p.MaxOpen, Open: p.Open, Used: p.Used, Idle: p.Idle, Dialing: p.Dialing, Waiting: p.Waiting, MaxUsed: p.MaxUsed,
		Waits: p.WaitCount, WaitSeconds: seconds(p.WaitDuration), Timeouts: p.Timeouts,
		Dials: p.Dials, DialErrors: p.DialErrors, Discarded: p.Discarded, Invalid: p.Invalid,
	}
}

func limitOf(l health.Limit) Limit {
	return Limit{
		Name: l.Name, Limit: l.Limit, InUse: l.InUse, Queued: l.Queued,
		Admitted: l.Admitted, Refused: l.Refused, Mode: l.Mode, TimeoutSeconds: seconds(l.Timeout),
	}
}

func statementOf(s health.Statement) Statement {
	return Statement{
		Fingerprint: shorten(s.Fingerprint), Count: s.Count, Failed: s.Failed,
		MeanSeconds: seconds(s.Mean), MaxSeconds: seconds(s.Max), Caller: s.Caller,
	}
}

func leakOf(l health.Leak) Leak {
	return Leak{
		HeldSeconds: seconds(l.Held), Place: l.Place, Stack: each(l.Stack, shorten),
		Fingerprint: shorten(l.Fingerprint), Dropped: l.Dropped,
	}
}

func failureOf(f health.Failure) Failure { return Failure{Time: f.At.UTC(), Text: shorten(f.Text)} }

func intervalOf(s metrics.Snapshot) Interval {
	i := Interval{
		Seconds: seconds(max(s.At.Sub(s.Since), 0)), Operations: []Operation{}, SuccessPercent: s.SuccessRate,
		SlowQueries: s.SlowQueries, Retries: s.Retries, Refused: some(s.Refused), Indeterminate: s.Indeterminate,
		Leaks: s.Leaks, Rows: s.Rows, Cache: cacheCountsOf(s.Cache),
	}
	if s.Cache.On() {
		i.CacheHits, i.CacheMisses = s.Cache.Answered(), s.Cache.Asked()-s.Cache.Answered()
	}
	i.Queries = Latency{
		Count: s.TotalQueries, Failed: s.FailedQueries, PerSecond: rate(s.TotalQueries, i.Seconds),
		MeanSeconds: seconds(s.AverageQueryTime), P50Seconds: seconds(s.P50), P90Seconds: seconds(s.P90),
		P95Seconds: seconds(s.P95), P99Seconds: seconds(s.P99), MaxSeconds: seconds(s.MaxQueryTime),
	}
	i.Operations = operationsOf(s.Operations, i.Seconds)
	return i
}

// operationsOf puts the outcomes of each kind together, in the kinds' order.
func operationsOf(parts []metrics.Operation, in Seconds) []Operation {
	list := []Operation{}
	for kind := range slices.Values(kindsOf(parts)) {
		var took metrics.Histogram
		o := Operation{Operation: kind, Errors: map[string]int64{}}
		for _, p := range parts {
			if p.Op.String() != kind {
				continue
			}
			o.Count += p.Took.Count
			if p.Outcome != metrics.Success {
				o.Errors[p.Outcome.String()] = p.Took.Count
			}
			if p.Outcome != metrics.Refused {
				took = took.Add(p.Took)
			}
		}
		for n := range maps.Values(o.Errors) {
			o.Failed += n
		}
		o.PerSecond, o.MeanSeconds, o.MaxSeconds = rate(o.Count, in), seconds(took.Mean()), seconds(took.Max)
		o.P50Seconds, o.P90Seconds = seconds(took.Quantile(.5)), seconds(took.Quantile(.9))
		o.P95Seconds, o.P99Seconds = seconds(took.Quantile(.95)), seconds(took.Quantile(.99))
		list = append(list, o)
	}
	return list
}

// kindsOf are the kinds of operations, each once.
func kindsOf(parts []metrics.Operation) []string {
	var kinds []string
	for _, p := range parts {
		if kind := p.Op.String(); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// rate is per second; 0 of no time.
func rate(n int64, in Seconds) Rate {
	if in <= 0 {
		return 0
	}
	return Rate(float64(n) / float64(in))
}

func seconds(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// mostText bounds statements and errors, in bytes.
const mostText = 2000

// shorten cuts a text that is very long, at the border of a character.
func shorten(text string) string {
	if len(text) <= mostText {
		return text
	}
	end := mostText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
