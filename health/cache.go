// This file is what a query cache says of itself in a diagnosis.

package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/metrics"
)

// mostReasons is how many reasons a line names.
const mostReasons = 4

// cacheLines are what a cache answered, why not the rest, and what is wrong with
// it.
func cacheLines(c *metrics.Cache) []string {
	if !c.On() {
		return []string{"off"}
	}
	lines := []string{answered(c), fmt.Sprintf("%d answers take %s of %s, about %d of them dead weight, %d evicted; %d kept, %d overtaken while they came, %d did not fit",
		c.Entries, size(c.Bytes), size(c.Budget), c.Dead, c.Evicted, c.Kept, c.Dropped, c.TooManyRows+c.TooBig+c.NotPlain)}
	for _, part := range []struct {
		lead   string
		counts map[string]int64
	}{{"asked the database", c.Misses}, {"had no part in", c.Bypasses}, {"ended all answers", c.Flushes}} {
		if sum := metrics.Sum(part.counts); sum > 0 {
			lines = append(lines, fmt.Sprintf("%s %d times: %s", part.lead, sum, reasons(part.counts)))
		}
	}
	return append(lines, doubted(c)...)
}

// answered is the share of queries that were answered.
func answered(c *metrics.Cache) string {
	if c.Mode == "observe" {
		return fmt.Sprintf("observes: it would have answered %.1f %% of %d queries", 100*c.HitRatio(), c.Asked())
	}
	text := fmt.Sprintf("%s: answered %.1f %% of %d queries: %d from memory, %d with another caller's answer, %d with an old one",
		c.Mode, 100*c.HitRatio(), c.Asked(), c.Hits, c.Joined, c.Stale)
	if c.Stale > 0 {
		text += fmt.Sprintf(" (%d because the database could not be asked; the oldest was %v old)", c.StaleOnError, c.StaleMax.Round(time.Millisecond))
	}
	return text
}

// doubted is what the cache knows of its database, and of what it does not know.
func doubted(c *metrics.Cache) []string {
	schema := "schema " + c.Schema
	if c.SchemaFault != "" {
		schema += ": " + c.SchemaFault
	}
	lines := []string{fmt.Sprintf("%d versions in doubt, %d connections with a state of their own; %s", c.Doubts, c.Sessions, schema)}
	switch {
	case c.Mismatches > 0:
		lines = append(lines, fmt.Sprintf("%d of %d audited answers were WRONG: somebody changes tables without this connector", c.Mismatches, c.Audits))
	case c.Audits > 0:
		lines = append(lines, fmt.Sprintf("all of %d audited answers were right", c.Audits))
	}
	return lines
}

// reasons are the most frequent ones, and how many the others are.
func reasons(counts map[string]int64) string {
	var parts []string
	top := metrics.Top(counts)
	for _, c := range top[:min(len(top), mostReasons)] {
		parts = append(parts, fmt.Sprintf("%s %d", c.Name, c.N))
	}
	var rest int64
	for _, c := range top[min(len(top), mostReasons):] {
		rest += c.N
	}
	if rest > 0 {
		parts = append(parts, fmt.Sprintf("others %d", rest))
	}
	return strings.Join(parts, ", ")
}

// size writes bytes as an option does.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", bytes)
}
