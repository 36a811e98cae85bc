// This file writes counts, and finds rates between two documents.

package top

import (
	"strconv"

	"github.com/fluxor-db/fluxor/admin"
)

// count writes a number with commas between thousands.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for at := len(digits) - 3; at > first; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// least is how far two documents must be apart to tell a rate.
const least = 0.2

// rateOf is how often an operation was per second between two documents of one
// connector; where they cannot tell it is that of the recent interval.
func rateOf(o admin.Operation, now, before *admin.Connector) admin.Rate {
	if before == nil {
		return o.PerSecond
	}
	passed := now.Total.Seconds - before.Total.Seconds
	n, m := totalOf(now, o.Operation), totalOf(before, o.Operation)
	if passed < least || n < m { // the program began anew
		return o.PerSecond
	}
	return admin.Rate(float64(n-m) / float64(passed))
}

// totalOf is how many operations of a kind there were since the start.
func totalOf(c *admin.Connector, kind string) int64 {
	for _, o := range c.Total.Operations {
		if o.Operation == kind {
			return o.Count
		}
	}
	return 0
}

// find returns the connector of that name; nil where there is none.
func find(d *admin.Document, name string) *admin.Connector {
	if d == nil {
		return nil
	}
	for i := range d.Connectors {
		if d.Connectors[i].Name == name {
			return &d.Connectors[i]
		}
	}
	return nil
}
