//go:build unix

// This file is what a test does to a server: databases of its own, a look at the sessions, and every way to be unreachable.

package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// NewDatabase makes an empty database that only this test uses, and drops it
// when the test ends, whoever is still connected.
func (s *Server) NewDatabase(t testing.TB) Target {
	t.Helper()
	target := s.Target.In(databaseName(t.Name()))
	db := s.Admin(t)
	for _, statement := range s.engine.create(target.Database) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("dbtest: %s: %v", statement, err)
		}
	}
	t.Cleanup(func() {
		if !s.shared {
			return // it goes with the server, which may be frozen or dead
		}
		if _, err := db.Exec(s.engine.drop(target.Database)); err != nil {
			t.Errorf("dbtest: drop the test's database: %v", err)
		}
	})
	return target
}

// Admin opens a handle of the bare driver for the administrator, who gets in
// even when the server's connections are used up. It is closed with the test.
func (s *Server) Admin(t testing.TB) *sql.DB {
	t.Helper()
	db, err := s.engine.open(s.engine.admin(s))
	if err != nil {
		t.Fatal("dbtest:", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Open opens a handle of the bare driver on a target. It is closed with the
// test.
func (s *Server) Open(t testing.TB, target Target) *sql.DB {
	t.Helper()
	db, err := s.engine.open(target)
	if err != nil {
		t.Fatal("dbtest:", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// EndSessions ends every session of a database on the server's side, as an
// administrator or a failover does, and returns when they are gone.
func (s *Server) EndSessions(t testing.TB, database string) {
	t.Helper()
	db := s.Admin(t)
	var failure error
	err := await("the sessions to end", func() bool {
		left, err := s.engine.end(context.Background(), db, database)
		failure = err
		return err != nil || left == 0
	})
	if failure != nil {
		err = failure
	}
	if err != nil {
		t.Fatal("dbtest: end sessions:", err)
	}
}

// Freeze stops every process of the server, which keeps its connections open
// and answers nothing, and returns when the last thread stands. A shared
// server cannot be frozen.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	s.mustBeOwn("Freeze")
	s.must(t, s.process.freeze())
}

// Thaw lets a frozen server run on.
func (s *Server) Thaw() { s.process.thaw() }

// Kill ends the server as a crash does: no farewell, every connection cut.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.mustBeOwn("Kill")
	s.must(t, s.process.kill())
}

// Stop ends the server in good order: sessions are told, then cut.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mustBeOwn("Stop")
	s.must(t, s.process.stop(s.engine.orderly()))
}

// Restart starts the server again on the same address, with its data, and
// returns when it answers. A running server is stopped first.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.mustBeOwn("Restart")
	if !s.process.exited() {
		s.must(t, s.process.stop(s.engine.orderly()))
	}
	s.must(t, s.run())
}

func (s *Server) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("dbtest: %s: %v%s", s.engine.label(), err, s.logTail())
	}
}

// mustBeOwn keeps one test from taking the server away from the others.
func (s *Server) mustBeOwn(what string) {
	if s.shared {
		panic(fmt.Sprintf("dbtest: %s would break the tests that share this server: start one of your own with StartPostgres or StartMariaDB", what))
	}
}

// databaseName makes a name that says which test it belongs to, unique in this
// process and within what both servers allow.
func databaseName(test string) string {
	const most = 40
	word := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}
	name := strings.Map(word, strings.ToLower(strings.TrimPrefix(test, "Test")))
	return fmt.Sprintf("t%d_%s", databases.Add(1), name[:min(len(name), most)])
}

// Pid is the process that was started: of PgBouncer the only one, of a database
// server the leader.
func (s *Server) Pid() int { return s.process.cmd.Process.Pid }
