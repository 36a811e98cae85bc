// This file judges the routines that a text calls, by the user's rules and by the schema, and the text by them.

package cacheplan

import (
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/internal/catalog"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// WhyRoutine is the code of Plan.Why for a text that calls a routine of which it is
// known what it changes, but not that its answer depends on what it reads alone.
const WhyRoutine = "impure-routine"

// sense is what a text does once its routines are judged.
type sense struct {
	verdict         sqltext.Verdict
	reason          sqltext.Reason
	stable, neutral bool
	impure          bool     // a routine may answer one thing now and another later
	reads, writes   []string // what the routines do, beside what the text does
}

// senseOf judges a text. What nothing is known of may do anything.
func (p *Planner) senseOf(k *sqltext.Known, schema Schema) sense {
	s := sense{verdict: k.Verdict, reason: k.Reason, stable: k.Stable, neutral: k.Neutral}
	if k.Else != (sqltext.Else{}) {
		s = sense{verdict: k.Else.Verdict, reason: k.Else.Reason, stable: k.Else.Stable, neutral: k.Else.Neutral}
	}
	all := false
	for _, name := range k.Calls {
		d := p.deedOf(name, s.reason == sqltext.Calls, schema)
		all = s.add(d) || all
		s.neutral = s.neutral && d.neutral
	}
	for _, name := range p.mayCall(k, schema) {
		all = s.add(p.deedOf(name, false, schema)) || all
	}
	switch {
	case all && k.Verdict != sqltext.Flush:
		return sense{reason: sqltext.UnknownFunction, neutral: s.neutral}
	case all, s.verdict == sqltext.Flush:
		return sense{reason: k.Reason, neutral: s.neutral}
	}
	return s
}

// add takes in what a routine does, and reports whether that may be anything.
func (s *sense) add(d deed) (all bool) {
	s.impure = s.impure || !d.pure
	s.reads, s.writes = append(s.reads, d.reads...), append(s.writes, d.writes...)
	return d.all
}

// mayCall are the names in a text of Oracle's that are a routine's and stand where
// a column may: there it is called without parentheses.
func (p *Planner) mayCall(k *sqltext.Known, schema Schema) (names []string) {
	if p.memo.Dialect() != sqltext.Oracle || schema == nil {
		return nil
	}
	for _, name := range k.Tags {
		called := func(call string) bool { return call == name || strings.HasSuffix(call, "."+name) }
		if _, known := schema.Routine(name); known && !slices.ContainsFunc(k.Calls, called) {
			names = append(names, name)
		}
	}
	return names
}

// why is the code of what the sense has against keeping an answer; "" for nothing.
func (s *sense) why() string {
	switch {
	case s.verdict != sqltext.Pure || !s.stable:
		return s.reason.String()
	case s.impure:
		return WhyRoutine
	}
	return ""
}

// deed is what is known of the routines of a name.
type deed struct {
	pure, neutral bool
	all           bool // they may change anything
	reads, writes []string
}

// deedOf judges a routine: by the user's rule, and where that is silent by the
// schema. A routine that is called by a statement of its own may end a transaction
// of MySQL's or Oracle's, and show others what was written before; who declares
// what it writes, or that it is neutral, says that it does not.
func (p *Planner) deedOf(name string, alone bool, schema Schema) deed {
	neutral := false
	if p.cfg.Rules != nil {
		r, ruled := p.cfg.Rules.Routine(name)
		if r.Pure || r.Writes != nil {
			return deed{pure: r.Pure, neutral: r.Pure || r.Neutral, reads: r.Reads, writes: r.Writes}
		}
		neutral = ruled && r.Neutral
	}
	d := deed{all: true}
	if r, known := p.routine(name, schema); known {
		d = deed{pure: r.Pure, neutral: r.Pure, all: r.All, reads: r.Reads, writes: r.Writes}
		ends := alone && (p.memo.Dialect() == sqltext.MySQL || p.memo.Dialect() == sqltext.Oracle)
		d.all = d.all || ends && !d.pure && !neutral
	}
	d.neutral = d.neutral || neutral
	return d
}

// systems are the schemas whose routines no catalog has.
var systems = strings.Fields("pg_catalog information_schema mysql sys performance_schema")

// routine asks the schema. It knows routines by the last part of their names, but
// for Oracle's and MariaDB's in packages, which it knows by the package's.
func (p *Planner) routine(name string, schema Schema) (r catalog.Routine, known bool) {
	parts := strings.Split(name, ".")
	n := len(parts)
	switch {
	case schema == nil, n > 1 && slices.Contains(systems, parts[n-2]):
		return r, false
	case p.memo.Dialect() == sqltext.Oracle && n > 1:
		return p.packaged(parts, schema)
	case n > 2:
		return r, false
	case n == 2 && p.memo.Dialect() == sqltext.MySQL:
		if _, packaged := schema.Routine(parts[0]); packaged {
			return r, false
		}
	}
	return schema.Routine(parts[n-1])
}

// packaged is the worst of what the parts of a name may mean, of which the one
// before the last has to be known: as a package, or it might be one that is not.
func (p *Planner) packaged(parts []string, schema Schema) (worst catalog.Routine, known bool) {
	if worst, known = schema.Routine(parts[len(parts)-2]); !known {
		return worst, false
	}
	for i, part := range parts {
		r, known := schema.Routine(part)
		if !known || i == len(parts)-2 {
			continue
		}
		worst.Pure, worst.All = worst.Pure && r.Pure, worst.All || r.All
		worst.Reads, worst.Writes = slices.Concat(worst.Reads, r.Reads), slices.Concat(worst.Writes, r.Writes)
	}
	return worst, true
}
