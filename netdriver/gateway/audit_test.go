// This file tests what the audit log has, and what nothing that the gateway says ever has.

package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// heard collects what is written. It is safe for concurrent use.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// auditRecord is a line of the log as others read it.
type auditRecord struct {
	Time, Event, Op, Session, User, Address, DB, App, Digest, Statement, Cache, Outcome, Code, Reason string
	Labels                                                                                            map[string]string
	Rows, Bytes, Lost                                                                                 int64
	MS                                                                                                float64
}

func (h *heard) records(t *testing.T) (all []auditRecord) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(h.String()))
	for {
		var r auditRecord
		err := d.Decode(&r)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
}

func TestTheAuditLogSaysWhoDidWhatAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	log := &heard{}
	s := sqlite(t, func(c *gateway.Config) { c.Audit = log })
	bad := dial(t, s.address)
	bad.greet(&wire.Hello{User: "app", DB: "erp", Token: "wrong"})
	bad.ended()
	c := login(t, s, func(h *wire.Hello) { h.Session.App, h.Session.Labels = "billing", map[string]string{"team": "a"} })
	c.must("create table t (v)")
	c.do(wire.TypeReset, &wire.Empty{})
	c.do(wire.TypeBegin, &wire.Begin{})
	c.exec("insert into t values (?), ('a literal')", "an argument")
	c.do(wire.TypeCommit, &wire.Empty{})
	c.query("select v from t where v <> 'a literal too'").value(t)
	c.query("select nothing from nowhere")
	_ = c.conn.Close()
	dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 0 })
	_ = s.Close()
	var got []string
	all := log.records(t)
	for _, r := range all {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s %d", r.Event, r.User, r.DB, r.App, r.Outcome, r.Statement, r.Rows))
	}
	want := []string{
		"login app erp  auth  0",
		"login app erp billing ok  0",
		"exec app erp billing ok create table t(v) 0",
		"reset app erp billing ok  0",
		"begin app erp billing ok  0",
		"exec app erp billing ok insert into t values (?), ... 2",
		"commit app erp billing ok  0",
		"query app erp billing ok select v from t where v <> ? 2",
		"query app erp billing db select nothing from nowhere 0",
		"logout app erp billing ok  0",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(log.String(), "argument") || strings.Contains(log.String(), "literal") {
		t.Errorf("it shows values: %s", log)
	}
	if r := all[7]; r.Bytes == 0 || len(r.Digest) != 16 || r.Time == "" || r.Address != "127.0.0.1" || r.Session == "" || r.Labels["team"] != "a" {
		t.Errorf("got %+v", r)
	}
	if r := all[8]; r.Code != "1" {
		t.Errorf("got %+v", r)
	}
}

func TestWhatAStrangerSaysFillsNoLog(t *testing.T) {
	t.Parallel()
	audit, log := &heard{}, &heard{}
	s := sqlite(t, func(c *gateway.Config) { c.Audit, c.Logger = audit, slog.New(slog.NewTextHandler(log, nil)) })
	for range 2 {
		c := dial(t, s.address)
		c.greet(&wire.Hello{User: strings.Repeat("\x01", 1000), DB: strings.Repeat("é", 500), Token: "wrong"})
		c.ended()
	}
	web := pages(t, s, gateway.AdminPages{})
	visit(t, http.MethodGet, web.URL+"/admin/pools", as(strings.Repeat("x", 100_000), "wrong"))
	_ = s.Close()
	if got := audit.records(t); len(got) != 3 {
		t.Errorf("got %d records", len(got))
	}
	for _, line := range strings.Split(audit.String()+log.String(), "\n") {
		if len(line) > 2000 {
			t.Errorf("a line has %d bytes: %.100s", len(line), line)
		}
	}
}

func TestTheAuditLogSaysWhatOperatorsDid(t *testing.T) {
	log := &heard{}
	s := sqlite(t, withRole(gateway.RoleOperator), func(c *gateway.Config) { c.Audit = log })
	web := pages(t, s, gateway.AdminPages{})
	for _, path := range []string{"/admin/pause?database=erp", "/admin/resume", "/admin/kill?database=none", "/admin/drain", "/admin/secret-7"} {
		visit(t, http.MethodPost, web.URL+path, as("app", token))
	}
	visit(t, http.MethodGet, web.URL+"/admin/pools", as("stranger", token))
	visit(t, http.MethodGet, web.URL+"/admin/pools")
	c := login(t, s)
	c.do(wire.TypeAdmin, &wire.Admin{Op: "drain"}).refused(t, wire.ErrorDenied)
	_ = s.Close()
	var got []string
	for _, r := range log.records(t) {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", r.Event, r.Op, r.User, r.Address, r.Outcome))
	}
	want := []string{
		"admin pause app 127.0.0.1 ok", "admin resume app 127.0.0.1 ok", "admin kill app 127.0.0.1 protocol",
		"admin drain app 127.0.0.1 denied", "admin  app 127.0.0.1 protocol", "login  stranger 127.0.0.1 auth",
		"login  app 127.0.0.1 ok", "admin drain app 127.0.0.1 denied", "logout  app 127.0.0.1 shutdown",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAnAuditLogThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	t.Parallel()
	log := &heard{}
	s := sqlite(t, func(c *gateway.Config) {
		c.Audit, c.Logger = broken{}, slog.New(slog.NewTextHandler(log, nil))
	})
	c := login(t, s)
	for range 5 {
		c.query("select 1").value(t)
	}
	_ = s.Close()
	if n := strings.Count(log.String(), "the audit log cannot be written"); n != 1 || !strings.Contains(log.String(), "lacks its last records") {
		t.Errorf("it was said %d times:\n%s", n, log)
	}
	if n := s.AuditLost(); n != 7 {
		t.Errorf("%d records are lost", n)
	}
}

// full is a log whose disk is full at times.
type full struct {
	heard
	is atomic.Bool
}

func (f *full) Write(p []byte) (int, error) {
	if f.is.Load() {
		return 0, syscall.ENOSPC
	}
	return f.heard.Write(p)
}

func TestWhatAFullDiskCostsTheAuditLogIsCountedAndStandsInIt(t *testing.T) {
	t.Parallel()
	disk, log := &full{}, &heard{}
	s := sqlite(t, func(c *gateway.Config) { c.Audit, c.Logger = disk, slog.New(slog.NewTextHandler(log, nil)) })
	c := login(t, s)
	lose := func(n, total int64) {
		disk.is.Store(true)
		for range n {
			c.query("select 1").value(t) // nobody waits for the disk
		}
		dbtest.WaitUntil(t, "they are lost", func() bool { return s.AuditLost() == total })
		disk.is.Store(false)
	}
	c.query("select 1").value(t)
	dbtest.WaitUntil(t, "they are written", func() bool { return len(disk.records(t)) == 2 })
	lose(5, 5)
	c.query("select 1").value(t)
	dbtest.WaitUntil(t, "it goes on", func() bool { return len(disk.records(t)) == 4 })
	lose(2, 7)
	_ = s.Close()
	var got []string
	for _, r := range disk.records(t) {
		got = append(got, fmt.Sprintf("%s %d %s", r.Event, r.Lost, r.Outcome))
	}
	if want := []string{"login 0 ok", "query 0 ok", "lost 5 internal", "query 0 ok", "lost 2 internal", "logout 0 shutdown"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if n := strings.Count(log.String(), "cannot be written"); n != 2 || !strings.Contains(log.String(), "lost=5") || !strings.Contains(log.String(), "lost=2") {
		t.Errorf("the log has:\n%s", log)
	}
}

func TestNothingRunsWhoseRecordCannotBeWrittenWhereThatIsRequired(t *testing.T) {
	t.Parallel()
	disk := &full{}
	s := sqlite(t, func(c *gateway.Config) { c.Audit, c.AuditRequired = disk, true })
	c := login(t, s)
	c.must("create table t (v)")
	c.do(wire.TypeReset, &wire.Empty{})
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must("insert into t values ('recorded')")
	disk.is.Store(true)
	c.must("insert into t values ('when it became full')")
	for name, a := range map[string]*answer{
		"exec": c.exec("insert into t values ('unrecorded')"), "query": c.query("select 1"),
		"prepare": c.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "select 1"}),
		"begin":   login(t, s).do(wire.TypeBegin, &wire.Begin{}),
	} {
		if f := a.refused(t, wire.ErrorOverloaded); f.Applied != wire.AppliedNo || !f.Retryable || f.Conn != wire.ConnOK || !strings.Contains(f.Message, "audit log") {
			t.Errorf("%s: %+v", name, *f)
		}
	}
	if a := c.do(wire.TypeCommit, &wire.Empty{}); a.fail != nil {
		t.Errorf("a transaction may end: %v", a.fail)
	}
	lost := s.AuditLost()
	disk.is.Store(false)
	dbtest.WaitUntil(t, "it goes on, though nobody asks for anything", func() bool { return strings.Contains(disk.String(), fmt.Sprintf(`"lost":%d`, lost)) })
	dbtest.WaitUntil(t, "statements run", func() bool { return c.query("select 1").fail == nil })
	if got := c.query("select count(*) from t").value(t); got != int64(2) {
		t.Errorf("%v rows were written", got)
	}
	_ = s.Close()
	if n := s.AuditLost(); n != lost {
		t.Errorf("%d records are lost of which %d were told", n, lost)
	}
}

func TestWhereNoAuditLogIsNoneCanBeRequired(t *testing.T) {
	t.Parallel()
	c := config(connector(t, dbtest.SQLite(t)))
	c.AuditRequired = true
	if _, err := gateway.New(c); err == nil || !strings.Contains(err.Error(), "AuditRequired") {
		t.Errorf("got %v", err)
	}
}

// canary is in each secret of the test below.
const canary = "canary-7f3a"

// withAccount makes a database and another account of its server.
func withAccount(t *testing.T, password string) (target dbtest.Target, account string) {
	t.Helper()
	server := dbtest.Postgres(t)
	target, admin := server.NewDatabase(t), server.Admin(t)
	account = "bird_" + target.Database
	if _, err := admin.Exec("create role " + account + " login password '" + password + "'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.Exec("drop role " + account) })
	return target, account
}

// serveToTheEnd is serve for a test that looks into the gateway when it has ended.
func serveToTheEnd(t *testing.T, c gateway.Config) (s *served, ended <-chan error) {
	t.Helper()
	g, failed := gateway.New(c)
	l, occupied := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(failed, occupied); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	end := make(chan error, 1)
	go func() { end <- g.Serve(l) }() // ends with Close
	return &served{g, l.Addr().String()}, end
}

func TestNothingThatTheGatewaySaysHasASecret(t *testing.T) {
	t.Parallel()
	target, account := withAccount(t, canary)
	out := &heard{}
	logger := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	loud := func(c *fluxor.RuntimeConfig) { c.Logger = logger }
	good := connector(t, target.As(account, canary).URL(), loud)
	wrong := connector(t, target.As(account, canary+"-wrong").URL(), loud)
	nowhere := connector(t, target.As(account, canary).At("127.0.0.1:1").URL(), loud)
	c := config(good)
	withPassword(t, canary+"-scram")(&c)
	c.Databases["wrong"], c.Databases["nowhere"] = wrong, nowhere
	c.Users[0].Tokens = append(c.Users[0].Tokens, gateway.HashToken(canary+"-token"))
	c.Logger, c.Audit = logger, out
	s, ended := serveToTheEnd(t, c)
	say := func(a *answer) { _, _ = fmt.Fprintf(out, "%+v %v\n", a.fail, a) }
	for _, db := range []string{"erp", "wrong", "nowhere"} {
		x := login(t, s, func(h *wire.Hello) { h.DB, h.Token = db, canary+"-token" })
		for _, text := range []string{"select 1", "select '" + canary + "'::int", "selec", "select 1/0"} {
			if a := x.query(text); !strings.Contains(text, canary) { // its own words may come back to it
				say(a)
			}
		}
		say(x.exec("select $1::int", canary+"-arg"))
		say(x.do(wire.TypePing, &wire.Ping{DB: true}))
		_, _ = fmt.Fprintf(out, "%+v\n", x.hello)
	}
	for _, secret := range []string{canary + "-token", canary + "-wrong"} {
		x := dial(t, s.address)
		x.greet(&wire.Hello{User: "app" + secret[:0], DB: "none", Token: wire.Secret(secret)})
		_, _ = out.Write(x.next().Body)
	}
	for _, password := range []string{canary + "-scram", canary + "-bad"} {
		_, _ = out.Write(dial(t, s.address).exchange("app", password, wire.AuthSCRAM, nil).Body)
	}
	_ = s.Close()
	<-ended // what is printed below changes no more
	for _, db := range []*fluxor.Connector{good, wrong, nowhere} {
		_ = db.Close()
	}
	c.Audit, c.Logger = nil, nil // they print what was said before
	for _, v := range []any{c, c.Users[0], s.Server, good, wrong.Diagnostics(), wrong.LastErrors(), wire.Hello{Token: canary}} {
		_, _ = fmt.Fprintf(out, "%v %+v %#v %s\n", v, v, v, v)
	}
	_, err := gateway.New(gateway.Config{Databases: c.Databases, Users: []gateway.User{{Name: "x", Databases: []string{"y"}, Tokens: c.Users[0].Tokens}}})
	_, _ = fmt.Fprintln(out, err)
	for line := range strings.SplitSeq(out.String(), "\n") {
		if strings.Contains(line, canary) && !strings.Contains(line, canary+"-arg") {
			t.Errorf("a secret is shown: %.300s", line)
		}
	}
	if out.String() == "" || !strings.Contains(out.String(), `"event":"login"`) || !strings.Contains(out.String(), "a login failed") {
		t.Error("nothing was heard")
	}
}
