// This file writes what is known of a connector's query cache.

package top

import (
	"fmt"
	"strings"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/metrics"
)

// cacheSection is the share of queries that the cache answers, its memory, and
// why it does not answer the others. Wrong answers come first.
func cacheSection(c *admin.Connector) section {
	mode := clean(c.Cache.Mode)
	if mode == "" || mode == "off" {
		return section{lines: []line{{label("cache"), {"off", faint}}}}
	}
	texts := append([]string{mode + ": " + cacheRatio(c), cacheStanding(c)}, cacheReasons(c.Recent.Cache)...)
	wrong := c.Total.Cache.Mismatches
	if wrong > 0 {
		texts = append([]string{fmt.Sprintf("%s of %s audited answers were WRONG: somebody changes tables without it", count(wrong), count(c.Total.Cache.Audits))}, texts...)
	}
	s := facts("cache", texts...)
	if wrong > 0 {
		s.lines[0][1].look = bad
		s.least = 2
	}
	return s
}

// cacheRatio is the share of the recent queries that were answered, or would have
// been.
func cacheRatio(c *admin.Connector) string {
	n := c.Recent.Cache
	asked := c.Recent.CacheHits + c.Recent.CacheMisses
	if asked == 0 {
		return fmt.Sprintf("no query in %v", c.Recent.Seconds)
	}
	verb := "answered"
	if c.Cache.Mode == "observe" {
		verb = "would answer"
	}
	text := fmt.Sprintf("%s %.1f %% of %s in %v", verb, n.HitPercent, count(asked), c.Recent.Seconds)
	if n.Stale > 0 {
		text += fmt.Sprintf(", %s with old answers", count(n.Stale))
	}
	return text
}

// cacheReasons are the most frequent reasons why queries were not answered: a line
// for those that the cache had a part in, one for the rest.
func cacheReasons(n admin.CacheCounts) []string {
	var lines []string
	for _, text := range []string{
		codes("missed: ", n.Misses),
		strings.TrimPrefix(codes("no part: ", n.Bypasses)+codes("; flushed: ", n.Flushes), "; "),
	} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

// codes are the most frequent codes behind a lead; "" for none.
func codes(lead string, counts map[string]int64) string {
	var list []string
	top := metrics.Top(counts)
	for _, c := range top[:min(len(top), 3)] {
		list = append(list, clean(c.Name)+" "+count(c.N))
	}
	if list == nil {
		return ""
	}
	return lead + strings.Join(list, ", ")
}

// cacheStanding is the memory of the cache, and what keeps it from working as it
// might.
func cacheStanding(c *admin.Connector) string {
	text := count(int64(c.Cache.Entries)) + " answers"
	if budget := float64(c.Cache.BudgetBytes); budget > 0 {
		text += fmt.Sprintf(", %.0f %% of %.0f MiB", 100*float64(c.Cache.Bytes)/budget, budget/(1<<20))
	}
	if n := c.Recent.Cache.Evictions; n > 0 {
		text += ", " + count(n) + " evicted"
	}
	if c.Cache.Doubts > 0 {
		text += fmt.Sprintf("; %d versions in doubt", c.Cache.Doubts)
	}
	if c.Cache.Sessions > 0 {
		text += "; " + count(c.Cache.Sessions) + " sessions with a state"
	}
	if c.Cache.Schema != "known" {
		text += "; schema " + clean(c.Cache.Schema)
		if c.Cache.SchemaFault != "" {
			text += ": " + clean(c.Cache.SchemaFault)
		}
	}
	return text
}
