// This file is the course of an examination.

// Package doctor examines a database through Fluxor: how its DSN is
// understood, whether and how it can be reached, what the server is set to, and
// what stands in between. It changes no data and leaves nothing in a session:
// it reads, on connections of its own, which it closes.
package doctor

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/steps"
	_ "github.com/fluxor-db/fluxor/drivers/oracle" // godror, where the binary is built with cgo
	_ "github.com/fluxor-db/fluxor/drivers/pgx"    // pgx, with fluxor_driver=pgx
	_ "github.com/fluxor-db/fluxor/drivers/sqlite" // modernc.org/sqlite
)

// Request is what is to be examined.
type Request struct {
	// DSN is the database. Argument is how the command line names it, for the
	// commands in NextSteps; it may hold a secret, which is then left out.
	DSN, Argument string
	// Now is the day for which support is judged.
	Now time.Time
	// Progress hears what is done next; nil is nobody.
	Progress func(step string)
}

// exam is one examination under way.
type exam struct {
	*Report
	Request
	understood *fluxor.Understanding
	at         *endpoint
	db         *sql.DB
	c          *sql.Conn // all but the second client use it
	way        way       // that of c
}

const (
	// connectPatience bounds the connecting, checkPatience each group of checks.
	connectPatience = 15 * time.Second
	checkPatience   = 15 * time.Second
	pings           = 20
	// slow is from where on a round trip is worth a finding.
	slow = 20 * time.Millisecond
)

// Run examines. Its error is that of a DSN that cannot be used, before anything
// was dialed, or of ctx; what goes wrong later is a finding.
func Run(ctx context.Context, r Request) (*Report, error) {
	u, err := fluxor.Understand(fluxor.RuntimeConfig{DSN: r.DSN})
	if err != nil {
		return nil, err
	}
	x := &exam{Report: &Report{Checks: []Check{}, Findings: []Finding{}}, Request: r, understood: u}
	x.tell()
	if x.at, err = open(u, r.DSN); err != nil {
		return nil, err
	}
	x.check("server.address", "%s", x.at.address)
	if u.Type != "sqlite" || x.file() {
		err = x.examine(ctx)
	}
	x.nextSteps()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		x.Error = err.Error()
	}
	x.OK = err == nil && !x.Above(Warn)
	return x.Report, err
}

// tell puts the understanding into the report.
func (x *exam) tell() {
	u := x.understood
	x.Understood = Understood{
		DSN: u.DSN, Rule: u.Rule, Backend: u.Backend, Type: u.Type, Driver: u.Driver, Import: u.Import,
		Grammar: u.Grammar, DriverGets: u.Native,
	}
	for _, o := range u.Options {
		x.Options = append(x.Options, Option{Key: o.Key, Value: o.Value, Source: string(o.Source), Meaning: o.Meaning})
	}
}

// examine connects and goes through the checks, on two connections at most, and one
// more where the query cache is on. No option of the DSN governs those: a limit of
// one would make the doctor wait for itself.
func (x *exam) examine(ctx context.Context) error {
	connector, err := fluxor.WrapConnector(x.at.connector, fluxor.RuntimeConfig{
		CloseTimeout: time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	x.db = sql.OpenDB(connector)
	defer x.db.Close() //nolint:errcheck // the report is complete
	x.step("connecting to " + x.at.address)
	if !x.connect(ctx) {
		return nil
	}
	defer x.c.Close() //nolint:errcheck // as above
	for _, group := range x.groups() {
		x.step(group.step)
		within, cancel := context.WithTimeout(ctx, checkPatience)
		err := group.run(within)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			x.find("FX-1901", "%s: %s", group.step, brief(err))
		}
	}
	return nil
}

// group are checks that are made together.
type group struct {
	step string
	run  func(context.Context) error
}

func (x *exam) groups() []group {
	all := []group{{"round trips", x.latency}}
	switch x.understood.Type {
	case "postgres":
		all = append(all, group{"version", x.postgresVersion}, group{"settings", x.postgresSettings},
			group{"a pooler in between", x.pooler}, group{"TLS", x.postgresTLS})
	case "mysql":
		all = append(all, group{"version", x.mysqlVersion}, group{"settings", x.mysqlSettings},
			group{"the session's clock", x.mysqlClock}, group{"TLS", x.mysqlTLS})
	case "oracle":
		if x.at.oracle == nil {
			break // by name; what godror's connection tells is not to be had
		}
		all = append(all, group{"version", x.oracleVersion}, group{"settings", x.oracleSettings}, group{"the session's clock", x.oracleClock},
			group{"limits", x.oracleLimits}, group{"the account", x.oracleAccount})
	case "sqlite":
		all = append(all, group{"version", x.sqliteVersion}, group{"settings", x.sqliteSettings})
	}
	if x.understood.Config.Cache != "off" {
		all = append(all, group{"the query cache", x.queryCache})
	}
	return all
}

func (x *exam) step(step string) {
	if x.Progress != nil {
		x.Progress(step)
	}
}

// connect opens the session and says what it took or why it failed.
func (x *exam) connect(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	began := time.Now()
	c, err := x.db.Conn(ctx)
	if err == nil {
		if err = c.PingContext(ctx); err != nil {
			_ = c.Close() // the ping has said it
		}
	}
	if errors.Is(err, context.Canceled) {
		return false // the user gave up, which says nothing of the server
	}
	if err != nil {
		x.find(refusalID(x.understood.Backend, err), "%s", brief(err))
		return false
	}
	x.c = c
	x.arrived()
	x.took("connect.login", time.Since(began))
	return true
}

// arrived notes by which way the connection was made. Of several hosts in the
// DSN, or addresses of a name, it tells which one answered.
func (x *exam) arrived() {
	if x.way = x.at.wire.now(); x.way.took > 0 {
		x.took("connect.dial", x.way.took)
	}
	if x.way.remote != nil {
		x.check("connect.address", "%s", x.way.remote)
		x.at.local = x.way.stays()
	}
}

// brief is the text of an error without the parameters that godror puts in front.
func brief(err error) string {
	if _, ok := backend.OracleCode(err); ok {
		return backend.OracleBrief(err)
	}
	return err.Error()
}

// refusalID is the finding that an error of connecting through a backend is.
func refusalID(name string, err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "unsupported startup parameter"):
		return "FX-1005"
	case strings.Contains(text, "DPI-1047"):
		return "FX-1006"
	}
	if n, ok := backend.OracleCode(err); ok && n == 28001 {
		return "FX-1007"
	}
	switch classify(name)(err) {
	case backend.ClassLogin:
		return "FX-1002"
	case backend.ClassTooMany:
		return "FX-1003"
	case backend.ClassUnavailable, backend.ClassDead:
		return "FX-1001"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "FX-1001"
	}
	return "FX-1004"
}

// classify is that of a backend: one does not ask another's numbers.
func classify(name string) func(error) backend.Class {
	for _, b := range backend.All() {
		if b.Name == name && b.Classify != nil {
			return b.Classify
		}
	}
	return backend.Common
}

// latency measures round trips.
func (x *exam) latency(ctx context.Context) error {
	if x.understood.Type == "sqlite" {
		return nil // there is no way to go
	}
	took := make([]time.Duration, pings)
	for i := range took {
		began := time.Now()
		if err := x.c.PingContext(ctx); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	median := took[pings/2]
	x.took("latency.median", median)
	x.took("latency.p95", took[pings*95/100])
	if median > slow {
		x.find("FX-1201", "the median of %d round trips is %v", pings, median.Round(time.Microsecond))
	}
	return nil
}

// texts reads rows of a name and a value.
func (x *exam) texts(ctx context.Context, query string) (map[string]string, error) {
	rows, err := x.c.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err has said it
	values := make(map[string]string)
	for rows.Next() {
		var name string
		var value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		values[name] = value.String
	}
	return values, rows.Err()
}

// nextSteps are commands for the database as the command line named it.
func (x *exam) nextSteps() {
	name, before := steps.Database(x.Argument, x.DSN)
	x.NextSteps = append(before, "fluxor doctor "+name+" --json")
	if x.c != nil {
		x.NextSteps = append(x.NextSteps, "fluxor query "+name+" "+steps.Quote(overview[x.understood.Type]))
	}
}

// overview is a statement that shows who uses the database.
var overview = map[string]string{
	"postgres": "SELECT application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2",
	"mysql":    "SHOW FULL PROCESSLIST",
	"oracle":   "SELECT table_name FROM user_tables",
	"sqlite":   "SELECT name, type FROM sqlite_master",
	"":         "SELECT 1",
}

// encryption notes what is known of TLS and finds what is open to the network.
func (x *exam) encryption(on bool, version string) {
	switch {
	case on:
		x.check("tls", "%s; the DSN says: %s", version, x.at.tls)
	default:
		x.check("tls", "none; the DSN says: %s", x.at.tls)
	}
	switch {
	case x.at.local:
	case !on:
		x.find("FX-1301", "%s, TLS %s", x.at.address, x.at.tls)
	case !x.at.tls.verified():
		x.find("FX-1302", "%s, TLS %s", x.at.address, x.at.tls)
	}
}

// kept is how many statements the cache keeps for a connection; 0 also where
// the driver leaves it nothing to keep.
func (x *exam) kept() int {
	if !x.at.keeps {
		return 0
	}
	return x.understood.Config.StmtCacheSize
}

// limits compares what the server grants with what Fluxor may use.
func (x *exam) limits(granted int) {
	x.check("server.connections_granted", "%d", granted)
	switch most := x.understood.Config.MaxOpenConns; {
	case most == 0:
		x.find("FX-1503", "the server grants %d", granted)
	case most > granted:
		x.find("FX-1502", "fluxor_max_open_conns is %d, the server grants %d", most, granted)
	}
}

// idle compares the server's limit for idle connections with Fluxor's.
func (x *exam) idle(name string, server time.Duration) {
	if server <= 0 {
		return
	}
	own := earliest(x.understood.Config.ConnMaxIdleTime, x.understood.Config.ConnMaxLifetime)
	switch {
	case own == 0:
		x.find("FX-1504", "%s is %v", name, server)
	case own >= server:
		x.find("FX-1501", "%s is %v, Fluxor's limit %v", name, server, own)
	}
}

// earliest is the shorter of two limits of which 0 is none.
func earliest(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// settings notes values under their names.
func (x *exam) settings(values map[string]string, names ...string) {
	for _, name := range names {
		if value, ok := values[name]; ok {
			x.check("setting."+name, "%s", value)
		}
	}
}
