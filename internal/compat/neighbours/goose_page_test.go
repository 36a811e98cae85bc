// This file holds the snippets of docs/neighbours/goose.md, runs them, and shows what the page warns of.

package neighbours

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// migrate is what a program does when it starts.
func migrate(ctx context.Context, dsn string, files fs.FS) error {
	db, err := sql.Open("fluxor", dsn)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		log.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		log.Fatal(err)
	}
	_, err = provider.Up(ctx)
	return err
}

func TestThePageOfGoose(t *testing.T) {
	dsn := freshPostgres(t)
	for range 2 {
		if err := migrate(t.Context(), dsn, migrations); err != nil {
			t.Error(err)
		}
	}
	var parts int
	if err := (way{driver: "fluxor", dsn: dsn}).open(t).QueryRow("select count(*) from part").Scan(&parts); err != nil || parts != 2 {
		t.Error(parts, err)
	}
}

func TestGooseKnowsNoDialectOfFluxorsName(t *testing.T) {
	dsn := freshPostgres(t)
	for _, name := range []string{"fluxor", "postgres-fluxor"} {
		if err := goose.SetDialect(name); err == nil {
			t.Errorf("goose takes %s for a dialect", name)
		}
		if _, err := goose.OpenDBWithDriver(name, dsn); err == nil {
			t.Errorf("goose opens %s", name)
		}
	}
}

func TestAMigrationWhoseAnswerIsLostIsPartial(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	proxy := proxyOf(t, target)
	db := way{driver: "postgres-fluxor", dsn: target.At(proxy.Addr()).DSN()}.open(t)
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations)
	if err != nil {
		t.Fatal(err)
	}
	proxy.CutOnReply(1, faultproxy.RST, func(request []byte) bool { return bytes.HasPrefix(request, []byte("create table spare")) })
	_, err = p.Up(t.Context())
	partial, stopped := errors.AsType[*goose.PartialError](err)
	if _, lost := errors.AsType[*fluxor.IndeterminateError](err); !lost || !stopped || len(partial.Applied) != 2 {
		t.Errorf("got %v", err)
	}
	if version, err := p.GetDBVersion(t.Context()); version != 2 || err != nil {
		t.Error(version, err)
	}
	if _, err := db.Exec("select * from spare"); err != nil {
		t.Errorf("the migration took effect, but: %v", err)
	}
}

// TestGoosesLockNeedsASecondConnection: the lock holds one connection while a
// migration that takes the *sql.DB wants another. goose looks for that in
// db.Stats, which knows nothing of the physical connections.
func TestGoosesLockNeedsASecondConnection(t *testing.T) {
	for dsn, want := range map[string]error{
		with(freshPostgres(t), "fluxor_max_open_conns=1", "fluxor_acquire_timeout=200ms"): fluxor.ErrAcquireTimeout,
		with(freshPostgres(t), "fluxor_max_open_conns=2", "fluxor_acquire_timeout=5s"):    nil,
	} {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			t.Fatal(err)
		}
		migration := goose.NewGoMigration(1, &goose.GoFunc{RunDB: func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "create table part (id int)")
			return err
		}}, nil)
		p, err := goose.NewProvider(goose.DialectPostgres, way{driver: "fluxor", dsn: dsn}.open(t), nil,
			goose.WithSessionLocker(locker), goose.WithGoMigrations(migration))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Up(t.Context()); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
