// This file is the table of options: for each field its key, environment name, allowed values and meaning.

package fluxor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

// option is one field of RuntimeConfig that can be written outside code.
type option struct {
	field   string   // the Go field; its type says how a value is written
	env     string   // the environment variable; the DSN's key follows from it
	allowed []string // the only values, where they are words
	off     string   // what a written 0 means
	unset   string   // what an unset text means
	doc     string   // one sentence for docs/CONFIG.md
}

// options is the one list that the DSN, the defaults' page and the checks
// follow, in the order of docs/CONFIG.md.
var options = []option{
	{
		field: "Preset", env: "DB_PRESET", allowed: []string{presetTransparent, presetLegacy}, unset: presetTransparent,
		doc: "What unset options mean: `transparent` changes, refuses and throttles nothing, `legacy` protects a fragile database.",
	},
	{
		field: "DatabaseType", env: "DB_TYPE", allowed: []string{"oracle", "postgres", "mysql", "sqlite"}, unset: "from the DSN",
		doc: "The kind of database, to choose among the imported packages under `drivers/`.",
	},
	{
		field: "Driver", env: "DB_DRIVER", unset: "from the DSN",
		doc: "The wrapped driver by its `database/sql` name, for example `pgx`, `godror` or `oracledb`.",
	},
	{
		field: "MaxOpenConns", env: "DB_MAX_OPEN_CONNS", off: "unlimited",
		doc: "The most physical connections that may be open; who finds none waits in line.",
	},
	{
		field: "MaxIdleConns", env: "DB_MAX_IDLE_CONNS", off: "none",
		doc: "How many unused physical connections are kept once load has fallen; never more than `fluxor_max_open_conns`.",
	},
	{
		field: "ConnMaxLifetime", env: "DB_CONN_MAX_LIFETIME", off: "off",
		doc: "The age at which a physical connection is replaced.",
	},
	{
		field: "ConnMaxIdleTime", env: "DB_CONN_MAX_IDLE_TIME", off: "off",
		doc: "How long a physical connection may stay unused before it is closed.",
	},
	{
		field: "AcquireTimeout", env: "DB_ACQUIRE_TIMEOUT", off: "off",
		doc: "The longest wait for a physical connection, also where the context has no deadline.",
	},
	{
		field: "CloseTimeout", env: "DB_CLOSE_TIMEOUT", off: "off",
		doc: "The longest that Rollback, Close and Stmt.Close take, and Rows.Close while the server sends nothing.",
	},
	{
		field: "NetworkTimeout", env: "DB_NETWORK_TIMEOUT", off: "off",
		doc: "The longest wait for the server in a call that no context bounds.",
	},
	{
		field: "ValidationQuery", env: "DB_VALIDATION_QUERY", unset: "the driver's ping",
		doc: "The statement that checks a connection, in place of the driver's own ping.",
	},
	{
		field: "ValidationTimeout", env: "DB_VALIDATION_TIMEOUT", off: "off",
		doc: "The longest that one check may take.",
	},
	{
		field: "ValidationIdle", env: "DB_VALIDATION_IDLE", off: "never checked",
		doc: "How long a connection must have been unused to be checked before its next use.",
	},
	{
		field: "WarmupConnections", env: "DB_WARMUP_CONNECTIONS", off: "none",
		doc: "How many physical connections are opened at first use; not more than `fluxor_max_open_conns`.",
	},
	{
		field: "WarmupTimeout", env: "DB_WARMUP_TIMEOUT", off: "off",
		doc: "The longest that opening them may take.",
	},
	{
		field: "ConnectionTimeout", env: "DB_CONNECTION_TIMEOUT", off: "off",
		doc: "The longest that opening one physical connection may take.",
	},
	{
		field: "StmtCacheSize", env: "DB_STMT_CACHE_SIZE", off: "off",
		doc: "How many statements each physical connection keeps prepared, for texts that the driver would prepare anew for every call; never behind a transaction pooler such as PgBouncer.",
	},
}

// key returns the option's name in a DSN.
func (o option) key() string {
	return dsn.Prefix + strings.ToLower(strings.TrimPrefix(o.env, "DB_"))
}

// of returns the option's field of c.
func (o option) of(c *RuntimeConfig) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByName(o.field)
}

// optionOf returns the option of a field.
func optionOf(field string) option {
	return options[slices.IndexFunc(options, func(o option) bool { return o.field == field })]
}

// isDuration reports whether the option is a time, not a count.
func (o option) isDuration() bool {
	return o.of(new(RuntimeConfig)).Type() == reflect.TypeFor[time.Duration]()
}

// form says what the option's values look like, for errors and the page.
func (o option) form() string {
	switch {
	case o.allowed != nil:
		return "one of " + strings.Join(o.allowed, ", ")
	case o.field == "Driver":
		return "the name of a database/sql driver"
	case o.off == "":
		return "a text that is not empty"
	case o.isDuration():
		return "a duration such as 30s, 500ms or 10m; 0 means " + o.off
	}
	return "a whole number such as 20; 0 means " + o.off
}

// set writes a value as it stands in a DSN into c. A written 0 means off or
// unlimited, which c has as -1.
func (o option) set(c *RuntimeConfig, value string) error {
	field := o.of(c)
	if field.Kind() == reflect.String {
		if err := o.check(value); err != nil {
			return err
		}
		field.SetString(value)
		return nil
	}
	n, err := o.number(value)
	if err != nil || n < 0 {
		return o.bad(value)
	}
	if n == 0 {
		n = -1
	}
	field.SetInt(n)
	return nil
}

// number reads a duration or a count.
func (o option) number(value string) (int64, error) {
	if o.isDuration() {
		d, err := time.ParseDuration(value)
		return int64(d), err
	}
	return strconv.ParseInt(value, 10, 32)
}

// check refuses a text that the option does not allow.
func (o option) check(value string) error {
	if strings.TrimSpace(value) == "" || o.allowed != nil && !slices.Contains(o.allowed, value) {
		return o.bad(value)
	}
	if o.field == "Driver" && (value == "fluxor" || strings.HasSuffix(value, "-fluxor")) {
		return fmt.Errorf("fluxor: option %s=%s names Fluxor itself; name the driver to be wrapped", o.key(), dsn.ShowValue(value))
	}
	return nil
}

func (o option) bad(value string) error {
	near := ""
	if word := nearest(strings.ToLower(value), o.allowed); word != "" {
		near = "; did you mean " + word + "?"
	}
	return fmt.Errorf("fluxor: option %s=%s: want %s%s", o.key(), dsn.ShowValue(value), o.form(), near)
}

// get returns the option's value in c as it is written in a DSN; "" is unset.
func (o option) get(c *RuntimeConfig) string {
	v := o.of(c)
	switch {
	case v.IsZero():
		return ""
	case v.Kind() == reflect.String:
		return v.String()
	case v.Int() < 0:
		return "0"
	}
	return fmt.Sprint(v.Interface())
}

// configOf reads the options of a DSN.
func configOf(written []dsn.Option) (RuntimeConfig, error) {
	var c RuntimeConfig
	seen := make(map[string]string)
	for _, w := range written {
		i := slices.IndexFunc(options, func(o option) bool { return o.key() == w.Key })
		if i < 0 {
			return RuntimeConfig{}, unknownOption(w)
		}
		if before, ok := seen[w.Key]; ok && before != w.Value {
			return RuntimeConfig{}, fmt.Errorf("fluxor: option %s is written twice, as %s and as %s; remove one",
				w.Key, dsn.ShowValue(before), dsn.ShowValue(w.Value))
		}
		seen[w.Key] = w.Value
		if err := options[i].set(&c, w.Value); err != nil {
			return RuntimeConfig{}, err
		}
	}
	return c, nil
}

func unknownOption(w dsn.Option) error {
	keys, names := make([]string, len(options)), make([]string, len(options))
	for i, o := range options {
		keys[i] = o.key()
		names[i] = strings.TrimPrefix(keys[i], dsn.Prefix)
	}
	text := "fluxor: unknown option " + dsn.ShowOption(w)
	if near := nearest(strings.ToLower(w.Key)[len(dsn.Prefix):], names); near != "" {
		text += "; did you mean " + dsn.Prefix + near + "?"
	}
	return errors.New(text + " (there are " + strings.Join(keys, ", ") + ")")
}

// nearest returns the word that is close enough to name to be what was meant,
// or "".
func nearest(name string, words []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", len(name)/3+1
	for _, w := range words {
		if d := distance(name, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
