// This file makes DSNs and options fit for logs and errors.

package dsn

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
)

// hidden stands where something was left out.
const hidden = "***"

// harmless lists the drivers' own parameters whose values Redact shows.
var harmless = []string{
	"host", "hostaddr", "port", "dbname", "database", "user", "sslmode", "application_name", "connect_timeout",
	"target_session_attrs", "search_path", "parseTime", "loc", "charset", "collation", "tls", "timeout",
	"readTimeout", "writeTimeout", "interpolateParams", "multiStatements", "mode", "cache", "connectString",
	"standaloneConnection", "timezone", "binary_parameters", "connectionClass", "adminRole", "libDir", "configDir", "noTimezoneCheck",
	"perSessionTimezone", "heterogeneousPool", "externalAuth", "poolMinSessions", "poolMaxSessions", "poolIncrement", "poolWaitTimeout",
	"poolSessionTimeout", "poolSessionMaxLifetime", "stmtCacheSize", "retry_count", "transport_connect_timeout",
}

// The parts of a DSN that may be shown have to look like these, so that a
// password which a misspelt DSN has in their place is not taken for one.
var (
	plainKey   = regexp.MustCompile(`^[0-9A-Za-z_.]{1,48}$`)
	plainValue = regexp.MustCompile(`^[0-9A-Za-z_.,:/\[\]-]{0,64}$`)
	shownValue = regexp.MustCompile(`^[0-9A-Za-zµ_.+-]{0,40}$`)

	shownURL    = regexp.MustCompile(`^([a-z+]+://)(?:([0-9A-Za-z_.%-]*)(:[^@]*)?@)?((?:[0-9A-Za-z_.,-]*|\[[0-9A-Fa-f:]*\])(?::[0-9]+)?(?:/[0-9A-Za-z_.%/-]*)?)(?:\?([^@#]*))?$`)
	shownMySQL  = regexp.MustCompile(`^([0-9A-Za-z_.%-]*)(:.*)?@((?:[0-9A-Za-z_.+-]*\([0-9A-Za-z_.:/\[\]-]*\)|tcp|unix)?/[0-9A-Za-z_.%-]*)(?:\?([^@/]*))?$`)
	shownOracle = regexp.MustCompile(`^([0-9A-Za-z_$#]*(?:\[[0-9A-Za-z_$#]*\])?)/[^@]*@([0-9A-Za-z_.:/\[\]-]+)(?:\?([^@ ]*))?((?i: as sys[a-z]+)?)$`)
	shownSQLite = regexp.MustCompile(`^((?:sqlite:|file:)?[0-9A-Za-z_.:/\\ -]+)(?:\?([^@]*))?$`)
)

// Redact returns text without passwords and other secrets: what is known to be
// harmless is shown, everything else is ***. A text that is not a well-formed
// DSN of one known grammar is hidden whole.
func Redact(text string) string {
	if strings.TrimSpace(text) == "" {
		return text
	}
	shapes := Recognize(text)
	if len(shapes) != 1 {
		return hidden
	}
	switch shapes[0].Form {
	case backend.FormURL:
		return redactURL(text)
	case backend.FormMySQL:
		if rest, ok := strings.CutPrefix(text, "mysql://"); ok && !isNative(rest) {
			return redactURL(text)
		}
		return redactMySQL(text)
	case backend.FormOracle:
		return redactOracle(text)
	case backend.FormSQLite:
		return redactSQLite(text)
	}
	return redactPairs(shapes[0].Form, text)
}

func redactURL(text string) string {
	scheme, _, _ := strings.Cut(text, "://")
	m := shownURL.FindStringSubmatch(text)
	if m == nil {
		return scheme + "://" + hidden
	}
	at := ""
	if strings.Contains(text, "@") {
		at = "@"
	}
	return m[1] + m[2] + concealed(m[3], ":") + at + m[4] + redactQuery(m[5])
}

func redactMySQL(text string) string {
	scheme := ""
	if rest, ok := strings.CutPrefix(text, "mysql://"); ok {
		scheme, text = "mysql://", rest
	}
	m := shownMySQL.FindStringSubmatch(text)
	if m == nil {
		return scheme + hidden
	}
	return scheme + m[1] + concealed(m[2], ":") + "@" + m[3] + redactQuery(m[4])
}

func redactOracle(text string) string {
	m := shownOracle.FindStringSubmatch(text)
	if m == nil {
		return hidden
	}
	return m[1] + "/" + hidden + "@" + m[2] + redactQuery(m[3]) + m[4]
}

func redactSQLite(text string) string {
	m := shownSQLite.FindStringSubmatch(text)
	if m == nil {
		return hidden
	}
	return m[1] + redactQuery(m[2])
}

// redactQuery shows the parameters that are harmless and looks so.
func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	params := strings.Split(query, "&")
	for i, param := range params {
		key, value, _ := strings.Cut(param, "=")
		params[i] = redactPair(key, value)
	}
	return "?" + strings.Join(params, "&")
}

// redactPairs shows the pairs that are harmless. Where lib/pq and pgx would
// read the text differently, nothing is.
func redactPairs(form backend.Form, text string) string {
	scan, _ := Grammar{Form: form}.scanner()
	pairs, err := scan(text)
	if err != nil {
		return hidden
	}
	if form == backend.FormLibpq {
		other, err := scanLibpq(text, libpqBlank("postgres"))
		if err != nil || !slices.Equal(pairs, other) {
			return hidden
		}
	}
	words := make([]string, len(pairs))
	for i, p := range pairs {
		words[i] = redactPair(p.key, p.value)
	}
	return strings.Join(words, " ")
}

func redactPair(key, value string) string {
	if !plainKey.MatchString(key) {
		return hidden
	}
	if (slices.Contains(harmless, key) || isOption(key)) && plainValue.MatchString(value) {
		return key + "=" + value
	}
	return key + "=" + hidden
}

// concealed returns mark and *** for a part that is there.
func concealed(part, mark string) string {
	if part == "" {
		return ""
	}
	return mark + hidden
}

// ShowKey returns an option's key for an error, or *** where it does not look
// like one: a missing separator can make a password part of it.
func ShowKey(key string) string {
	if !plainKey.MatchString(key) {
		return Prefix + hidden
	}
	return key
}

// ShowValue returns an option's value for an error, or *** where it does not
// look like the value of an option.
func ShowValue(value string) string {
	if !shownValue.MatchString(value) {
		return hidden
	}
	return value
}

// ShowOption returns an option for an error. Behind a key that does not look
// like one, the value may be anything.
func ShowOption(o Option) string {
	if !plainKey.MatchString(o.Key) {
		return ShowKey(o.Key) + "=" + hidden
	}
	return o.Key + "=" + ShowValue(o.Value)
}
