// This file finds what a statement would be but for its calls of routines that are not known.

package sqltext

import "strings"

// mostCalls is how many routines are named. A text that calls more stays what it
// is.
const mostCalls = 32

// judged judges a statement that begins as a read or a change.
func (j *judge) judged(change bool, first int) Statement {
	if j.odd == OneRead {
		return j.ended(change, first)
	}
	s := j.opaque(j.odd, j.at)
	if j.more || len(j.calls.list) > mostCalls {
		return s
	}
	at := j.at
	if e := j.ended(change, first); e.Verdict != Flush {
		s.Calls, s.Else = j.calls.list, Else{Verdict: e.Verdict, Reason: e.Reason, Neutral: e.Neutral, Stable: e.Stable}
	}
	j.at = at
	return s
}

// doubtCall notes that token i calls a routine that is not known. Behind
// TABLESAMPLE it is a method, whatever routines are called so.
func (j *judge) doubtCall(i int) {
	j.suspect(UnknownFunction, i)
	name, ok := j.callee(i)
	if !ok || j.is(i-1, kindWord) && lower(j.word(i-1)) == "tablesample" {
		j.more = true
		return
	}
	j.calls.add(name)
}

// callee is the name that ends, or goes on, with token i: the parts in lower case
// with dots between them. A part that has a dot itself, or a character that rules
// for routines cannot have, has no such name.
func (j *judge) callee(i int) (name string, ok bool) {
	for j.is(i-1, kindDot) && j.isName(i-2) {
		i -= 2
	}
	name, end, ok := j.dotted(i)
	return name, ok && !j.is(i-1, kindDot) && end > i
}

// dotted reads a name with dots in it from token i on, and returns where it ends.
func (j *judge) dotted(i int) (name string, end int, ok bool) {
	var parts []string
	for ; j.isName(i); i += 2 {
		part := j.plain(i)
		if j.d == PostgreSQL && len(part) > longestName {
			part = cut(part)
		}
		if part == "" || strings.ContainsAny(part, ".*,") || strings.Contains(part, broken) {
			return "", i, false
		}
		parts = append(parts, part)
		if !j.is(i+1, kindDot) {
			return strings.Join(parts, "."), i + 1, true
		}
	}
	return "", i, false
}

// opens finds what a statement with an unknown beginning is but for its calls: a
// call itself, or a definition.
func (j *judge) opens(first int) ([]string, Else) {
	at := j.at
	e := j.callsOnly(first)
	if e == (Else{}) {
		e = j.defines(first)
	}
	j.at = at
	if e == (Else{}) || len(j.calls.list) > mostCalls {
		return nil, Else{}
	}
	return j.calls.list, e
}

// callsOnly judges CALL p(1). What stands in its arguments may read, but neither
// change nor assign.
func (j *judge) callsOnly(first int) Else {
	if j.d == SQLite || j.more || first != 0 || lower(j.word(0)) != "call" || j.found&(findsChange|findsDraw|findsAssign) != 0 {
		return Else{}
	}
	name, end, ok := j.dotted(1)
	if !ok || end < len(j.toks) && (!j.is(end, kindOpen) || j.past(end) != len(j.toks)) {
		return Else{}
	}
	j.calls.add(name)
	return Else{Verdict: Session, Reason: Calls, Neutral: j.found&findsSession == 0}
}

// either joins what two readings of a text say, if both say something.
func (s *Statement) either(other Statement) {
	e, o := s.Else, other.Else
	if e == (Else{}) || o == (Else{}) || e.Verdict != o.Verdict {
		s.Calls, s.Else = nil, Else{}
		return
	}
	if e.Stable && !o.Stable {
		e.Reason = o.Reason
	}
	e.Stable, e.Neutral = e.Stable && o.Stable, e.Neutral && o.Neutral
	calls := names{list: s.Calls}
	calls.with(other.Calls)
	s.Calls, s.Else = calls.list, e
}
