//go:build unix

// This file tests that the private servers start, serve, freeze, die and come back, and leave nothing behind.

package dbtest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		os.Exit(beVictim())
	}
	Main(m)
}

// makers are the two servers; each test below holds for both.
var makers = map[string]struct {
	shared  func(testing.TB) *Server
	private func(testing.TB, Options) *Server
	driver  string
	hello   string // what a client sends to be answered
	secure  string // a query that says whether the session uses TLS
}{
	"PostgreSQL": {Postgres, StartPostgres, "postgres", "\x00\x00\x00\x08\x04\xd2\x16\x2f", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"},
	"MariaDB":    {MariaDB, StartMariaDB, "mysql", "", "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'SSL_CIPHER'"},
}

func TestSharedServerIsStartedOnce(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			if first, second := m.shared(t), m.shared(t); first != second {
				t.Errorf("got two servers on %s and %s, want one", first.Addr(), second.Addr())
			}
		})
	}
}

func TestEachTestGetsADatabaseOfItsOwn(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			s := m.shared(t)
			one, two := s.NewDatabase(t), s.NewDatabase(t)
			mustExec(t, s.Open(t, one), "CREATE TABLE t (n int)")
			mustExec(t, s.Open(t, two), "CREATE TABLE t (n int)")
		})
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			s := m.shared(t)
			var target Target
			t.Run("user", func(t *testing.T) {
				target = s.NewDatabase(t)
				db := s.Open(t, target)
				mustExec(t, db, "CREATE TABLE t (n int)")
			})
			if err := s.Open(t, target).Ping(); err == nil {
				t.Errorf("the database %s is still there", target.Database)
			}
		})
	}
}

func TestEveryFormOfADSNReachesTheDatabase(t *testing.T) {
	for name, m := range makers {
		s := m.shared(t)
		forms := map[string]string{"DSN": s.DSN(), "DSN over the socket": s.OverSocket().DSN()}
		if s.kind == kindPostgres {
			forms["URL"], forms["URL with params"] = s.URL(), s.URL("sslmode=require", "connect_timeout=5")
			forms["key=value"], forms["key=value over the socket"] = s.KeyValue(), s.OverSocket().KeyValue()
		}
		for form, dsn := range forms {
			t.Run(name+" "+form, func(t *testing.T) {
				db, err := sql.Open(m.driver, dsn)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if err := db.Ping(); err != nil {
					t.Errorf("%s: %v", dsn, err)
				}
			})
		}
	}
}

func TestFrozenServerIsSilentUntilItThaws(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := m.private(t, Options{})
			s.Freeze(t)
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatalf("the kernel must still take connections: %v", err)
			}
			defer c.Close()
			io.WriteString(c, m.hello)
			c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("a frozen server answered (error %v)", err)
			}
			s.Thaw()
			c.SetReadDeadline(time.Now().Add(patience))
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatalf("a thawed server must answer what came meanwhile: %v", err)
			}
		})
	}
}

func TestServerComesBackWithItsDataOnItsAddress(t *testing.T) {
	ends := map[string]func(*Server, testing.TB){
		"after Kill":            (*Server).Kill,
		"after Stop":            (*Server).Stop,
		"after Freeze and Kill": func(s *Server, t testing.TB) { s.Freeze(t); s.Kill(t) },
		"without an end before": func(*Server, testing.TB) {},
	}
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := m.private(t, Options{})
			db := s.Open(t, s.NewDatabase(t))
			mustExec(t, db, "CREATE TABLE t (n int)")
			for end, do := range ends {
				mustExec(t, db, "INSERT INTO t VALUES (1)")
				do(s, t)
				if c, err := net.Dial("tcp", s.Addr()); err == nil {
					c.Close()
					if end != "without an end before" {
						t.Errorf("%s the port is still served", end)
					}
				}
				s.Restart(t)
				db.SetMaxIdleConns(0) // the old connections are dead
				db.SetMaxIdleConns(1)
			}
			var n int
			if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != len(ends) {
				t.Errorf("got %d rows, %v, want %d", n, err, len(ends))
			}
		})
	}
}

func TestTLSIsUsedAndVerified(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			s := m.shared(t)
			for params, want := range map[string]bool{"": false, strings.Join(s.VerifyFull(), "&"): true} {
				db, err := sql.Open(m.driver, s.DSN(strings.Split(params, "&")...))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				var secure bool
				if err := db.QueryRow(m.secure).Scan(&secure); err != nil || secure != want {
					t.Errorf("with %q: got TLS %v, %v, want %v", params, secure, err, want)
				}
			}
		})
	}
}

func TestStrangersCertificateIsRefused(t *testing.T) {
	stranger, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := stranger.write(dir); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", Postgres(t).URL("sslmode=verify-full", "sslrootcert="+stranger.rootFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want a certificate error", err)
	}
}

func TestConnectionLimitHoldsForTheApplicationOnly(t *testing.T) {
	const limit = leastConnections
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := m.private(t, Options{MaxConnections: limit})
			admin, db := s.Admin(t), s.Open(t, s.Target)
			for range limit {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
			}
			if err := db.Ping(); err == nil {
				t.Errorf("a connection beyond the limit of %d was granted", limit)
			}
			if err := admin.Ping(); err != nil {
				t.Errorf("the administrator must get in: %v", err)
			}
		})
	}
}

func TestEndedSessionsAreGone(t *testing.T) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			s := m.shared(t)
			target := s.NewDatabase(t)
			c, err := s.Open(t, target).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			s.EndSessions(t, target.Database)
			if err := c.PingContext(t.Context()); err == nil {
				t.Error("the session still answers")
			}
		})
	}
}

func TestSharedServerCannotBeTakenAway(t *testing.T) {
	s := Postgres(t)
	for name, do := range map[string]func(testing.TB){"Freeze": s.Freeze, "Kill": s.Kill, "Stop": s.Stop, "Restart": s.Restart} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "StartPostgres") {
					t.Errorf("got %q, want a panic that names the cure", text)
				}
			}()
			do(t)
		})
	}
}

func TestServerEndsWithAKilledTestProcess(t *testing.T) {
	for name := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			victim := exec.Command(os.Args[0], "-test.run=^$")
			victim.Env = append(os.Environ(), victimVariable+"="+name)
			victim.Stderr = os.Stderr
			_, err1 := victim.StdinPipe() // keeps it waiting
			out, err2 := victim.StdoutPipe()
			if err := errors.Join(err1, err2, victim.Start()); err != nil {
				t.Fatal(err)
			}
			dir, err := bufio.NewReader(out).ReadString('\n')
			victim.Process.Kill()
			victim.Wait()
			if err != nil {
				t.Fatalf("the victim started no server: %v", err)
			}
			dir = strings.TrimSpace(dir)
			orphan := process{data: dir + "/data"}
			if err := await("the orphans to end", func() bool {
				_, err := os.Stat(dir)
				return os.IsNotExist(err) && len(orphan.members()) == 0
			}); err != nil {
				t.Errorf("%v: %s, processes %v", err, dir, orphan.members())
			}
		})
	}
}

// victimVariable makes the test binary a process that starts the server it
// names, freezes it and waits to be killed.
const victimVariable = "FLUXOR_DBTEST_VICTIM"

func beVictim() int {
	finders := map[string]func() (engine, error){"PostgreSQL": findPostgres, "MariaDB": findMariaDB}
	e, err := finders[os.Getenv(victimVariable)]()
	if err == nil {
		var s *Server
		if s, err = start(e, Options{}); err == nil {
			err = s.process.freeze()
			os.Stdout.WriteString(s.dir + "\n")
			io.Copy(io.Discard, os.Stdin)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
