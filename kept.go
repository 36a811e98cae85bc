// This file is the statement cache of a physical connection: the statements it keeps for texts, and which texts are worth one.

package fluxor

import (
	"container/list"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// The statement cache changes when a statement is prepared, never whether: it
// serves calls alone for which the driver, or database/sql after ErrSkip, would
// prepare the text, run it and forget it. The first use of a text runs so; the
// second prepares it to stay, for as many round trips; later ones save one. A
// statement that may leave the session other than it was empties the
// connection's cache, because a prepared statement keeps what it was prepared
// under: schema, modes, character set.

// keeper is what the caches of an engine's connections share. It is safe for
// concurrent use.
type keeper struct {
	size  int
	how   *backend.Keeping
	lasts time.Duration // how.Lasts
	memo  *sqltext.Memo
	full  atomic.Bool               // the server holds too many statements: none is added
	due   func(*sqltext.Known) bool // whether a text that is not kept came often enough

	shape    atomic.Uint64 // how often this program changed what tables look like
	outdated atomic.Uint64 // how many texts were found outdated so far
	mu       sync.Mutex    // protects latest; physical.mu may be taken under it
	latest   [64]string    // the last of them, by their number
}

// newKeeper returns nil where no statements are kept.
func newKeeper(b backend.Backend, size int) *keeper {
	d := sqltext.ForType(b.Type)
	if size <= 0 || b.Keeping == nil || d == sqltext.Unknown {
		return nil
	}
	return &keeper{size: size, how: b.Keeping, lasts: b.Keeping.Lasts, memo: sqltext.NewMemo(d), due: (*sqltext.Known).Again}
}

// keptBy returns an empty cache for a connection.
func (k *keeper) keptBy(ci driver.Conn) *kept {
	if k == nil {
		return nil
	}
	c := &kept{k: k, byText: make(map[string]*list.Element)}
	if k.how.Prepares != nil {
		c.withArgs, c.without = k.how.Prepares(ci)
	}
	c.skips = k.how.Skips != nil && k.how.Skips(ci)
	return c
}

// aborted reports whether err says only that the transaction has failed.
func (k *keeper) aborted(err error) bool {
	return err != nil && k.how.Age(err, false) == backend.AgeAborted
}

// spread has every connection give up its statement for text.
func (k *keeper) spread(text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.outdated.Load()
	k.latest[n%uint64(len(k.latest))] = text
	k.outdated.Store(n + 1)
}

// kept is a connection's cache. The session that leases the connection alone
// uses it. A nil one keeps nothing.
type kept struct {
	k                 *keeper
	withArgs, without bool // the driver prepares such texts by itself
	skips             bool // the driver leaves such with arguments to database/sql
	useless           bool // the driver puts arguments into the text
	byText            map[string]*list.Element
	recent            list.List // of *prepared, the last used first
	heard             uint64    // of k.outdated
	uses, evictions   int       // of late
	shape             uint64    // of k.shape
	reshaped          bool      // it changed tables, which may not be final yet
	unsettled         bool      // the end of the transaction may change the session
	copying           bool      // a COPY may be under way
}

// window is how many uses "of late" are.
const window = 2048

// runs reports whether the driver would prepare o's text by itself. One that
// got options among its arguments is another statement each time.
func (c *kept) runs(o *op, args []driver.NamedValue) bool {
	if c == nil || len(args) != len(o.Args) {
		return false
	}
	return len(args) > 0 && c.withArgs || len(args) == 0 && c.without
}

// skipped reports whether the driver would answer a text by driver.ErrSkip.
func (c *kept) skipped(args []driver.NamedValue) bool { return c != nil && c.skips && len(args) > 0 }

// ran notes that the driver ran a text without preparing it. One that leaves
// this to database/sql puts the arguments into the text then, and nothing is to
// be kept.
func (c *kept) ran(args []driver.NamedValue) {
	if c != nil && len(args) > 0 && !c.withArgs {
		c.useless = true
	}
}

// worth reports whether a text may be kept: one statement that leaves the
// session as it is, and means the same however long ago it was prepared. COPY
// is no query, whatever it looks like to the driver.
func worth(known *sqltext.Known) bool {
	return known.Neutral && !known.Frozen && known.Count == 1 && known.Verb != "COPY"
}

// reshapes reports whether a text may change what tables look like.
func reshapes(known *sqltext.Known) bool {
	switch known.Verb {
	case "ALTER", "CREATE", "DROP", "RENAME":
		return true
	}
	return known.Count > 1 && known.Verdict == sqltext.Flush
}

// tell has all connections prepare anew: what this one did may have changed the
// tables.
func (c *kept) tell() { c.k.shape.Add(1) }

// get returns the statement kept for text, unless it is too old.
func (c *kept) get(text string) *prepared {
	if n := c.k.shape.Load(); n != c.shape {
		c.empty()
		c.shape = n
	}
	if c.heard != c.k.outdated.Load() {
		c.catchUp()
	}
	if c.uses++; c.uses > window {
		c.uses, c.evictions = c.uses/2, c.evictions/2
	}
	at := c.byText[text]
	if at == nil {
		return nil
	}
	ps := at.Value.(*prepared)
	if c.k.lasts > 0 && time.Since(ps.since) > c.k.lasts {
		c.remove(at)
		return nil
	}
	c.recent.MoveToFront(at)
	return ps
}

// admits reports whether a text that is not kept shall be, from its second use
// on. While many are pushed out soon after they came, there are more texts in
// use than places, and none is added: those that are kept stay of use.
func (c *kept) admits(known *sqltext.Known) bool {
	if !c.k.due(known) || c.k.full.Load() {
		return false
	}
	return c.recent.Len() < c.k.size || c.evictions*10 <= c.uses
}

// put keeps a statement, in the place of the longest unused one where there is
// none left. Nobody reads from that: beside open rows nothing is kept.
func (c *kept) put(ps *prepared) {
	if c.recent.Len() >= c.k.size {
		c.evictions++
		c.remove(c.recent.Back())
	}
	ps.since = time.Now()
	c.byText[ps.text] = c.recent.PushFront(ps)
}

// remove gives a statement up; it is closed later.
func (c *kept) remove(at *list.Element) {
	ps := c.recent.Remove(at).(*prepared)
	delete(c.byText, ps.text)
	ps.leave()
}

// forget gives up the statement for text, if there is one.
func (c *kept) forget(text string) {
	if at := c.byText[text]; at != nil {
		c.remove(at)
	}
}

// empty gives all statements up.
func (c *kept) empty() {
	if c == nil {
		return
	}
	for at := c.recent.Front(); at != nil; at = c.recent.Front() {
		c.remove(at)
	}
}

// settled notes the end of a transaction, which takes back what was set in it,
// or of a lease.
func (c *kept) settled() {
	if c == nil {
		return
	}
	c.copying = false
	if c.reshaped {
		c.reshaped = false
		c.tell()
	}
	if c.unsettled {
		c.unsettled = false
		c.empty()
	}
}

// catchUp gives up what other connections found outdated.
func (c *kept) catchUp() {
	k := c.k
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.outdated.Load()
	if n-c.heard > uint64(len(k.latest)) {
		c.empty()
		c.heard = n
	}
	for ; c.heard < n; c.heard++ {
		c.forget(k.latest[c.heard%uint64(len(k.latest))])
	}
}
