// This file is a way to a target's database, and what it may show otherwise than the bare driver.

package conform

import (
	"database/sql"
	"slices"
	"testing"
)

// Handle is one way to a target's database.
type Handle struct {
	Name string
	Open func(testing.TB) *sql.DB
	// Changed tells the handle that something else has changed the database; nil for
	// one that need not know.
	Changed func()
	// Without are the cases that the handle does not run, by name, and why.
	Without map[string]string
	// Runs reports whether the handle runs a case; nil for one that runs all.
	Runs func(Case) bool
	// Seen is what is taken down of an error, such as the direct driver's that
	// errors.As finds in it; nil for the error itself.
	Seen func(error) error
	// Differences are what the handle shows otherwise on purpose.
	Differences []Difference
}

// Difference is something that a handle shows otherwise than the bare driver, on
// purpose.
type Difference struct {
	Name, Reason string
	// Cases name the cases that show it, each of them; none means any may.
	Cases []string
	// Excuses reports whether it explains two lines that differ; nil for one that
	// explains whatever differs in its cases.
	Excuses func(bare, through string) bool
}

func (d Difference) in(c Case) bool { return len(d.Cases) == 0 || slices.Contains(d.Cases, c.Name) }

// wholly names the difference that explains all of c, or is empty.
func wholly(c Case, all []Difference) string {
	for _, d := range all {
		if d.Excuses == nil && d.in(c) {
			return d.Name
		}
	}
	return ""
}
