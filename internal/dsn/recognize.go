// This file says which grammars a DSN can be written in.

package dsn

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
)

// TypeGateway is the Shape.Type of a DSN for a Fluxor gateway.
const TypeGateway = "fluxor+tcp"

// Shape is one way to read a DSN.
type Shape struct {
	Form backend.Form
	// Type is the kind of database: "postgres", "mysql", "oracle", "sqlite" or
	// TypeGateway.
	Type string
	// Text describes the shape for an error.
	Text string
}

// schemes are decisive: a DSN that begins with one has no second reading.
var schemes = []struct {
	prefix string
	Shape
}{
	{"postgres://", Shape{backend.FormURL, "postgres", "postgres:// URL"}},
	{"postgresql://", Shape{backend.FormURL, "postgres", "postgresql:// URL"}},
	{"mysql://", Shape{backend.FormMySQL, "mysql", "mysql:// URL"}},
	{"oracle://", Shape{backend.FormURL, "oracle", "oracle:// URL"}},
	{"sqlite:", Shape{backend.FormSQLite, "sqlite", "sqlite: path"}},
	{"file:", Shape{backend.FormSQLite, "sqlite", "file: URI"}},
	{"tcp://", Shape{backend.FormURL, TypeGateway, "tcp:// URL"}},
	{"fluxor+tcp://", Shape{backend.FormURL, TypeGateway, "fluxor+tcp:// URL"}},
}

// grammars are tried where no scheme decides. A later one that is looser
// yields to an earlier one: see Recognize.
var grammars = []struct {
	fits func(string) bool
	Shape
}{
	{isGodror, Shape{backend.FormLogfmt, "oracle", `godror logfmt (user="x" connectString="y")`}},
	{isLibpq, Shape{backend.FormLibpq, "postgres", "libpq keys (host=h user=u)"}},
	{isMySQL, Shape{backend.FormMySQL, "mysql", "go-sql-driver (user:password@tcp(host:port)/db, a / in a value written %2F)"}},
	{isOracle, Shape{backend.FormOracle, "oracle", "Oracle easy connect (user/password@host:port/service)"}},
	{isSQLite, Shape{backend.FormSQLite, "sqlite", ":memory: or a path that ends in .db, .sqlite or .sqlite3"}},
}

// Recognize returns the shapes that text fits: none, one, or several where only
// the user can tell. A path is considered only where no grammar of a server
// but the loose easy connect fits: a database's name may end in .db too.
func Recognize(text string) []Shape {
	for _, s := range schemes {
		if strings.HasPrefix(text, s.prefix) {
			return []Shape{s.Shape}
		}
	}
	var fitting []Shape
	for _, g := range grammars {
		if g.Form == backend.FormSQLite && len(fitting) > 0 && fitting[0].Form != backend.FormOracle {
			break
		}
		if g.fits(text) {
			fitting = append(fitting, g.Shape)
		}
	}
	return fitting
}

// Known lists what Recognize tries, for an error.
func Known() []string {
	var texts []string
	for _, s := range schemes {
		if s.Type != TypeGateway {
			texts = append(texts, s.Text)
		}
	}
	for _, g := range grammars {
		texts = append(texts, g.Text)
	}
	return texts
}

// Foreign reports whether text is written in other grammars than form, also where
// it is malformed in godror's.
func Foreign(form backend.Form, text string) bool {
	if form != backend.FormLogfmt && oracleForm(text) == backend.FormLogfmt && strings.Contains(text, "connectString=") {
		return true
	}
	shapes := Recognize(text)
	return form != backend.FormUnknown && len(shapes) > 0 && !slices.ContainsFunc(shapes, func(s Shape) bool { return s.Form == form })
}

// FormOf returns the grammar in which a backend's driver itself reads text,
// whatever else the text may look like.
func FormOf(b backend.Backend, text string) backend.Form {
	has := func(f backend.Form) bool { return slices.Contains(b.Forms, f) }
	switch {
	case has(backend.FormOracle) || has(backend.FormLogfmt):
		return oracleForm(text)
	case has(backend.FormLibpq) && isPostgresURL(text):
		return backend.FormURL
	case has(backend.FormLibpq):
		return backend.FormLibpq
	case len(b.Forms) > 0:
		return b.Forms[0]
	}
	return backend.FormUnknown
}

// oracleForm follows godror's order.
func oracleForm(text string) backend.Form {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "oracle://") {
		return backend.FormURL
	}
	if strings.Contains(text, "\n") || strings.Contains(text, "connectString=") {
		return backend.FormLogfmt
	}
	return backend.FormOracle
}

// Translate turns Fluxor's own spellings, mysql:// and sqlite:, into what the
// driver reads, options included. Everything else is returned as it is.
func Translate(form backend.Form, text string) (string, error) {
	if form == backend.FormMySQL && strings.HasPrefix(text, "mysql://") {
		return translateMySQL(text)
	}
	if form == backend.FormSQLite && strings.HasPrefix(text, "sqlite:") {
		return translateSQLite(text)
	}
	return text, nil
}

func isPostgresURL(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// isGodror reports whether text is logfmt with a connectString, for godror too.
func isGodror(text string) bool {
	pairs, err := scanLogfmt(text)
	return err == nil && oracleForm(text) == backend.FormLogfmt && slices.ContainsFunc(pairs, isConnectString)
}

func isConnectString(p pair) bool { return p.key == "connectString" }

// libpqKey is what a parameter's key looks like; a key of another shape means
// that the text is no libpq string although it has an = in it.
var libpqKey = regexp.MustCompile(`^[A-Za-z_][0-9A-Za-z_.]*$`)

// libpqKeys are the keys of which one must be there.
var libpqKeys = []string{
	"host", "hostaddr", "port", "dbname", "database", "user", "password", "passfile",
	"service", "servicefile", "sslmode", "application_name", "connect_timeout", "target_session_attrs",
}

// isLibpq reports whether text is libpq's key=value with at least one of
// libpq's keys, or with Fluxor's options alone: then PG* variables serve.
func isLibpq(text string) bool {
	pairs, err := scanLibpq(text, libpqBlank("postgres"))
	if err != nil || len(pairs) == 0 || slices.ContainsFunc(pairs, isConnectString) {
		return false
	}
	known, foreign := false, false
	for _, p := range pairs {
		if !libpqKey.MatchString(p.key) {
			return false
		}
		known = known || slices.Contains(libpqKeys, p.key)
		foreign = foreign || !isOption(p.key)
	}
	return known || !foreign
}
