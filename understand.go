// This file tells how a DSN is understood: for people and tools, before anything is dialed.

package fluxor

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// Source is where the value of an option comes from.
type Source string

// The sources, the strongest first.
const (
	// SourceCode: a field of RuntimeConfig that the program set.
	SourceCode Source = "code"
	// SourceDSN: an option written in the DSN.
	SourceDSN Source = "dsn"
	// SourceEnvironment: a variable that DefaultConfig or the builder read, or the
	// preset "legacy" that they set.
	SourceEnvironment Source = "environment"
	// SourcePreset: the preset that code or the DSN chose.
	SourcePreset Source = "preset"
	// SourceDefault: nobody wrote anything.
	SourceDefault Source = "default"
)

// Understanding is how Fluxor reads a configuration. It holds no password and
// is fit for logs.
type Understanding struct {
	// DSN is what was read, with secrets concealed.
	DSN string
	// Rule says in words why this backend serves it.
	Rule string
	// Backend is the chosen backend's name, Type its kind of database ("" when
	// unknown), Driver the database/sql name of the wrapped driver, and Import
	// the package that brings it ("" for a driver by name).
	Backend, Type, Driver, Import string
	// Form is the grammar in which the DSN is read, Grammar the same in words.
	Form    backend.Form
	Grammar string
	// Native is what the wrapped driver gets, with secrets concealed.
	Native string
	// Options are all options, in the order of docs/CONFIG.md.
	Options []OptionSetting
	// Config is the configuration with every option concrete: 0 is off or
	// unlimited. Its DSN is empty.
	Config RuntimeConfig
}

// OptionSetting is the value of one option.
type OptionSetting struct {
	// Key is the option's name in a DSN, Field the one in RuntimeConfig.
	Key, Field string
	// Value is what holds, written as docs/CONFIG.md does: "30s", "unlimited".
	Value string
	// Source is where it comes from.
	Source Source
	// Meaning is one sentence.
	Meaning string
}

// Understand reads cfg as [NewConnector] does, dials nothing and opens nothing.
// Its error is NewConnector's, and shows no password; repeating does not help.
func Understand(cfg RuntimeConfig) (*Understanding, error) {
	t, err := parseConfig(cfg, backend.All())
	if err != nil {
		return nil, err
	}
	set, err := resolve(t.config)
	if err != nil {
		return nil, err
	}
	_, written, err := t.split(cfg.DSN)
	if err != nil {
		return nil, err
	}
	u := &Understanding{
		DSN: dsn.Redact(cfg.DSN), Native: dsn.Redact(t.native),
		Backend: t.backend.Name, Type: t.backend.Type, Driver: t.backend.DriverName, Import: t.backend.ImportPath,
		Form: t.form, Grammar: grammarOf(t.form, cfg.DSN), Config: RuntimeConfig(set),
	}
	u.Rule = t.rule(cfg, written, u.Grammar)
	for _, o := range options {
		u.Options = append(u.Options, o.setting(cfg, written, &u.Config))
	}
	return u, nil
}

// split repeats how the target's DSN came apart.
func (t target) split(text string) (native string, written []dsn.Option, err error) {
	plain, err := dsn.Translate(t.form, text)
	if err != nil {
		return "", nil, err
	}
	return dsn.Split(dsn.Grammar{Form: t.form, Driver: t.backend.DriverName}, plain)
}

// grammarOf names the grammar; a driver that was named may read a DSN that
// looks like nothing known.
func grammarOf(form backend.Form, text string) string {
	for _, s := range dsn.Recognize(text) {
		if s.Form == form {
			return s.Text
		}
	}
	return "no known grammar"
}

// rule says which of the rules of choice chose.
func (t target) rule(code RuntimeConfig, written []dsn.Option, grammar string) string {
	for _, field := range []string{"Driver", "DatabaseType"} {
		o := optionOf(field)
		switch value := o.get(&t.config); {
		case value == "":
		case code.inherited(o) && !has(written, o):
			return "the environment variable " + o.env + " chooses " + dsn.ShowValue(value)
		case o.written(&code) && !code.inherited(o):
			return "the field " + field + " chooses " + dsn.ShowValue(value)
		case has(written, o):
			return "the option " + o.key() + " in the DSN chooses " + dsn.ShowValue(value)
		}
	}
	rule := "the DSN is written as " + grammar + ", and " + t.backend.ImportPath + " serves " + t.backend.Type
	if others := rivals(t.backend); len(others) > 0 {
		rule += " before " + strings.Join(others, " and ")
	}
	return rule
}

// rivals are the other imported backends for the same kind of database that
// read a DSN.
func rivals(b backend.Backend) []string {
	var names []string
	for _, other := range backend.All() {
		if other.Type == b.Type && other.Name != b.Name && len(other.Forms) > 0 {
			names = append(names, other.ImportPath)
		}
	}
	return names
}

func has(written []dsn.Option, o option) bool {
	return slices.ContainsFunc(written, func(w dsn.Option) bool { return w.Key == o.key() })
}

// setting says what holds for one option and why.
func (o option) setting(cfg RuntimeConfig, written []dsn.Option, concrete *RuntimeConfig) OptionSetting {
	s := OptionSetting{Key: o.key(), Field: o.field, Meaning: o.doc, Value: o.shown(concrete), Source: SourceDefault}
	code, environment := cfg.layers()
	preset := presets[concrete.Preset]
	switch {
	case o.written(&code):
		s.Source = SourceCode
	case has(written, o):
		s.Source = SourceDSN
	case o.written(&environment):
		s.Source = SourceEnvironment
	case (cfg.Preset != "" || has(written, optionOf("Preset"))) && !o.of(&preset).IsZero():
		s.Source = SourcePreset
	}
	return s
}

// idle reports whether a concrete 0 only means that the limit is off which the
// value would follow from.
func (o option) idle(c *RuntimeConfig) bool {
	return o.field == "RateLimitBurst" || o.field == "BackpressureQueue" && c.MaxConcurrentConnections == 0 && c.MaxRequestsPerSecond == 0
}

// shown is a concrete value in words.
func (o option) shown(c *RuntimeConfig) string {
	switch value := o.get(c); {
	case o.isBool():
		return strconv.FormatBool(o.of(c).Bool())
	case value == "" && o.idle(c):
		return o.unset
	case value == "" && o.off != "":
		return o.off
	case value == "":
		return o.unset
	case o.field == "Driver":
		return dsn.ShowValue(value)
	default:
		return value
	}
}
