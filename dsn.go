// This file decides which backend a DSN is for and parts Fluxor's options from it.

package fluxor

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// errEmptyDSN is what the empty DSN under "fluxor" means. Repeating does not
// help.
var errEmptyDSN = errors.New(`fluxor: the DSN is empty; pass the DSN of the wrapped driver, such as postgres://user:password@host/db, or open it under an alias such as "postgres-fluxor" to let that driver read its environment`)

// target is what a DSN stands for.
type target struct {
	backend backend.Backend
	// byName: no package under drivers/ describes the driver; of the backend
	// only Name, Type and DriverName are set.
	byName bool
	// native is the DSN for the wrapped driver.
	native string
	// config holds Fluxor's options; its DSN is empty.
	config RuntimeConfig
}

// parseDSN reads a DSN as sql.Open receives it; forced is the name of the
// backend that an alias stands for, "" under "fluxor". Its errors quote nothing
// of the DSN but Fluxor's own options; repeating does not help.
func parseDSN(text, forced string, backends []backend.Backend) (target, error) {
	return choice{backends: backends, forced: forced}.parse(text)
}

// parseConfig reads cfg.DSN. In the target's configuration a field set in code
// wins over the same option in the DSN.
func parseConfig(cfg RuntimeConfig, backends []backend.Backend) (target, error) {
	return choice{backends: backends, code: cfg}.parse(cfg.DSN)
}

// formatDSN writes the options of cfg that can be written into native, in
// native's own syntax: parseDSN gives both back.
func formatDSN(native string, g dsn.Grammar, cfg RuntimeConfig) (string, error) {
	var written []dsn.Option
	for _, o := range options {
		if value := o.get(&cfg); value != "" {
			written = append(written, dsn.Option{Key: o.key(), Value: value})
		}
	}
	return dsn.Join(g, native, written)
}

// choice finds the backend: what code or an alias says first, then what the
// DSN says by option, then what it looks like.
type choice struct {
	backends []backend.Backend
	forced   string
	code     RuntimeConfig
}

func (c choice) parse(text string) (target, error) {
	if c.forced != "" {
		i := slices.IndexFunc(c.backends, func(b backend.Backend) bool { return b.Name == c.forced })
		if i < 0 {
			return target{}, fmt.Errorf("fluxor: the backend %s is not imported", c.forced)
		}
		return c.finish(c.backends[i], dsn.FormOf(c.backends[i], text), text)
	}
	shapes := dsn.Recognize(text)
	wish := c.wish(text, shapes)
	switch {
	case wish.Driver != "":
		return c.byDriver(wish, shapes, text)
	case wish.DatabaseType != "":
		b, err := c.ofType(string(wish.DatabaseType))
		if err != nil {
			return target{}, err
		}
		return c.finish(b, dsn.FormOf(b, text), text)
	case strings.TrimSpace(text) == "":
		return target{}, errEmptyDSN
	case len(shapes) != 1:
		return target{}, undecided(shapes)
	}
	b, err := c.ofType(shapes[0].Type)
	if err != nil {
		return target{}, err
	}
	return c.finish(b, shapes[0].Form, text)
}

// wish returns the Driver and DatabaseType that code or the DSN's options
// name. The options are looked for in each grammar that the DSN fits; a URL is
// read as pgx does, which takes no part of a password for an option.
func (c choice) wish(text string, shapes []dsn.Shape) RuntimeConfig {
	if len(shapes) == 0 {
		shapes = []dsn.Shape{{Form: backend.FormUnknown}}
	}
	for _, s := range shapes {
		plain, _ := dsn.Translate(s.Form, text)
		_, written, _ := dsn.Split(dsn.Grammar{Form: s.Form, Driver: "pgx"}, plain)
		var named RuntimeConfig
		for _, field := range []string{"Driver", "DatabaseType"} {
			o := optionOf(field)
			if i := slices.IndexFunc(written, func(w dsn.Option) bool { return w.Key == o.key() }); i >= 0 {
				o.of(&named).SetString(written[i].Value)
			}
		}
		if named.Driver != "" || named.DatabaseType != "" {
			return c.code.merge(named)
		}
	}
	return c.code
}

// byDriver serves a driver named by its database/sql name.
func (c choice) byDriver(wish RuntimeConfig, shapes []dsn.Shape, text string) (target, error) {
	if err := wish.Validate(); err != nil {
		return target{}, err
	}
	name := wish.Driver
	i := slices.IndexFunc(c.backends, func(b backend.Backend) bool { return b.DriverName == name })
	if i >= 0 {
		return c.finish(c.backends[i], dsn.FormOf(c.backends[i], text), text)
	}
	if path, known := importOfDriver[name]; known && !slices.Contains(sql.Drivers(), name) {
		return target{}, missing("the driver "+name, path)
	}
	form := backend.FormUnknown
	if len(shapes) == 1 {
		form = shapes[0].Form
	}
	if form == backend.FormLibpq || form == backend.FormLogfmt {
		return target{}, fmt.Errorf("fluxor: option fluxor_driver=%s: for a driver without a package under drivers/ the options must stand in a URL or after a question mark; use fluxor.WrapConnector for any other DSN", dsn.ShowValue(name))
	}
	t, err := c.finish(backend.Backend{Name: name, Type: string(wish.DatabaseType), DriverName: name}, form, text)
	t.byName = true
	return t, err
}

// ofType returns the imported backend for a kind of database: lib/pq's and
// godror's, which bear its name, before others.
func (c choice) ofType(kind string) (backend.Backend, error) {
	if kind == dsn.TypeGateway {
		return backend.Backend{}, errors.New("fluxor: tcp:// and fluxor+tcp:// lead to a Fluxor gateway, whose client comes with the gateway and is not in this version; it will be import _ \"github.com/fluxor-db/fluxor/netdriver\"")
	}
	var fitting []backend.Backend
	for _, b := range c.backends {
		if b.Type == kind && b.Name == kind {
			return b, nil
		}
		if b.Type == kind {
			fitting = append(fitting, b)
		}
	}
	switch len(fitting) {
	case 1:
		return fitting[0], nil
	case 0:
		return backend.Backend{}, c.missingType(kind)
	}
	return backend.Backend{}, fmt.Errorf("fluxor: %s and %s both serve %s DSNs; name one with fluxor_driver=%s or open it under its alias",
		fitting[0].ImportPath, fitting[1].ImportPath, kind, fitting[0].DriverName)
}

// missingType says what to import for a kind of database, or that there is no
// such kind.
func (c choice) missingType(kind string) error {
	if path, ok := importOfType[DatabaseType(kind)]; ok {
		return missing("a "+kind+" DSN", path)
	}
	return optionOf("DatabaseType").bad(kind)
}

const driversPath = "github.com/fluxor-db/fluxor/drivers/"

// The packages to import, by kind of database and by database/sql name.
var (
	importOfType = map[DatabaseType]string{
		DatabaseTypeOracle:     driversPath + "oracle",
		DatabaseTypePostgreSQL: driversPath + "postgres",
		DatabaseTypeMySQL:      driversPath + "mysql",
		DatabaseTypeSQLite:     driversPath + "sqlite",
	}
	importOfDriver = map[string]string{
		"postgres": driversPath + "postgres",
		"pgx":      driversPath + "pgx",
		"mysql":    driversPath + "mysql",
		"sqlite":   driversPath + "sqlite",
		"godror":   driversPath + "oracle",
	}
)

func missing(what, path string) error {
	return fmt.Errorf("fluxor: the backend for %s is not imported; add import _ %q", what, path)
}

// undecided is the error of a DSN that fits no grammar or several.
func undecided(shapes []dsn.Shape) error {
	const advice = "; name the driver with the option fluxor_driver, or open the DSN under an alias such as \"postgres-fluxor\""
	if len(shapes) == 0 {
		return errors.New("fluxor: the DSN fits none of the known grammars: " + strings.Join(dsn.Known(), ", ") + advice)
	}
	texts := make([]string, len(shapes))
	for i, s := range shapes {
		texts[i] = s.Text
	}
	return errors.New("fluxor: the DSN fits more than one grammar: " + strings.Join(texts, ", ") + advice)
}

// finish takes the options out of the DSN in the grammar that is now certain.
func (c choice) finish(b backend.Backend, form backend.Form, text string) (target, error) {
	text, err := dsn.Translate(form, text)
	if err != nil {
		return target{}, err
	}
	native, written, err := dsn.Split(dsn.Grammar{Form: form, Driver: b.DriverName}, text)
	if err != nil {
		return target{}, err
	}
	config, err := configOf(written)
	if err != nil {
		return target{}, err
	}
	config = c.code.merge(config)
	config.DSN = ""
	if err := config.Validate(); err != nil {
		return target{}, err
	}
	if err := agrees(b, config); err != nil {
		return target{}, err
	}
	return target{backend: b, native: native, config: config}, nil
}

// agrees refuses options that name another backend than the one that was
// chosen, by an alias or in code.
func agrees(b backend.Backend, c RuntimeConfig) error {
	if c.Driver != "" && c.Driver != b.DriverName {
		return fmt.Errorf("fluxor: option fluxor_driver=%s does not go with the driver %s that the DSN was opened for", dsn.ShowValue(c.Driver), b.DriverName)
	}
	if c.DatabaseType != "" && b.Type != "" && string(c.DatabaseType) != b.Type {
		return fmt.Errorf("fluxor: option fluxor_type=%s does not go with the driver %s, which is for %s", c.DatabaseType, b.DriverName, b.Type)
	}
	return nil
}
