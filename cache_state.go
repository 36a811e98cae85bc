// This file is what the query cache knows of connections and operations: the state that a session is in, and what is being changed.

package fluxor

import (
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
)

// scope is what a physical connection was told that later answers may hang on.
// The zero value is a connection as it was opened.
type scope struct {
	told    string // the settings since it began, in order: who was told the same answers the same
	unknown bool   // it may be in any state, for good
	turned  bool   // a text began or ended a transaction
	counted bool   // among queryCache.special

	// While it is unknown what transaction the connection is in, what was written
	// since may become visible later than its statement.
	wrote written
}

// plain reports whether it is as it was opened.
func (s *scope) plain() bool { return s.told == "" && !s.unknown && !s.turned }

// unsure reports whether it is unknown what transaction the connection is in.
func (s *scope) unsure() bool { return s.unknown || s.turned }

// longestTold is the longest list of settings that is kept.
const longestTold = 2 << 10

// tell notes what a text does to the session, before it runs. A setting of which
// a rollback may take back, or which comes with arguments, makes its state
// unknown.
func (s *scope) tell(plan *cacheplan.Plan, inTx bool, args int) {
	switch plan.Session {
	case cacheplan.Leaves, cacheplan.SetsLocally:
	case cacheplan.Sets:
		s.set(plan.Known.Text(), inTx || s.turned || args > 0)
	default:
		s.unknown = true
	}
	if plan.Transaction == cacheplan.Turns || inTx && (plan.Transaction == cacheplan.Ends || plan.Reshapes) || !inTx && plan.Transaction == cacheplan.Nests {
		s.turned = true // within a transaction, a text that ends it leaves what follows without one
	}
}

// set adds a setting, unless it was the last one as well.
func (s *scope) set(text string, revocable bool) {
	line := text + "\x00"
	switch {
	case revocable || len(s.told)+len(line) > longestTold:
		s.unknown = true
	case !endsWithLine(s.told, line):
		s.told += line
	}
}

func endsWithLine(told, line string) bool {
	n := len(told) - len(line)
	return n >= 0 && told[n:] == line && (n == 0 || told[n-1] == 0)
}

// over notes that no transaction is under way.
func (s *scope) over() { s.turned, s.wrote = false, written{} }

// written is what a transaction has changed so far, of which nobody else knows.
type written struct {
	dirty    bool
	tags     cache.Tags
	reshapes bool // the schema too
	sticks   bool // a refusal may not take all of it back
	delayed  bool // the server carries it out later than it says

	// plan is that of the first change. The tags are right while its schema is: then that
	// of each change is the same. It is nil where they are everything.
	plan *cacheplan.Plan
}

// add notes what a statement changes.
func (w *written) add(plan *cacheplan.Plan, tags cache.Tags) {
	w.with(plan, tags)
	w.reshapes = w.reshapes || plan.Reshapes
	w.sticks = w.sticks || !plan.Undoable
}

// with notes a change; plan is nil where it is of everything.
func (w *written) with(plan *cacheplan.Plan, tags cache.Tags) {
	if w.dirty {
		tags = tags.With(w.tags)
	} else {
		w.plan = plan
	}
	w.dirty, w.tags = true, tags
}

// announced is a change under way.
type announced struct {
	write    cache.Write
	on       bool
	reshapes bool
	undoable bool
	delayed  bool            // the server carries it out later than it says
	plan     *cacheplan.Plan // by whose schema it was announced; nil where it is of everything
}

// cacheQuestion is a query that may be answered from the cache, or whose answer may be
// kept.
type cacheQuestion struct {
	how    cacheControl
	key    []byte
	scope  string       // the state that the session must be in
	token  cache.Token  // taken before the question is sent
	keeps  bool         // there is a token
	sent   bool         // the database was asked
	alters bool         // for something else: a middleware has changed the question
	asked  time.Time    // when the caller asked it
	sentAt time.Time    // when the database was asked last
	old    *cache.Entry // an answer that is too old; else nil
	audits *cache.Entry // an answer to compare with; else nil
}

// clear forgets what the question refers to, but not the memory of its key.
func (q *cacheQuestion) clear() { *q = cacheQuestion{key: q.key[:0]} }
