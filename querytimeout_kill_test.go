// This file ends statements on MariaDB under bad conditions: two servers at one address, an account without rights and without a connection to spare.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor"
	fluxormysql "github.com/fluxor-db/fluxor/drivers/mysql"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// takingTurns opens servers that stand behind one address, with an account that
// may do next to nothing.
func takingTurns(t *testing.T, log slog.Handler, servers []*dbtest.Server, cfg fluxor.RuntimeConfig) *sql.DB {
	t.Helper()
	driver, err := mysql.ParseDSN("poor:poor@tcp(balancer:3306)/")
	if err != nil {
		t.Fatal(err)
	}
	var turn atomic.Int64
	driver.DialFunc = fluxormysql.DialFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
		s := servers[int(turn.Add(1))%len(servers)]
		return (&net.Dialer{}).DialContext(ctx, network, s.Addr())
	})
	c, err := mysql.NewConnector(driver)
	if err != nil {
		t.Fatal(err)
	}
	cfg.QueryTimeout, cfg.Logger, cfg.CircuitBreakerMaxFailures = 300*time.Millisecond, slog.New(log), -1
	db, _ := wrap(t, c, cfg)
	return db
}

// poor makes the account, and n sessions of it that are nobody's to end.
func poor(t *testing.T, s *dbtest.Server, limit string, n int) (innocent []*sql.Conn) {
	t.Helper()
	mustExec(t, s.Admin(t), "create or replace user poor@'%' identified by 'poor' "+limit)
	db := openName(t, "mysql", s.As("poor", "poor").In("").DSN())
	for range n {
		innocent = append(innocent, session(t, db))
	}
	return innocent
}

// warnings counts what is logged of statements that may run on.
type warnings struct {
	slog.Handler
	n atomic.Int64
}

func (w *warnings) Enabled(context.Context, slog.Level) bool { return true }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "may run on") {
		w.n.Add(1)
	}
	return nil
}

func sleepers(t testing.TB, admin *sql.DB) (n int) {
	t.Helper()
	if err := admin.QueryRow("select count(*) from information_schema.processlist where info like 'select sleep(60)%'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBehindABalancerNobodyElseIsEndedAndEachCallerHearsInTime(t *testing.T) {
	servers := []*dbtest.Server{dbtest.StartMariaDB(t, dbtest.Options{}), dbtest.StartMariaDB(t, dbtest.Options{})}
	var innocent []*sql.Conn
	for _, s := range servers { // both count from the same number on
		innocent = append(innocent, poor(t, s, "", 30)...)
	}
	log := &warnings{Handler: slog.DiscardHandler}
	db := takingTurns(t, log, servers, fluxor.RuntimeConfig{})
	one, two := servers[0].Admin(t), servers[1].Admin(t)
	const callers = 20
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			start := time.Now()
			_, err := db.ExecContext(t.Context(), fmt.Sprintf("select sleep(60), %d", i))
			if took := time.Since(start); !errors.Is(err, fluxor.ErrQueryTimeout) || took > 3*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
		})
	}
	all.Wait()
	waitUntil(t, "each statement has ended, or a warning says that it did not", func() bool {
		return sleepers(t, one)+sleepers(t, two) <= int(log.n.Load())
	})
	for i, c := range innocent {
		if err := c.PingContext(t.Context()); err != nil {
			t.Errorf("the innocent session %d: %v", i, err)
		}
	}
	t.Logf("of %d statements %d run on, %d warnings", callers, sleepers(t, one)+sleepers(t, two), log.n.Load())
}

func TestAnAccountWithoutRightsEndsItsOwnStatements(t *testing.T) {
	s := dbtest.StartMariaDB(t, dbtest.Options{})
	admin := s.Admin(t)
	for name, row := range map[string]struct {
		limit string
		left  int
	}{
		"no privilege at all":       {"", 0},
		"nor a connection to spare": {"with max_user_connections 3", 1},
	} {
		t.Run(name, func(t *testing.T) {
			innocent := poor(t, s, row.limit, 2)
			log := &warnings{Handler: slog.DiscardHandler}
			db := takingTurns(t, log, []*dbtest.Server{s}, fluxor.RuntimeConfig{MaxOpenConns: 1, MaxRetries: -1})
			start := time.Now()
			_, err := db.ExecContext(t.Context(), "select sleep(60)")
			if took := time.Since(start); !errors.Is(err, fluxor.ErrQueryTimeout) || took > 3*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			waitUntil(t, "it has ended, or a warning says that it did not", func() bool { return sleepers(t, admin) == int(log.n.Load()) })
			if n := int(log.n.Load()); n != row.left {
				t.Errorf("%d statements run on, want %d", n, row.left)
			}
			for _, c := range innocent {
				if err := c.PingContext(t.Context()); err != nil {
					t.Errorf("an innocent session: %v", err)
				}
			}
		})
	}
}
