// This file is the databases that hold registers: their drivers, their servers, and how their texts differ.

package registers_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// database is one driver over one kind of server.
type database struct {
	name     string
	driver   string // by its database/sql name
	dollar   bool   // arguments are $1, $2; else ?
	settings []string
	start    func(testing.TB, dbtest.Options) *dbtest.Server
	proxy    func(target string) (*faultproxy.Proxy, error)
	dsn      func(t dbtest.Target, params ...string) string
	function string   // set_TABLE, which sets the version of a row
	returns  []string // writes of one row that answer with rows
	commits  []string // what ends a transaction and shows it
	scripts  bool     // a text of several statements is one transaction
}

var databases = []database{
	postgres("pq", "postgres"),
	postgres("pgx", "pgx"),
	{
		name: "mysql", driver: "mysql",
		settings: []string{"innodb-lock-wait-timeout=1"},
		start:    dbtest.StartMariaDB, proxy: faultproxy.StartMySQL, dsn: dbtest.Target.DSN,
		function: "create function set_TABLE(v bigint, r bigint) returns bigint modifies sql data begin" +
			" update TABLE set version = greatest(version, v) where id = r; return v; end",
		returns: []string{
			"insert into TABLE (version, id, balance) values (?, ?, 0) on duplicate key update version = greatest(version, values(version)) returning version",
		},
		commits: []string{"commit", "commit", "begin", "create table if not exists scratch (id bigint)"},
	},
}

// A statement whose client is gone waits half a second for a lock, and ends.
func postgres(name, driver string) database {
	return database{
		name: name, driver: driver, dollar: true,
		settings: []string{"deadlock_timeout=50ms", "lock_timeout=500ms"},
		start:    dbtest.StartPostgres, proxy: faultproxy.StartPostgres, dsn: dbtest.Target.URL,
		function: "create function set_TABLE(v bigint, r bigint) returns bigint language sql as" +
			" 'update TABLE set version = greatest(version, v) where id = r returning version'",
		returns: []string{
			"insert into TABLE (version, id, balance) values (?, ?, 0) on conflict (id) do update set version = greatest(TABLE.version, excluded.version) returning version",
			"with written as (update TABLE set version = greatest(version, ?) where id = ? returning version) select version from written",
		},
		commits: []string{"commit", "end"}, scripts: true,
	}
}

// policies are those of a program whose server is far away and not always well.
func (d database) policies(target dbtest.Target) fluxor.RuntimeConfig {
	return fluxor.RuntimeConfig{
		Preset: "legacy", Driver: d.driver, DSN: d.dsn(target),
		MaxOpenConns: 10, MaxIdleConns: 10, ConnMaxLifetime: 5 * time.Second,
		AcquireTimeout: 2 * time.Second, CloseTimeout: 500 * time.Millisecond, NetworkTimeout: time.Second,
		ConnectionTimeout: 2 * time.Second, QueryTimeout: 1500 * time.Millisecond, CircuitBreakerMaxFailures: -1,
	}
}

// cached are policies with a cache that keeps what it can until it is written.
func (d database) cached(target dbtest.Target, doubt time.Duration) fluxor.RuntimeConfig {
	cfg := d.policies(target)
	cfg.Cache, cfg.CacheTTL, cfg.CacheDoubt = "all", time.Hour, doubt
	return cfg
}

// marks writes the marks of a text as the database wants them.
func (d database) marks(text string) string {
	return d.fill(text, func(i int) string {
		if d.dollar {
			return "$" + strconv.Itoa(i+1)
		}
		return "?"
	})
}

// literal writes values into the text.
func (d database) literal(text string, values ...any) string {
	return d.fill(text, func(i int) string { return strconv.FormatInt(values[i].(int64), 10) })
}

func (d database) fill(text string, mark func(int) string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			b.WriteString(mark(i - 1))
		}
		b.WriteString(part)
	}
	return b.String()
}
