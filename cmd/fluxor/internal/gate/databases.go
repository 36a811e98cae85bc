// This file opens and closes the databases behind a gateway.

package gate

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// database is a connector, and what it was made by.
type database struct {
	by *config.Database
	*fluxor.Connector
}

// databases are those that are served, by name.
type databases map[string]database

// open makes the databases of a file, which dials nothing; those of before that
// are still the same are kept. After an error none is left open that is new.
func open(f *config.File, before databases, log *slog.Logger) (databases, error) {
	all, fresh := databases{}, databases{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(f.Databases)) {
		by := f.Databases[name]
		if old, ok := before[name]; ok && by.Same(old.by) {
			all[name] = old
			continue
		}
		c, err := by.Runtime(log.With(slog.String("database", name)))
		if err == nil {
			var db *fluxor.Connector
			if db, err = fluxor.NewConnector(c); err == nil {
				all[name] = database{by, db}
				fresh[name] = all[name]
				continue
			}
		}
		faults = append(faults, fmt.Errorf("database %s: %w", name, err))
	}
	if len(faults) > 0 {
		fresh.close()
		return nil, errors.Join(faults...)
	}
	return all, nil
}

// offered are the databases as a gateway takes them.
func (d databases) offered() map[string]gateway.Database {
	all := map[string]gateway.Database{}
	for name, db := range d {
		all[name] = db.Connector
	}
	return all
}

// without are those that another set does not have.
func (d databases) without(other databases) databases {
	rest := databases{}
	for name, db := range d {
		if other[name].Connector != db.Connector {
			rest[name] = db
		}
	}
	return rest
}

func (d databases) close() {
	for _, db := range d {
		_ = db.Close()
	}
}
