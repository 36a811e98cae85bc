// This file asks the database what its schema is, and again when it may have changed.

package fluxor

import (
	"sync/atomic"
	"time"
)

// cacheCatalog is when the schema is asked for.
type cacheCatalog struct {
	off  bool
	next atomic.Int64 // when it is due, after the engine's epoch; 0 = now
}

// reshaped notes that a statement is over that may have changed the schema.
func (c *queryCache) reshaped() {
	c.planner.Forget()
	c.catalog.next.Store(0)
}

func (e *engine) freshen(time.Time) {}

// schemaState says what is known of the tables.
func (c *queryCache) schemaState() (state, fault string) {
	switch {
	case c.catalog.off:
		return "off", ""
	case c.planner.Schema() != nil:
		return "known", ""
	}
	return "unknown", ""
}
