// This file takes Fluxor's options out of a DSN and puts them in, whatever the DSN's grammar.

// Package dsn reads and writes DSNs in the grammars of the wrapped drivers.
//
// Fluxor's options stand in the native DSN, in that DSN's own syntax, under
// keys that begin with "fluxor_". [Split] takes them out and leaves every other
// byte as it was; [Join] puts them in; [Recognize] says which grammars a DSN
// can be written in; [Redact] makes one fit for a log.
//
// No error of this package quotes the DSN: it may hold a password. All
// functions are pure and may be called from any goroutine.
package dsn

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
)

// Prefix begins the key of each of Fluxor's options.
const Prefix = "fluxor_"

// Option is one of Fluxor's options as it stood in a DSN, its value decoded.
type Option struct {
	Key, Value string
}

// Grammar is a form together with the driver that reads it: lib/pq and pgx
// differ in where a URL's user ends and in what counts as a blank.
type Grammar struct {
	Form backend.Form
	// Driver is the name under which database/sql knows the bare driver.
	Driver string
}

// Split takes Fluxor's options out of text. What remains is text without the
// options and the separators they needed. A text that the grammar cannot read
// is returned as it is, for its driver to judge, unless it mentions Fluxor's
// options: then it is an error, since they cannot be told from the rest. What
// looks like an option and is none for the grammar is an error too, except in
// a password: the driver must not see it.
func Split(g Grammar, text string) (native string, options []Option, err error) {
	if !mentions(text) {
		return text, nil, nil
	}
	if g.ambiguous(text) && (optionLike.MatchString(text) || optionLike.MatchString(decoded(text))) {
		return "", nil, ErrAmbiguous
	}
	if g.Form == backend.FormOracle && !isConnectAlone(text) && godrorAt(text) != oracleAt(text) && optionLike.MatchString(text) {
		return "", nil, errOracleAt
	}
	scan, blank := g.scanner()
	if scan != nil {
		return g.splitPairs(text, scan, blank)
	}
	native, options, err = takeQuery(text, g.place(text), g.cut())
	if err == nil && g.stray(native) {
		err = errStray
	}
	if err != nil {
		return "", nil, err
	}
	return native, options, nil
}

// splitPairs is Split for the grammars of pairs.
func (g Grammar) splitPairs(text string, scan func(string) ([]pair, error), blank func(rune) bool) (string, []Option, error) {
	pairs, err := scan(text)
	if err != nil {
		return "", nil, fmt.Errorf("fluxor: the DSN is not well-formed: %w", err)
	}
	if strayPair(pairs) {
		return "", nil, errStray
	}
	native, options := takePairs(text, pairs, blank)
	if g.Form == backend.FormLogfmt && len(options) > 0 && oracleForm(native) != g.Form {
		return "", nil, errors.New("fluxor: godror would not take this DSN for logfmt without its options; write a connectString into it")
	}
	return native, options, nil
}

// Join puts options into native so that Split gives both back. It fails where
// the grammar has no place for options, and where native holds some already.
func Join(g Grammar, native string, options []Option) (string, error) {
	if len(options) == 0 {
		return native, nil
	}
	text := g.join(native, options)
	back, taken, err := Split(g, text)
	if err != nil {
		return "", err
	}
	if back != native || !slices.Equal(taken, options) {
		return "", errors.New("fluxor: this DSN has no place for options, or has some already")
	}
	return text, nil
}

// join writes the options without checking that they can be read back.
func (g Grammar) join(native string, options []Option) string {
	switch g.Form {
	case backend.FormLibpq:
		return joinPairs(native, options, quoteLibpq)
	case backend.FormLogfmt:
		return joinPairs(native, options, quoteLogfmt)
	}
	return joinQuery(native, g.place(native), options)
}

// place finds the parameters of a grammar that has them after a question mark.
func (g Grammar) place(text string) place {
	switch g.Form {
	case backend.FormURL:
		if g.isPGX() {
			return libpqURLPlace(text)
		}
		return urlPlace(text)
	case backend.FormMySQL:
		return mysqlPlace(text)
	case backend.FormOracle:
		return oraclePlace(text)
	case backend.FormSQLite:
		return sqlitePlace(text)
	}
	return genericPlace(text)
}

// isPGX reports whether pgx reads the DSN, which registers under two names.
func (g Grammar) isPGX() bool { return g.Driver == "pgx" || g.Driver == "pgx/v5" }

// cut returns how a grammar parts its parameters.
func (g Grammar) cut() func(string) []string {
	if g.Form == backend.FormOracle {
		return cutOracle
	}
	return func(params string) []string { return strings.Split(params, "&") }
}

// isOption reports whether key is meant for Fluxor, in whichever case: a
// misspelt key must not reach the driver, which may send it to the server.
func isOption(key string) bool {
	return len(key) >= len(Prefix) && strings.EqualFold(key[:len(Prefix)], Prefix)
}
