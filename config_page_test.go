// This file writes docs/CONFIG.md from the table of options.

package fluxor

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// configPage returns docs/CONFIG.md.
func configPage() string {
	var rows strings.Builder
	for _, o := range options {
		legacy := defaultText(o, presetLegacy)
		if legacy == defaultText(o, presetTransparent) {
			legacy = "same"
		}
		fmt.Fprintf(&rows, "| `%s` | `%s` | `%s` | %s | %s | %s %s |\n", o.key(), o.field, o.env,
			defaultText(o, presetTransparent), legacy, o.doc, "Written as "+o.form()+".")
	}
	return strings.Replace(configText, "ROWS\n", rows.String(), 1)
}

// defaultText says what an option means that nobody wrote.
func defaultText(o option, preset string) string {
	c := presets[preset]
	switch v := o.of(&c); {
	case v.Kind() == reflect.Bool:
		return fmt.Sprint(v.Bool())
	case v.IsZero():
		return o.unset
	case v.Kind() == reflect.String:
		return v.String()
	case v.Int() < 0:
		return o.off
	case o.isDuration():
		return shortDuration(time.Duration(v.Int()))
	default:
		return fmt.Sprint(v.Int())
	}
}

// shortDuration writes 30m0s as 30m.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return strings.Replace(text, "h0m", "h", 1)
}

const configText = `# Configuration

<!-- Written by go test . -run TestConfigPageIsCurrent -update; change options.go or config_page_test.go instead. -->

Fluxor takes the DSN of the wrapped driver. Its own options stand in that DSN, in the DSN's own syntax, under keys that
begin with ` + "`fluxor_`" + `; everything else is passed to the driver byte for byte. The same options are the fields of
` + "`fluxor.RuntimeConfig`" + `, for ` + "`fluxor.NewConnector`" + ` and ` + "`fluxor.WrapConnector`" + `.

## Options

| option | field | environment | transparent (default) | legacy | meaning |
|---|---|---|---|---|---|
ROWS

- Precedence: a field set in code, then the DSN, then the environment, then the preset.
- ` + "`fluxor.DefaultConfig()` and `fluxor.NewConfigBuilder()`" + ` read the environment, and nothing else does: ` + "`sql.Open`" + ` never reads
  one of Fluxor's variables. Their preset is ` + "`legacy` unless `DB_PRESET`" + ` says otherwise; ` + "`DB_DSN`" + ` is the DSN. A variable that is
  empty counts as unset. One that cannot be read is an error of Validate, NewConnector and Connect that names it.
- In a DSN, in a variable and in the builder a written 0 means off or unlimited and a written ` + "`false`" + ` means false. In a struct
  literal 0 and false mean the preset's value and a negative number means off or unlimited: leak detection is turned off there by
  ` + "`LeakDetectionThreshold: -1`" + `.
- An unknown option, a value that an option does not allow, one option with two values, and options that contradict each
  other or the preset are errors of ` + "`sql.Open`" + `. They name the option, its value and what is allowed, and show nothing
  else of the DSN.
- A ` + "`RuntimeConfig`" + ` prints, logs and marshals to JSON with what is set and with the DSN's password left out. The JSON is
  for logs and not meant to be read back.
- Fields without an option: ` + "`DSN`, `Logger`" + ` (a ` + "`*slog.Logger`" + `, default ` + "`slog.Default()`" + `),
  ` + "`Middleware` and `InnerMiddleware`" + ` (lists of ` + "`middleware.Middleware`" + `), ` + "`OnLeak` and `OnStateChange`" + ` (functions).

## Where options stand

| DSN | database | example | an option's value is |
|---|---|---|---|
| URL ` + "`postgres://` `postgresql://`" + ` | PostgreSQL | ` + "`postgres://app:pw@h/erp?sslmode=require&fluxor_preset=legacy`" + ` | percent-encoded |
| libpq keys | PostgreSQL | ` + "`host=h user=app password='p w' fluxor_preset=legacy`" + ` | bare, or in single quotes with ` + "`\\'` and `\\\\`" + ` |
| go-sql-driver | MySQL | ` + "`app:pw@tcp(h:3306)/erp?parseTime=true&fluxor_preset=legacy`" + ` | percent-encoded, a slash always as %2F |
| ` + "`mysql://`" + ` | MySQL | ` + "`mysql://app:pw@h/erp?fluxor_preset=legacy`" + ` | percent-encoded |
| easy connect, TNS descriptor, TNS name | Oracle | ` + "`app/pw@h:1521/XE?fluxor_preset=legacy`" + ` | percent-encoded; before ` + "` as sysdba`" + ` |
| URL ` + "`oracle://`" + ` | Oracle | ` + "`oracle://app:pw@h:1521/XE?fluxor_preset=legacy`" + ` | percent-encoded |
| godror logfmt | Oracle | ` + "`user=\"app\" password=\"pw\" connectString=\"h/XE\" fluxor_preset=legacy`" + ` | bare, or in double quotes with JSON's escapes |
| ` + "`file:`, `:memory:`, a path ending in `.db`, `.sqlite`, `.sqlite3`" + ` | SQLite | ` + "`file:erp.db?mode=ro&fluxor_preset=legacy`" + ` | percent-encoded |
| ` + "`sqlite:`" + ` | SQLite | ` + "`sqlite:erp.data?fluxor_preset=legacy`" + ` | percent-encoded |
| ` + "`tcp://` `fluxor+tcp://`" + ` | behind a [gateway](GATEWAY.md#clients), with package ` + "`netdriver`" + ` | ` + "`tcp://app:token@gw/erp?fluxor_max_open_conns=20`" + ` | percent-encoded; under the driver name ` + "`fluxor` alone, not `fluxor+tcp`" + ` |

In a percent-encoded value a plus sign is a blank. A password may contain the text of an option wherever the driver itself
accepts such a password: lib/pq wants ` + "`?` and `#` in it written `%3F` and `%23`" + `, pgx and go-sql-driver take them raw. Anywhere
else, what looks like an option and is no parameter of its own is an error, as in ` + "`?a=1;fluxor_preset=legacy`" + `: the driver
would send it to the server or ignore it. So is a URL with an option in which a raw ` + "`?`, `#` or `@`" + ` makes it uncertain where
the password ends.

Under the driver name ` + "`fluxor`" + ` the backend is, in this order: the driver that ` + "`fluxor_driver`" + ` names; the imported package
for the kind of database that ` + "`fluxor_type`" + ` names; the one that the DSN's form tells. A DSN that fits no form, or two, is an
error, and so is a driver or type for another kind of database than the DSN is written for. Under an alias
(` + "`postgres-fluxor`, `pgx-fluxor`, `mysql-fluxor`, `oracle-fluxor`, `sqlite-fluxor`" + `) every DSN goes to that driver, the empty one too: lib/pq and pgx then read the PG* variables. Where both PostgreSQL packages are imported, lib/pq serves
the DSNs that name no driver.

Oracle's DSNs go to godror, whose package ` + "`drivers/oracle`" + ` needs cgo: in a program that is built without it they are refused
with that reason. [ORACLE.md](ORACLE.md) shows its forms and says what becomes of ` + "`standaloneConnection`" + `, the one parameter that
Fluxor adds. An ` + "`@`" + ` in the password of an easy connect string is written ` + "`\\@`" + `; behind another ` + "`@`" + ` an option is an error, because
it may be part of the password. Oracle's pure Go drivers are used by name, ` + "`fluxor_driver=oracle`" + ` for go-ora and
` + "`fluxor_driver=oracledb`" + ` for Oracle's own.

A driver without a package under ` + "`drivers/`" + ` is used by its ` + "`database/sql`" + ` name, ` + "`fluxor_driver=NAME`" + `, with a DSN that is a URL
or has its parameters behind a question mark; for any other DSN use ` + "`fluxor.WrapConnector`" + `. The drivers that have such a
package, ` + "`postgres`, `pgx`, `mysql`, `godror` and `sqlite`" + `, need it: used by their bare name, nothing would watch their connections.

## Fluxor's own spellings

Two forms exist only here and are translated before the driver sees them.

- ` + "`mysql://user:password@host:port/db?a=b` becomes `user:password@tcp(host:port)/db?a=b`" + `. User and password are
  percent-decoded; a missing port becomes 3306; without a host the driver's own default stays. The slash after the host
  is required; further ones are written %2F. Where a ` + "`net(addr)`" + ` that is not empty stands in place of the host, as in
  ` + "`mysql://u:p@unix(/run/m.sock)/db`, only `mysql://`" + ` is cut off.
- ` + "`sqlite:path` becomes `path`, and `sqlite:///path` becomes `/path`" + `. Nothing is decoded.
`
