// This file is what a query cache did, and the difference of two such counts.

package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cache is what a query cache did since the start, or in an interval, and how it
// stands. It is a plain value: nothing changes it once made.
type Cache struct {
	// Mode says whose answers are kept: "observe", "hint", "rules", "all"; "off" or
	// "" where there is no cache.
	Mode string

	// Hits are queries that found their answer, Joined those that had another
	// caller's, Stale those that had one beyond its time. Would are those that would
	// have found it, where the cache only observes.
	Hits, Joined, Stale, Would int64
	// StaleOnError are those of Stale that were shown because the database could not
	// be asked.
	StaleOnError int64
	// Misses are queries for which the database was asked, those of StaleOnError
	// too and those whose answer was to be audited, and Bypasses those that the cache
	// had no part in, by the code of why.
	Misses, Bypasses map[string]int64
	// Kept are answers that were kept. Dropped are those that were not because
	// something they depend on was written meanwhile; TooManyRows, TooBig and
	// NotPlain those that did not fit.
	Kept, Dropped, TooManyRows, TooBig, NotPlain int64
	// Refreshed are the queries asked again behind their callers; Audits the answers
	// compared with the database's, and Mismatches those that were not the same.
	Refreshed, Audits, Mismatches int64
	// Evicted are answers that were given up because others needed their room.
	Evicted int64
	// Flushes are the ends of all answers, by cause, and the calls that ended some
	// by hand.
	Flushes map[string]int64
	// StaleAge is how old the Stale answers were, together; StaleMax the oldest since
	// the start.
	StaleAge, StaleMax time.Duration

	// Entries are the answers in memory, Bytes what they take of Budget. Dead is
	// about how many of them nobody will see again, because they were overtaken or
	// are too old: they stay until they are looked for or others need their room.
	Entries, Dead int
	Bytes, Budget int64
	// Doubts is how many versions are in doubt after a write of unknown outcome, and
	// Sessions how many connections have a state of their own.
	Doubts   int
	Sessions int64
	// Schema says what is known of the tables: "known", "unknown", and then nothing is
	// kept, or "off", and then each change ends all answers. SchemaFault is why it
	// could not be asked for the last time; "" where it could.
	Schema, SchemaFault string
}

// On reports whether there is a cache. It may be asked of nil, which is none.
func (c *Cache) On() bool { return c != nil && c.Mode != "" && c.Mode != "off" }

// HitRatio is the share of the queries in which the cache had a part that it answered,
// 0 to 1; where it only observes, of those that it would have answered.
func (c Cache) HitRatio() float64 {
	if all := c.Asked(); all > 0 {
		return float64(c.Answered()+c.Would) / float64(all)
	}
	return 0
}

// Asked is how many queries the cache had a part in.
func (c Cache) Asked() int64 { return c.Answered() - c.StaleOnError + Sum(c.Misses) }

// Answered is how many of them it answered.
func (c Cache) Answered() int64 { return c.Hits + c.Joined + c.Stale }

// Sub returns the interval from earlier, an older count of the same cache, to c:
// counters are what came in between; StaleMax and what has a state are as in c.
func (c Cache) Sub(earlier Cache) Cache {
	for _, n := range []struct {
		now    *int64
		before int64
	}{
		{&c.Hits, earlier.Hits},
		{&c.Joined, earlier.Joined},
		{&c.Stale, earlier.Stale},
		{&c.Would, earlier.Would},
		{&c.StaleOnError, earlier.StaleOnError},
		{&c.Kept, earlier.Kept},
		{&c.Dropped, earlier.Dropped},
		{&c.TooManyRows, earlier.TooManyRows},
		{&c.TooBig, earlier.TooBig},
		{&c.NotPlain, earlier.NotPlain},
		{&c.Refreshed, earlier.Refreshed},
		{&c.Audits, earlier.Audits},
		{&c.Mismatches, earlier.Mismatches},
		{&c.Evicted, earlier.Evicted},
	} {
		*n.now -= n.before
	}
	c.StaleAge -= earlier.StaleAge
	c.Misses, c.Bypasses = less(c.Misses, earlier.Misses), less(c.Bypasses, earlier.Bypasses)
	c.Flushes = less(c.Flushes, earlier.Flushes)
	return c
}

// less returns what was counted under each name in between.
func less(now, before map[string]int64) map[string]int64 {
	between := make(map[string]int64, len(now))
	for name, n := range now {
		between[name] = n - before[name]
	}
	return between
}

// since is Sub for parts that may be missing.
func (c *Cache) since(earlier *Cache) *Cache {
	if c == nil || earlier == nil {
		return c
	}
	between := c.Sub(*earlier)
	return &between
}

// Sum adds up what was counted under names.
func Sum(counts map[string]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// Count is what was counted under a name.
type Count struct {
	Name string
	N    int64
}

// Top returns what was counted under names, the most first, without those of
// which there were none.
func Top(counts map[string]int64) []Count {
	var list []Count
	for name, n := range counts {
		if n > 0 {
			list = append(list, Count{name, n})
		}
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name))
	})
	return list
}

// text is the cache in a line of [Snapshot.String].
func (c Cache) text() string {
	return fmt.Sprintf("%s: %.1f%% of %d queries answered, %d without it; %d answers in %d of %d bytes, %d evicted; %d mismatches",
		c.Mode, 100*c.HitRatio(), c.Asked(), Sum(c.Bypasses), c.Entries, c.Bytes, c.Budget, c.Evicted, c.Mismatches)
}
