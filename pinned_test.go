// This file tests databases that live in their connection, and drivers that read their environment.

package fluxor_test

import (
	"net"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestAMemoryDatabaseOutlivesWhatEndsOtherConnections(t *testing.T) {
	for _, dsn := range []string{":memory:?", "file::memory:?", "file:x?mode=memory&", "file:/y?vfs=memdb&", "?"} {
		db := openName(t, "sqlite-fluxor", dsn+"fluxor_conn_max_lifetime=50ms&fluxor_conn_max_idle_time=50ms&fluxor_max_idle_conns=0&fluxor_warmup_connections=3")
		mustExec(t, db, "create table w (n int)")
		<-time.After(1500 * time.Millisecond)
		poolOf(t, db).Evict()
		if _, err := db.Exec("insert into w values (1)"); err != nil {
			t.Errorf("%q lost its tables: %v", dsn, err)
		}
		if n := poolOf(t, db).PoolStats().Dials; n != 1 {
			t.Errorf("%q: %d connections were opened, want 1", dsn, n)
		}
	}
}

func TestTheEmptyDSNReadsTheEnvironment(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	host, port, err := net.SplitHostPort(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"PGHOST": host, "PGPORT": port, "PGUSER": target.User, "PGPASSWORD": target.Password, "PGDATABASE": target.Database, "PGSSLMODE": "disable",
	} {
		t.Setenv(key, value)
	}
	for _, name := range []string{"postgres-fluxor", "pgx-fluxor"} {
		for _, dsn := range []string{"", "fluxor_max_open_conns=1"} {
			var got string
			if err := openName(t, name, dsn).QueryRow("select current_database()").Scan(&got); err != nil || got != target.Database {
				t.Errorf("%s %q reached %q, %v", name, dsn, got, err)
			}
		}
	}
}
