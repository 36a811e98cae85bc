// This file holds what is asked of a catalog: which relations a text reads and which it may change.

// Package catalog knows what a database hides behind names: the tables below a
// view, and what else changes with a table, by foreign keys, triggers, rules,
// partitions and routines.
//
// A text shows names. Reads closes those of a query downwards, to all that its
// answer depends on, and Writes those of a change, to all that it may touch.
// Where both name a relation in common, the change may alter the answer. It
// errs on one side: names are compared in lower case without their schema, what
// a body of code names counts as written, and of what cannot be seen or proven
// the worst is said.
//
// What belongs to one session is in no catalog: temporary tables, their views
// and triggers, attached databases. Who creates some is marked by the statement
// that does so, and of a session so marked nothing may be kept, and every write
// may be of anything.
package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// Query runs a query and returns its rows, each cell as text; NULL is "".
type Query func(ctx context.Context, sql string) ([][]string, error)

// Catalog is what a database says of itself at one time. It is immutable, and
// safe for concurrent use.
type Catalog struct {
	graph
	refusal string
}

// Routine is what is known of the functions and procedures of a name; the worst
// of them, where there are several.
type Routine struct {
	// Pure is true where a call changes nothing, and its answer depends on the
	// arguments, the session's settings and Reads alone.
	Pure bool
	// Reads are the relations that a pure routine's answer depends on.
	Reads []string
	// Writes are the relations that a call may change, unless All.
	Writes []string
	// All is true where a call may change anything, because of Why.
	All bool
	Why string
}

var (
	// ErrDialect: there is no catalog for databases of the dialect. Asking again
	// does not help.
	ErrDialect = errors.New("no catalog is known for this kind of database")
	// ErrTooLarge: the schema is larger than what is held in memory. Asking again
	// does not help until something is dropped.
	ErrTooLarge = errors.New("the schema is too large for a catalog")
)

// Load reads the catalog of a database of dialect d, with several queries over
// one connection. Whoever wants to notice later changes takes a Fingerprint
// before: what changes while it loads is then noticed with the next.
func Load(ctx context.Context, d sqltext.Dialect, query Query) (*Catalog, error) {
	load, known := loaders[d]
	if !known {
		return nil, ErrDialect
	}
	l := &loader{ctx: ctx, query: query, dialect: d, c: &Catalog{graph: newGraph()}}
	if err := load(l); err != nil {
		return nil, err
	}
	l.c.seal()
	return l.c, nil
}

// Fingerprint returns a text that changes with every definition that a Catalog
// of dialect d depends on, and with every setting that refuses a database, in a
// few queries. It may change without reason.
func Fingerprint(ctx context.Context, d sqltext.Dialect, query Query) (string, error) {
	ask, known := fingerprints[d]
	if !known {
		return "", ErrDialect
	}
	return ask(&loader{ctx: ctx, query: query, dialect: d})
}

var (
	loaders = map[sqltext.Dialect]func(*loader) error{
		sqltext.PostgreSQL: loadPostgres, sqltext.SQLite: loadSQLite, sqltext.MySQL: loadMySQL, sqltext.Oracle: loadOracle,
	}
	fingerprints = map[sqltext.Dialect]func(*loader) (string, error){
		sqltext.PostgreSQL: postgresFingerprint, sqltext.SQLite: sqliteFingerprint, sqltext.MySQL: mysqlFingerprint, sqltext.Oracle: oracleFingerprint,
	}
)

// Refuses says why no answer of this database may be kept at all; "" where some
// may. It is a stable code, with a name behind a colon where one is to blame.
func (c *Catalog) Refuses() string { return c.refusal }

// Relation reports whether a table, a view or the like has the name.
func (c *Catalog) Relation(name string) bool {
	i, known := c.relations[name]
	return known && c.nodes[i].is&isRelation != 0
}

// Column reports whether a column of any relation has the name.
func (c *Catalog) Column(name string) bool {
	_, known := c.columns[name]
	return known
}

// Reads returns the relations that the answer of a query of these names depends
// on. If why is not "", the answer must not be kept: it depends on more. Names
// of columns alone are left out. A name that is not known is a tag as it is: it
// may be of a table that is younger than the catalog.
func (c *Catalog) Reads(names []string) (tags []string, why string) {
	start, tags := c.find(names)
	seen := c.walk(start, asRead)
	for _, at := range seen {
		n := &c.nodes[at.node]
		if why == "" && at.how == asRead {
			why = n.unkept
		}
	}
	return c.readTags(seen, tags), why
}

// Writes returns the relations that a change of these names may touch. If all,
// it may be anything, because of why. Names are taken as by Reads.
func (c *Catalog) Writes(names []string) (tags []string, all bool, why string) {
	start, tags := c.find(names)
	return c.written(c.walk(start, asWrite), tags)
}

// Effects returns what a mere query of these names may change, because a view,
// a policy or an operator calls a routine: nothing, as a rule. The results are
// those of Writes.
func (c *Catalog) Effects(names []string) (tags []string, all bool, why string) {
	start, _ := c.find(names)
	return c.written(c.walk(start, asRead), nil)
}

// Transactional reports whether a rollback undoes all that a change of these
// names does. Of names that are not known it is false.
func (c *Catalog) Transactional(names []string) bool {
	start, unknown := c.find(names)
	if len(unknown) > 0 {
		return false
	}
	for _, at := range c.walk(start, asWrite) {
		if n := &c.nodes[at.node]; at.how == asWrite && (n.lasting || n.boundless != "") {
			return false
		}
	}
	return true
}

// Routine returns what is known of the functions and procedures of a name;
// false for none of the user's own. Built-in ones are not in the catalog.
func (c *Catalog) Routine(name string) (Routine, bool) {
	i, known := c.routines[name]
	if !known {
		return Routine{}, false
	}
	var r Routine
	r.Writes, r.All, r.Why = c.written(c.walk([]int32{i}, asWrite), nil)
	seen := c.walk([]int32{i}, asRead)
	r.Pure = !r.All && len(r.Writes) == 0 && !slices.ContainsFunc(seen, func(s step) bool {
		return s.how == asRead && c.nodes[s.node].unkept != ""
	})
	if r.Pure {
		r.Reads = c.readTags(seen, nil)
	}
	return r, true
}
