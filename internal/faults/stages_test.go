// This file lists the drivers, how each is spoken to, and what starts its servers.

package faults

import (
	"testing"

	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// dialect is how a driver and its database are spoken to.
type dialect struct {
	label   string
	names   [2]string // in database/sql, by side
	number  string    // a query for a number, with the number in it
	create  string    // makes the table w
	fill    string    // gives w so many rows that three of it take very long
	slow    string    // reads, and takes very long
	late    string    // writes the row 2 after a second
	many    string    // a query with more rows than fit in the buffers on the way
	running string    // the sessions that run a statement of a database, as the administrator: which, by what text
	kill    string    // ends a session
}

var postgres = dialect{
	number: "select %d", create: "create table w (n int)", slow: "select count(*) from w a, w b, w c",
	fill:    "insert into w select i from generate_series(1, 5000) i",
	late:    "insert into w select 2 from pg_sleep(1)",
	many:    "select repeat('x', 1000) from generate_series(1, 20000)",
	running: "select pid from pg_stat_activity where state = 'active' and query = '%s' and datname = '%s'",
	kill:    "select pg_terminate_backend(%d)",
}

func (d dialect) of(label, name, alias string) dialect {
	d.label, d.names = label, [2]string{name, alias}
	return d
}

var mariadb = dialect{
	number: "select %d", create: "create table w (n int)", slow: "select count(*) from w a, w b, w c",
	fill:    "insert into w select seq from seq_1_to_5000",
	many:    "select repeat('x', 1000) from seq_1_to_20000",
	running: "select id from information_schema.processlist where info = '%s' and db = '%s'",
	kill:    "kill %d",
}

var godror = dialect{
	number: "select %d from dual", create: "create table w (n number(9))",
	many: "select level from dual connect by level <= 1000",
}

// stage is a driver, with a server of its own for the faults of the server, and
// one for those of the network and of what callers do.
type stage struct {
	dialect
	own, shared func(*testing.T) func() server
}

// start is what starts, or finds, the server of a scene.
func (s *stage) start(on scene) func(*testing.T) func() server {
	if on == frozen || on == gone {
		return s.own
	}
	return s.shared
}

var stages = []stage{
	{postgres.of("pq", "postgres", "postgres-fluxor"), networkServer(ownPostgres, faultproxy.StartPostgres), networkServer(dbtest.Postgres, faultproxy.StartPostgres)},
	{postgres.of("pgx", "pgx", "pgx-fluxor"), networkServer(ownPostgres, faultproxy.StartPostgres), networkServer(dbtest.Postgres, faultproxy.StartPostgres)},
	{mariadb.of("mysql", "mysql", "mysql-fluxor"), networkServer(ownMariaDB, faultproxy.StartMySQL), networkServer(dbtest.MariaDB, faultproxy.StartMySQL)},
	{godror.of("godror", "godror", "oracle-fluxor"), oracleServer, oracleServer},
}
