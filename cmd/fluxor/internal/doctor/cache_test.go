//go:build unix

// This file examines databases on which the query cache can and cannot work.

package doctor

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestACacheThatWorksIsNoFinding(t *testing.T) {
	for name, dsn := range map[string]string{
		"PostgreSQL": dbtest.Postgres(t).NewDatabase(t).DSN("fluxor_cache=hint"),
		"MariaDB":    dbtest.MariaDB(t).NewDatabase(t).DSN("fluxor_cache=rules"),
		"not asked":  dbtest.Postgres(t).NewDatabase(t).DSN("fluxor_cache=all", "fluxor_cache_catalog=0"),
	} {
		r := examined(t, dsn)
		if strings.Contains(ids(r), "FX-21") {
			t.Errorf("%s: %+v", name, r.Findings)
		}
		if want := map[bool]string{true: "off", false: "known"}[name == "not asked"]; r.value("cache.schema") != want {
			t.Errorf("%s: the schema is %q, want %q", name, r.value("cache.schema"), want)
		}
	}
	if r := examined(t, dbtest.Postgres(t).NewDatabase(t).DSN()); r.value("cache.mode") != "" {
		t.Errorf("a cache that is off was examined: %+v", r.Checks)
	}
}

func TestACacheThatCanKeepNothingIsFound(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	db := dbtest.Postgres(t).Open(t, target)
	for _, text := range []string{
		"create function tired(a int, b int) returns int language plpgsql as $$ begin perform pg_sleep(0); return a + b; end $$",
		"create operator + (leftarg = int, rightarg = int, function = tired)",
	} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for dsn, code := range map[string]string{target.DSN("fluxor_cache=all"): "user-operator", ":memory:?fluxor_cache=all": "database-in-connection"} {
		f := examined(t, dsn).finding("FX-2102")
		if f == nil || !strings.HasPrefix(f.Detail, code) {
			t.Errorf("%s: %+v", code, f)
		}
	}
	if r := examined(t, filepath.Join(t.TempDir(), "no.db")+"?fluxor_cache=all"); r.finding("FX-2102") != nil {
		t.Errorf("a file that does not exist: %+v", r.Findings)
	}
}
