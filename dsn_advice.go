// This file words what is wrong with a DSN as a whole: what to import, which grammars were tried, what contradicts what.

package fluxor

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// errEmptyDSN is what the empty DSN under "fluxor" means. Repeating does not
// help.
var errEmptyDSN = errors.New(`fluxor: the DSN is empty; pass the DSN of the wrapped driver, such as postgres://user:password@host/db, or open it under an alias such as "postgres-fluxor" to let that driver read its environment`)

// errForeign is what an option at fault means in a DSN that is written for another
// driver than the alias it was opened under: it may be a part of the password.
const errForeign = dsn.Constant("fluxor: the DSN is not written as the driver of this alias reads one, and what that driver would take for an option is not valid; open the DSN under the alias that it is written for")

const (
	driversPath   = "github.com/fluxor-db/fluxor/drivers/"
	netdriverPath = "github.com/fluxor-db/fluxor/netdriver"
)

// The packages to import, by kind of database and by database/sql name. A
// driver that is named here is used through its package alone: by its bare name
// nothing would watch its wire.
var (
	importOfType = map[string]string{
		"postgres": driversPath + "postgres",
		"mysql":    driversPath + "mysql",
		"sqlite":   driversPath + "sqlite",
		"oracle":   driversPath + "oracle",

		dsn.TypeGateway: netdriverPath,
	}
	importOfDriver = map[string]string{
		"postgres": driversPath + "postgres",
		"pgx":      driversPath + "pgx",
		"pgx/v5":   driversPath + "pgx",
		"mysql":    driversPath + "mysql",
		"sqlite":   driversPath + "sqlite",
		"godror":   driversPath + "oracle",

		dsn.TypeGateway: netdriverPath,
	}
)

func missing(what, path string) error {
	return fmt.Errorf("fluxor: the backend for %s is not imported; add import _ %q", what, path)
}

// missingType says what to import for a kind of database.
func missingType(kind string) error {
	return missing(kind+" DSNs", importOfType[kind])
}

// unregistered is the error of a driver that database/sql does not know.
func unregistered(name string) error {
	var names []string
	for _, n := range sql.Drivers() {
		if n != "fluxor" && !strings.HasSuffix(n, "-fluxor") {
			names = append(names, n)
		}
	}
	text := "fluxor: option fluxor_driver=" + dsn.ShowValue(name) + ": no such driver is registered with database/sql; import the package that registers it"
	if near := nearest(name, slices.AppendSeq(slices.Clone(names), maps.Keys(importOfDriver))); near != "" {
		text += "; did you mean " + near + "?"
	}
	if len(names) > 0 {
		text += " (there are " + strings.Join(names, ", ") + ")"
	}
	return errors.New(text)
}

// undecided is the error of a DSN that fits no grammar or several.
func undecided(text string, shapes []dsn.Shape) error {
	const advice = "; name the driver with the option fluxor_driver, or open the DSN under an alias such as \"postgres-fluxor\""
	if len(shapes) == 0 && strings.Contains(text, optionOf("Driver").key()) {
		return careful(errors.New("fluxor: the option fluxor_driver is not read in this DSN: it must be a parameter of a URL or stand behind a question mark; use fluxor.WrapConnector for any other DSN"), text)
	}
	if len(shapes) == 0 {
		return errors.New("fluxor: the DSN fits none of the known grammars: " + strings.Join(dsn.Known(), ", ") + advice)
	}
	return errors.New("fluxor: the DSN fits more than one grammar: " + strings.Join(shapeTexts(shapes), ", ") + advice)
}

func shapeTexts(shapes []dsn.Shape) []string {
	texts := make([]string, len(shapes))
	for i, s := range shapes {
		texts[i] = s.Text
	}
	return texts
}

// suits refuses a choice of the kind of database that the DSN is not written
// for: its driver would read the DSN in its own way and send what it takes for
// a name to the server that it takes for the right one. An unknown kind, and a
// DSN that fits no grammar, suit everything.
func suits(o option, value, kind string, shapes []dsn.Shape) error {
	if kind == "" || len(shapes) == 0 || slices.ContainsFunc(shapes, func(s dsn.Shape) bool { return s.Type == kind }) {
		return nil
	}
	about := ""
	if value != kind {
		about = ", which is for " + kind + ","
	}
	return fmt.Errorf("fluxor: option %s=%s%s does not go with this DSN, which is written as %s; remove the option or write the DSN for %s",
		o.key(), dsn.ShowValue(value), about, strings.Join(shapeTexts(shapes), " or "), kind)
}

// foundAgain refuses a DSN that goes to a driver because of an option which
// that driver's grammar has no place for: the option would stay in the DSN.
func foundAgain(wished, found RuntimeConfig, b backend.Backend) error {
	for _, field := range []string{"Driver", "DatabaseType"} {
		o := optionOf(field)
		if value := o.get(&wished); value != "" && o.get(&found) != value {
			return fmt.Errorf("fluxor: option %s=%s stands where the driver %s reads no parameters; write the DSN in that driver's own grammar",
				o.key(), dsn.ShowValue(value), dsn.ShowValue(b.DriverName))
		}
	}
	return nil
}

// agrees refuses options that name another backend than the one that was
// chosen, by an alias or in code.
func agrees(b backend.Backend, c RuntimeConfig) error {
	if c.Driver != "" && c.Driver != b.DriverName {
		return fmt.Errorf("fluxor: option fluxor_driver=%s does not go with the driver %s that the DSN was opened for", dsn.ShowValue(c.Driver), dsn.ShowValue(b.DriverName))
	}
	if c.DatabaseType != "" && b.Type != "" && string(c.DatabaseType) != b.Type {
		return fmt.Errorf("fluxor: option fluxor_type=%s does not go with the driver %s, which is for %s", c.DatabaseType, dsn.ShowValue(b.DriverName), b.Type)
	}
	return nil
}

// careful returns err, or an error that quotes nothing where what err quotes
// may be part of a password.
func careful(err error, text string) error {
	if dsn.Doubtful(text) && !errors.As(err, new(dsn.Constant)) {
		return dsn.ErrAmbiguous
	}
	return err
}
