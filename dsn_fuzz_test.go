// This file fuzzes the reading of DSNs: it never panics, shows no password, and is the inverse of the writing.

package fluxor

import (
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/dsn"
)

// FuzzParseDSN surrounds a password with anything, in each grammar, and looks
// for it in the error.
func FuzzParseDSN(f *testing.F) {
	for _, part := range []string{
		"", "u", "x@h/db?fluxor_preset=", "x@tcp(h)/db?fluxor_driver=", "h?fluxor_", "'", `"`, "\\", "%", "a fluxor_type=", "(",
		"?fluxor_preset=legaci", "&fluxor_cache=all&fluxor_preset=legacy", " fluxor_max_open_conns=x fluxor_driver=pgx", " as sysdba", "/db?fluxor_driver=dsntest", "\nfluxor_preset=1",
	} {
		f.Add(part, "")
		f.Add("u", part)
		f.Add(part, part)
	}
	f.Fuzz(func(t *testing.T, user, rest string) {
		if strings.Contains(user+rest, "M4rk") {
			return
		}
		texts := []string{
			user + rest,
			"user=" + user + ` password='M4rk\'' ` + rest,
			`connectString=h user="` + user + `" password="M4rk \"" ` + rest,
		}
		for _, password := range []string{"M4rk", "M4rk+/&?'\"#@=s"} {
			texts = append(texts,
				"postgres://"+user+":"+password+"@h"+rest,
				"mysql://"+user+":"+password+"@h"+rest,
				"oracle://"+user+":"+password+"@h/s"+rest,
				user+":"+password+"@tcp(h)"+rest,
				user+"/"+password+"@h/s"+rest,
				"file:"+user+"?_key="+password+rest,
			)
		}
		for _, text := range texts {
			showsNoPassword(t, text)
		}
	})
}

func showsNoPassword(t *testing.T, text string) {
	t.Helper()
	for _, forced := range []string{"", "postgres", "pgx", "mysql", "oracle", "sqlite"} {
		if _, err := parseDSN(text, forced, likeAll); err != nil && strings.Contains(err.Error(), "M4rk") {
			t.Errorf("%q under %q: %v", text, forced, err)
		}
	}
	if cfg := (RuntimeConfig{DSN: text}); strings.Contains(cfg.String(), "M4rk") {
		t.Errorf("%q is shown as %v", text, cfg)
	}
}

// FuzzFormatParseInverse writes options into any DSN and reads them back.
func FuzzFormatParseInverse(f *testing.F) {
	for _, native := range []string{
		"", "postgres://u:p@h/db?a=b#c", "postgres://u:p?fluxor_preset=legacy@h", "host=h password='a b'", "user= ", "u:p/@tcp(h)/db?a=b", "u/p@h/s?a=b as sysdba",
		"user=u\nconnectString=\"h\"", "file:x?mode=memory", ":memory:", "?x",
	} {
		f.Add(native, 3, int64(time.Second), "SELECT 1/1 + 'a'")
	}
	f.Fuzz(func(t *testing.T, native string, open int, timeout int64, query string) {
		if strings.TrimSpace(query) == "" {
			query = ""
		}
		cfg := RuntimeConfig{
			Preset: "legacy", MaxOpenConns: max(-1, open%1000), CloseTimeout: max(-1, time.Duration(timeout)), ValidationQuery: query,
			ErrorRules: "evict=ORA-00600,57P01;ignore=1020", LogQueryArgs: open%2 == 0,
		}
		if !cfg.LogQueryArgs {
			optionOf("LogQueryArgs").deny(&cfg)
		}
		for _, b := range likeAll {
			native, err := dsn.Translate(dsn.FormOf(b, native), native)
			if err != nil {
				continue
			}
			text, err := formatDSN(native, dsn.Grammar{Form: dsn.FormOf(b, native), Driver: b.DriverName}, cfg)
			if err != nil {
				continue
			}
			got, err := parseDSN(text, b.Name, []backend.Backend{b})
			if err != nil || got.native != native || got.config.String() != cfg.String() {
				t.Errorf("%s: %q became %q, then %q %v, %v", b.Name, native, text, got.native, got.config, err)
			}
		}
	})
}
