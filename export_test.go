// This file gives the tests a hand on what no caller can set.

package fluxor

import (
	"database/sql"
	"time"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Worth reports whether the statement cache keeps a text.
func Worth(d sqltext.Dialect, text string) bool { return worth(sqltext.NewMemo(d).Of(text)) }

// KeepBriefly has the statement cache of db hold each statement that it does
// not hold for ever too old for a second use. Nothing may have used db yet.
func KeepBriefly(db *sql.DB) error {
	c, err := FromDB(db)
	if err != nil {
		return err
	}
	if k := c.main.keeper; k != nil && k.lasts > 0 {
		k.lasts = 1
	}
	return nil
}

// KeepAtOnce has the statement cache of db, where it has one, keep each text
// from its first use on. Nothing may have used db yet.
func KeepAtOnce(db *sql.DB) error {
	c, err := FromDB(db)
	if err != nil {
		return err
	}
	if k := c.main.keeper; k != nil {
		k.due = func(*sqltext.Known) bool { return true }
	}
	return nil
}

// RestProber has the connection of c's probe closed when nobody asked for d.
// Nothing may have used c yet.
func RestProber(c *Connector, d time.Duration) { c.main.prober.rest = d }

// CacheReasons are the codes of the cache's own, in words.
func CacheReasons() map[string]string { return cacheReasons }

// JumpClock has the clock on the wall jump as far as c's engine sees it, and returns
// how far that is by its own times; the monotonic clock goes on. A time that has one counts
// the seconds on the wall from the thirtieth bit of its first word on. Nothing may use
// c meanwhile.
func JumpClock(c *Connector, by time.Duration) time.Duration {
	e := c.main
	before := e.now()
	*(*uint64)(unsafe.Pointer(&e.epoch)) += uint64(by/time.Second) << 30
	after := e.now()
	return after.Round(0).Sub(before.Round(0)) - after.Sub(before)
}

// FlightsOf is how many questions of callers others may join at c.
func FlightsOf(c *Connector) int { return c.main.cache.flights.Len() }
