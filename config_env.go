// This file reads the environment, for DefaultConfig and the builder alone.

package fluxor

import (
	"errors"
	"fmt"
	"os"
)

// envDSN is the variable of the one field that is no option.
const envDSN = "DB_DSN"

// DefaultConfig returns what the environment says: DB_DSN, and a variable for
// each option (docs/CONFIG.md has the names). One that is unset or empty leaves
// its field unset, which then means what the preset says; the preset is
// "legacy" unless DB_PRESET says otherwise. Fields that the caller changes
// afterwards win over the options of the DSN, which win over the environment.
//
// A variable that cannot be read is an error of Validate, and of NewConnector,
// WrapConnector and DBRuntime.Connect, that names the variable. Nothing else
// but [NewConfigBuilder] reads the environment, in particular not sql.Open.
func DefaultConfig() *RuntimeConfig {
	c, err := fromEnvironment(os.LookupEnv)
	under := c
	c.under, c.err = &under, err
	return &c
}

// fromEnvironment reads the variables as lookup, which is os.LookupEnv, gives
// them.
func fromEnvironment(lookup func(string) (string, bool)) (RuntimeConfig, error) {
	c := RuntimeConfig{Preset: presetLegacy}
	var errs []error
	for _, o := range options {
		value, _ := lookup(o.env)
		if value == "" {
			continue
		}
		if err := o.set(&c, value); err != nil {
			errs = append(errs, fmt.Errorf("fluxor: environment variable %w", o.refused(o.env, value)))
		}
	}
	c.DSN, _ = lookup(envDSN)
	return c, errors.Join(errs...)
}

// inherited reports whether an option stands in c because the environment says
// so: no code changed it since.
func (c *RuntimeConfig) inherited(o option) bool {
	return c.under != nil && o.written(c.under) && o.same(c, c.under)
}

// layers parts c into what code wrote and what stands below the DSN.
func (c RuntimeConfig) layers() (code, environment RuntimeConfig) {
	code = c
	code.denied = nil
	for _, o := range options {
		at := &code
		if c.inherited(o) {
			o.of(&environment).Set(o.of(&c))
			o.of(&code).SetZero()
			at = &environment
		}
		if c.denied[o.field] {
			o.deny(at)
		}
	}
	return code, environment
}
