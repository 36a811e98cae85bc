// This file counts what a run did: how many statements worked, and how many of the reads that could have been hits were.

package difffuzz

import (
	"fmt"
	"slices"
)

// counts are the steps of a run and how many of them the database refused.
type counts struct {
	programs, reads, refusedReads, changes, refusedChanges int
}

func (c *counts) read(err error) {
	c.reads++
	if err != nil {
		c.refusedReads++
	}
}

func (c *counts) change(err error) {
	c.changes++
	if err != nil {
		c.refusedChanges++
	}
}

// add adds another run's.
func (c *counts) add(o counts) {
	c.programs += o.programs
	c.reads += o.reads
	c.refusedReads += o.refusedReads
	c.changes += o.changes
	c.refusedChanges += o.refusedChanges
}

// String is one line.
func (c *counts) String() string {
	return fmt.Sprintf("%d programs, %d reads (%d refused by the database), %d changes (%d refused)",
		c.programs, c.reads, c.refusedReads, c.changes, c.refusedChanges)
}

// never are why a text itself is not for a cache: it locks, looks at the clock or
// the server's own tables, shows the session, or says so.
var never = []string{
	"bypass hint-forbids", "bypass bad-hint", "bypass locking-read", "bypass reads-clock", "bypass reads-catalog", "bypass sequence",
	"bypass session", "bypass shows", "bypass several-statements", "bypass unknown-statement", "bypass conditional-comment",
}

// books are a player's reads by what became of them. A read is repeatable if the
// same one was made on the pool before, worked, nothing was written since, and
// its text is for a cache.
type books struct {
	seen       map[string]int // the read, and after how many writes
	writes     int
	repeatable int
	hits       int            // of the repeatable ones
	missed     map[string]int // the others, by what the cache said
	flushes    map[string]int64
}

func (b *books) wrote() { b.writes++ }

// read notes a read through the cache and what the cache said of it.
func (b *books) read(s step, err error, status string) {
	if s.on != pool || err != nil || s.do == fresh {
		return
	}
	key := s.String()
	if at, ok := b.seen[key]; ok && at == b.writes && !slices.Contains(never, status) {
		b.repeatable++
		if status == "hit" {
			b.hits++
		} else {
			b.missed[status]++
		}
	}
	b.seen[key] = b.writes
}

func newBooks() books {
	return books{seen: map[string]int{}, missed: map[string]int{}, flushes: map[string]int64{}}
}

// add adds another program's.
func (b *books) add(o books) {
	b.repeatable += o.repeatable
	b.hits += o.hits
	b.writes += o.writes
	for status, n := range o.missed {
		b.missed[status] += n
	}
	for why, n := range o.flushes {
		b.flushes[why] += n
	}
}
