// This file decides which backend a DSN is for and parts Fluxor's options from it.

package fluxor

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// target is what a DSN stands for.
type target struct {
	backend backend.Backend
	// byName: no package under drivers/ describes the driver; of the backend
	// only Name, Type and DriverName are set.
	byName bool
	// native is the DSN for the wrapped driver, in the grammar form.
	native string
	form   backend.Form
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
// wins over the same option in the DSN, which wins over the environment.
func parseConfig(cfg RuntimeConfig, backends []backend.Backend) (target, error) {
	if cfg.err != nil {
		return target{}, cfg.err
	}
	code, environment := cfg.layers()
	return choice{backends: backends, code: code, environment: environment}.parse(cfg.DSN)
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
// DSN says by option, then what the environment says, then what the DSN looks
// like.
type choice struct {
	backends []backend.Backend
	forced   string
	code     RuntimeConfig
	// environment is what holds where neither code nor the DSN says anything.
	environment RuntimeConfig
	// inDSN holds the Driver and DatabaseType that wish found in the DSN.
	inDSN RuntimeConfig
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
	c.inDSN = wish(text, shapes)
	chosen := naming(c.code).merge(c.inDSN).merge(naming(c.environment))
	chosen.under = c.code.under
	if err := chosen.Validate(); err != nil {
		return target{}, careful(err, text)
	}
	switch {
	case chosen.Driver != "":
		return c.byDriver(chosen, shapes, text)
	case chosen.DatabaseType != "":
		return c.byType(chosen, shapes, text)
	case strings.TrimSpace(text) == "":
		return target{}, errEmptyDSN
	case len(shapes) != 1:
		return target{}, undecided(text, shapes)
	}
	b, err := c.ofType(shapes[0].Type)
	if err != nil {
		return target{}, err
	}
	return c.finish(b, shapes[0].Form, text)
}

// naming is what c says of the backend.
func naming(c RuntimeConfig) RuntimeConfig {
	return RuntimeConfig{Driver: c.Driver, DatabaseType: c.DatabaseType}
}

// wish returns the Driver and DatabaseType that the DSN's options name. They
// are looked for in each grammar that the DSN fits; a URL is read as pgx does,
// which takes no part of a password for an option. The chosen driver may read
// the DSN in another grammar: finish sees to it that it finds them as well.
func wish(text string, shapes []dsn.Shape) RuntimeConfig {
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
			return named
		}
	}
	return RuntimeConfig{}
}

// byType serves a kind of database.
func (c choice) byType(chosen RuntimeConfig, shapes []dsn.Shape, text string) (target, error) {
	kind := string(chosen.DatabaseType)
	if err := suits(optionOf("DatabaseType"), kind, kind, shapes); err != nil {
		return target{}, err
	}
	b, err := c.ofType(kind)
	if err != nil {
		return target{}, err
	}
	return c.finish(b, dsn.FormOf(b, text), text)
}

// byDriver serves a driver named by its database/sql name.
func (c choice) byDriver(chosen RuntimeConfig, shapes []dsn.Shape, text string) (target, error) {
	name, kind := chosen.Driver, string(driverTypes[chosen.Driver])
	i := slices.IndexFunc(c.backends, func(b backend.Backend) bool { return b.DriverName == name })
	if i >= 0 {
		kind = c.backends[i].Type
	}
	if err := suits(optionOf("Driver"), name, kind, shapes); err != nil {
		return target{}, err
	}
	if i >= 0 {
		return c.finish(c.backends[i], dsn.FormOf(c.backends[i], text), text)
	}
	if path, known := importOfDriver[name]; known && !c.imported(path) {
		return target{}, missing("the driver "+name, path)
	}
	if !slices.Contains(sql.Drivers(), name) {
		return target{}, careful(unregistered(name), text)
	}
	form := backend.FormUnknown
	if len(shapes) == 1 {
		form = shapes[0].Form
	}
	if form == backend.FormLibpq || form == backend.FormLogfmt {
		return target{}, fmt.Errorf("fluxor: option fluxor_driver=%s: for a driver without a package under drivers/ the options must stand in a URL or after a question mark; use fluxor.WrapConnector for any other DSN", dsn.ShowValue(name))
	}
	t, err := c.finish(backend.Backend{Name: name, Type: cmp.Or(string(chosen.DatabaseType), kind), DriverName: name}, form, text)
	t.byName = true
	return t, err
}

// imported reports whether the package at path is.
func (c choice) imported(path string) bool {
	return slices.ContainsFunc(c.backends, func(b backend.Backend) bool { return b.ImportPath == path })
}

// ofType returns the imported backend for a kind of database: lib/pq's and
// godror's, which bear its name, before others.
func (c choice) ofType(kind string) (backend.Backend, error) {
	var fitting []backend.Backend
	for _, b := range c.backends {
		if b.Type == kind && (b.Name == kind || b.DriverName == "godror") {
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
		return backend.Backend{}, missingType(kind)
	}
	return backend.Backend{}, fmt.Errorf("fluxor: %s and %s both serve %s DSNs; name one with fluxor_driver=%s or open it under its alias",
		fitting[0].ImportPath, fitting[1].ImportPath, kind, fitting[0].DriverName)
}

// finish takes the options out of the DSN in the grammar that is now certain.
func (c choice) finish(b backend.Backend, form backend.Form, text string) (target, error) {
	plain, err := dsn.Translate(form, text)
	if err != nil {
		return target{}, err
	}
	native, written, err := dsn.Split(dsn.Grammar{Form: form, Driver: b.DriverName}, plain)
	if err != nil {
		return target{}, careful(err, text)
	}
	config, err := c.settle(b, written)
	if err != nil && dsn.Foreign(form, text) {
		return target{}, errForeign
	}
	if err != nil {
		return target{}, careful(err, text)
	}
	return target{backend: b, native: native, form: form, config: config}, nil
}

// settle joins the options of the DSN with those in code.
func (c choice) settle(b backend.Backend, written []dsn.Option) (RuntimeConfig, error) {
	config, err := configOf(written)
	if err != nil {
		return RuntimeConfig{}, err
	}
	if err := foundAgain(c.inDSN, config, b); err != nil {
		return RuntimeConfig{}, err
	}
	config = c.code.merge(config).merge(c.environment)
	config.DSN = ""
	if err := config.Validate(); err != nil {
		return RuntimeConfig{}, err
	}
	return config, agrees(b, config)
}
