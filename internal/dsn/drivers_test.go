// This file asks the real drivers whether their configuration is the same with and without our options.

package dsn

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	godror "github.com/godror/godror/dsn"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor/backend"
)

// real is a driver's own parser. read returns what the driver would connect
// with, and apart from it the parameters that it does not know itself.
type real struct {
	driver string
	forms  []backend.Form
	read   func(text string) (config any, params map[string]string, err error)
}

var reals = []real{
	{"postgres", []backend.Form{backend.FormURL, backend.FormLibpq}, readPQ},
	{"pgx", []backend.Form{backend.FormURL, backend.FormLibpq}, readPGX},
	{"mysql", []backend.Form{backend.FormMySQL}, readMySQL},
	{"godror", []backend.Form{backend.FormURL, backend.FormOracle, backend.FormLogfmt}, readGodror},
}

func readPQ(text string) (any, map[string]string, error) {
	c, err := pq.NewConfig(text)
	params := c.Runtime
	c.Runtime = nil
	return c, params, err
}

func readPGX(text string) (any, map[string]string, error) {
	c, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, nil, err
	}
	hosts := []any{c.Host, c.Port, c.TLSConfig != nil}
	for _, f := range c.Fallbacks {
		hosts = append(hosts, f.Host, f.Port, f.TLSConfig != nil)
	}
	return []any{hosts, c.Database, c.User, c.Password, c.ConnectTimeout, c.DefaultQueryExecMode}, c.RuntimeParams, nil
}

func readMySQL(text string) (any, map[string]string, error) {
	c, err := mysql.ParseDSN(text)
	if err != nil {
		return nil, nil, err
	}
	params := c.Params
	c.Params = nil
	return []any{c.User, c.Passwd, c.FormatDSN()}, params, nil
}

// readGodror reads as godror does. It ignores what it does not know of a URL and
// of logfmt, and leaves the parameters of easy connect to Oracle's client, which
// would look for its own among them.
func readGodror(text string) (any, map[string]string, error) {
	if len(strings.ToUpper(text)) != len(text) {
		return nil, nil, errors.New("godror looks for a role in the upper case and cuts it off by its length")
	}
	p, err := godror.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	params := map[string]string{}
	if oracleForm(text) == backend.FormOracle && oracleUserEnd(text) >= 0 {
		var kept []string
		for n, word := range connectWords(p.ConnectString) {
			if key, value, _ := strings.Cut(word, "="); n > 0 && isOption(key) {
				params[key] = value
			} else if word != "" {
				kept = append(kept, word)
			}
		}
		p.ConnectString = strings.Join(kept, "&")
	}
	return []string{p.StringWithPassword(), fmt.Sprint(p.ShardingKey, p.SuperShardingKey)}, params, nil
}

// connectWords parts a connect string at each ? and & outside quotes and parentheses.
func connectWords(connect string) (words []string) {
	from := 0
	for i := range outside(connect, false) {
		if connect[i] == '?' || connect[i] == '&' {
			words = append(words, strings.TrimSpace(connect[from:i])) // godror trims the end
			from = i + 1
		}
	}
	return append(words, strings.TrimSpace(connect[from:]))
}

// grammar returns the grammar in which the driver reads text.
func (r real) grammar(text string) Grammar {
	return Grammar{FormOf(backend.Backend{Forms: r.forms}, text), r.driver}
}

// meant reports whether text can be meant for the driver: godror takes any.
func (r real) meant(text string) bool {
	return r.driver != "godror" || slices.ContainsFunc(Recognize(text), func(s Shape) bool { return s.Type == "oracle" })
}

// sameWithout checks that the driver reads in text, but for parameters of
// Fluxor's, what it reads in native.
func (r real) sameWithout(t *testing.T, text, native string) {
	t.Helper()
	config, params, err := r.read(text)
	if err != nil {
		return // the driver itself may refuse the options
	}
	want, wantParams, err := r.read(native)
	if err != nil {
		t.Errorf("%s takes %q but not %q: %v", r.driver, text, native, err)
		return
	}
	maps.DeleteFunc(params, func(key, _ string) bool { return isOption(key) })
	if diff := cmp.Diff(want, config, cmpopts.IgnoreUnexported(pq.Config{}), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("%s: %q instead of %q changes the configuration:\n%s", r.driver, text, native, diff)
	}
	if diff := cmp.Diff(wantParams, params, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: %q instead of %q changes the parameters:\n%s", r.driver, text, native, diff)
	}
}

// seesNoOption checks that the driver finds nothing of Fluxor's among the
// parameters in native, which it would send to the server.
func (r real) seesNoOption(t *testing.T, native string) {
	t.Helper()
	_, params, err := r.read(native)
	for key := range params {
		if err == nil && mentions(key) {
			t.Errorf("%s finds the parameter %q in %q", r.driver, key, native)
		}
	}
}

// FuzzRealDriverConfigUnchanged takes options out of any text and puts options
// into it; in both directions the driver must read the same, and find none.
func FuzzRealDriverConfigUnchanged(f *testing.F) {
	for _, row := range splits {
		f.Add(row.text)
		f.Add(row.native)
	}
	f.Add("host= a fluxor_x=1 user=u")
	f.Add("host=a\\")
	f.Add("u:p@/db?fluxor_x=1&&charset=a")
	f.Add("postgres://u:p@h/db?%66luxor_x=1")
	f.Add("postgres://u:p@h/db?a=1&amp;fluxor_x=1")
	f.Add("Postgres://u:p@h/db?fluxor_x=1")
	options := []Option{{"fluxor_preset", "legacy"}, {"fluxor_validation_query", "SELECT 'a/b' = 1"}}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "service") || strings.Contains(text, "file") || strings.Contains(text, "cert") {
			return // names files, whose reading is slow and says nothing
		}
		for _, r := range reals {
			g := r.grammar(text)
			native, taken, err := Split(g, text)
			_, _, readErr := r.read(text)
			if err != nil {
				if readErr == nil && r.meant(text) && g.Form != backend.FormURL && !(errors.Is(err, errStray) && mentions(text)) && !errors.Is(err, errOracleAt) {
					t.Errorf("%s takes %q: %v", r.driver, text, err)
				}
				continue
			}
			r.sameWithout(t, text, native)
			r.seesNoOption(t, native)
			if joined, err := Join(r.grammar(native), native, options); err == nil {
				r.sameWithout(t, joined, native)
			} else if readErr == nil && r.meant(text) && !errors.Is(err, errOracleAt) && len(taken) == 0 && !g.ambiguous(text) && (g.Form != backend.FormMySQL || strings.Contains(text, "/")) {
				t.Errorf("%s takes %q, which has no place for options: %v", r.driver, native, err)
			}
		}
	})
}
