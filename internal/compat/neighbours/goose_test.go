// This file runs goose: SQL and Go migrations up and down, its status, its lock, and migrations that fail.

package neighbours

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// gooseDialects are goose's names of the databases.
var gooseDialects = map[string]goose.Dialect{
	kindPostgres: goose.DialectPostgres, kindMySQL: goose.DialectMySQL, kindSQLite: goose.DialectSQLite3,
}

func TestGooseDoesNotNoticeFluxor(t *testing.T) {
	tool[*sql.DB]{name: "goose", open: func(t *testing.T, w way) *sql.DB { return w.open(t) }, scenarios: gooseScenarios}.run(t)
}

// migrations are the files that goose reads.
var migrations = fstest.MapFS{
	"00001_part.sql": {Data: []byte(`-- +goose Up
create table part (id int primary key, name varchar(50) not null);
insert into part (id, name) values (1, 'bolt; M8');
insert into part (id, name) values (2, 'nut');
-- +goose Down
drop table part;
`)},
	"00002_price.sql": {Data: []byte(`-- +goose Up
alter table part add column price int;
-- +goose Down
alter table part drop column price;
`)},
	"00004_spare.sql": {Data: []byte(`-- +goose NO TRANSACTION
-- +goose Up
create table spare (id int primary key);
-- +goose Down
drop table spare;
`)},
}

// newGoose is a provider with the files, and with the third migration in Go.
func newGoose(n *notes, db *sql.DB, files fstest.MapFS, more ...goose.ProviderOption) *goose.Provider {
	n.Helper()
	locked := len(more) > 0
	price := func(text string) *goose.GoFunc {
		return &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			held := 0
			if locked {
				held = 1
			}
			n.want("locks", locks(n, tx), held)
			_, err := tx.ExecContext(ctx, n.way.placeholders(text), 1)
			return err
		}}
	}
	third := goose.NewGoMigration(3, price("update part set price = 40 + id * ?"), price("update part set price = null where id >= ?"))
	options := append([]goose.ProviderOption{goose.WithGoMigrations(third), goose.WithLogger(goose.NopLogger())}, more...)
	p, err := goose.NewProvider(gooseDialects[n.way.kind], db, files, options...)
	n.ok("provider", err)
	return p
}

// locks counts the advisory locks of the database; there are such in
// PostgreSQL alone.
func locks(n *notes, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) int {
	if n.way.kind != kindPostgres {
		return 0
	}
	const count = "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"
	var held int
	n.ok("locks", q.QueryRowContext(n.Context(), count).Scan(&held))
	return held
}

// migrated notes what goose did.
func migrated(n *notes, what string, results []*goose.MigrationResult, err error) {
	n.Helper()
	n.ok(what, err)
	for _, r := range results {
		n.note("%s: %s %d %s empty %t", what, r.Source.Type, r.Source.Version, r.Direction, r.Empty)
	}
}

// states notes the version and what is pending.
func states(n *notes, p *goose.Provider, want int64) {
	n.Helper()
	version, err := p.GetDBVersion(n.Context())
	n.ok("version", err)
	n.want("version", version, want)
	all, err := p.Status(n.Context())
	n.ok("status", err)
	for _, s := range all {
		n.note("%d %s %s %t", s.Source.Version, s.Source.Type, s.State, s.AppliedAt.IsZero())
	}
}

var gooseScenarios = []scenario[*sql.DB]{
	{"up", func(n *notes, db *sql.DB) {
		p := newGoose(n, db, migrations)
		states(n, p, 0)
		one, err := p.UpByOne(n.Context())
		migrated(n, "one", []*goose.MigrationResult{one}, err)
		pending, err := p.HasPending(n.Context())
		n.ok("pending", err)
		n.want("pending", pending, true)
		rest, err := p.Up(n.Context())
		migrated(n, "rest", rest, err)
		n.want("migrations", len(rest), 3)
		states(n, p, 4)
		n.want("price", priceOf(n, db, 2), sql.NullInt64{Int64: 42, Valid: true})
		none, err := p.Up(n.Context())
		migrated(n, "again", none, err)
		n.want("none", len(none), 0)
	}},
	{"down", func(n *notes, db *sql.DB) {
		p := newGoose(n, db, migrations)
		one, err := p.Down(n.Context())
		migrated(n, "one", []*goose.MigrationResult{one}, err)
		some, err := p.DownTo(n.Context(), 2)
		migrated(n, "to two", some, err)
		n.want("price", priceOf(n, db, 2), sql.NullInt64{})
		states(n, p, 2)
		all, err := p.DownTo(n.Context(), 0)
		migrated(n, "all", all, err)
		states(n, p, 0)
		_, err = db.Exec("select * from part")
		n.fails("no table", err)
	}},
	{"a failing migration", func(n *notes, db *sql.DB) {
		files := maps.Clone(migrations)
		files["00005_wrong.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\ninsert into part (id, name) values (9, 'lost');\ninsert into part (id, name) values (1, 'again');\n")}
		p := newGoose(n, db, files)
		_, err := p.Up(n.Context())
		n.fails("up", err)
		partial, ok := errors.AsType[*goose.PartialError](err)
		n.want("partial", ok, true)
		n.want("applied", len(partial.Applied), 4)
		n.want("failed", partial.Failed.Source.Version, int64(5))
		states(n, p, 4)
		var lost int
		n.ok("count", db.QueryRow("select count(*) from part where id = 9").Scan(&lost))
		n.want("rolled back", lost, 0)
	}},
	{"with a lock", func(n *notes, db *sql.DB) {
		var option []goose.ProviderOption
		if n.way.kind == kindPostgres {
			locker, err := lock.NewPostgresSessionLocker()
			n.ok("locker", err)
			option = append(option, goose.WithSessionLocker(locker))
		}
		p := newGoose(n, db, migrations, option...)
		down, err := p.DownTo(n.Context(), 2)
		migrated(n, "down", down, err)
		up, err := p.Up(n.Context())
		migrated(n, "up", up, err)
		n.want("released", locks(n, db), 0)
	}},
}

// priceOf reads a column that the second migration makes and the third fills.
func priceOf(n *notes, db *sql.DB, id int) sql.NullInt64 {
	n.Helper()
	var price sql.NullInt64
	n.ok("price", db.QueryRow(n.way.placeholders("select price from part where id = ?"), id).Scan(&price))
	return price
}
