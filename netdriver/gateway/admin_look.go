// This file holds the admin operations that look; none asks a database.

package gateway

import (
	"context"
	"runtime"
	"time"

	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func version(_ context.Context, s *Server, _ opArgs) (any, error) {
	return struct {
		Name     string    `json:"name"`
		Protocol int64     `json:"protocol"`
		Go       string    `json:"go"`
		Started  time.Time `json:"started"`
		Sessions int       `json:"sessions"`
		Memory   int64     `json:"memory"` // of buffers, in bytes
	}{s.cfg.Name, wire.Version, runtime.Version(), s.began.UTC(), s.Sessions(), s.memory.used.Load()}, nil
}

// state is the offer's in a word.
func (o *offer) state() string {
	switch {
	case o.disabled.Load():
		return "disabled"
	case o.paused.Load():
		return "paused"
	}
	return "active"
}

// sessionsOf is how many sessions an offer has.
func (s *Server) sessionsOf(o *offer) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.sessions
}

// pinnedOf is how many of them keep a connection for what a statement may have
// left there.
func (s *Server) pinnedOf(o *offer) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.links {
		if k.user != nil && k.offer == o && k.doing.pin.Load() != nil {
			n++
		}
	}
	return n
}

// each is a row for each database that an operation is for.
func each[R any](s *Server, a opArgs, row func(*offer, operated) R) ([]R, error) {
	all, err := a.operated(s)
	if err != nil {
		return nil, err
	}
	rows := make([]R, 0, len(all))
	for _, o := range all {
		rows = append(rows, row(o, o.Database.(operated)))
	}
	return rows, nil
}

// byName is what each database has to say, by its name.
func byName(s *Server, a opArgs, say func(operated) any) (any, error) {
	all, err := a.operated(s)
	if err != nil {
		return nil, err
	}
	said := make(map[string]any, len(all))
	for _, o := range all {
		said[o.name] = say(o.Database.(operated))
	}
	return said, nil
}

type databaseRow struct {
	Name     string `json:"name"`
	Dialect  string `json:"dialect"`
	State    string `json:"state"`
	Sessions int    `json:"sessions"`
}

func listDatabases(_ context.Context, s *Server, _ opArgs) (any, error) {
	rows := []databaseRow{}
	for _, o := range s.offers.Load().sorted() {
		rows = append(rows, databaseRow{o.name, o.Backend().Type, o.state(), s.sessionsOf(o)})
	}
	return rows, nil
}

// poolRow has the names of PgBouncer's SHOW POOLS: clients are cl, connections to
// the database sv.
type poolRow struct {
	Database  string `json:"database"`
	State     string `json:"state"`
	Clients   int    `json:"cl_active"`
	Waiting   int    `json:"cl_waiting"`
	Pinned    int    `json:"cl_pinned"` // keep a connection for what a statement may have left there
	Used      int    `json:"sv_active"`
	Idle      int    `json:"sv_idle"`
	Dialing   int    `json:"sv_login"`
	MaxOpen   int    `json:"max_open"` // 0 is no limit
	WaitCount int64  `json:"wait_count"`
	WaitMS    int64  `json:"wait_ms"`
	Timeouts  int64  `json:"timeouts"`
}

func listPools(_ context.Context, s *Server, a opArgs) (any, error) {
	return each(s, a, func(o *offer, db operated) poolRow {
		p := db.PoolStats()
		return poolRow{
			Database: o.name, State: o.state(), Clients: s.sessionsOf(o), Waiting: p.Waiting, Pinned: s.pinnedOf(o), Used: p.Used, Idle: p.Idle,
			Dialing: p.Dialing, MaxOpen: p.MaxOpen, WaitCount: p.WaitCount, WaitMS: p.WaitDuration.Milliseconds(), Timeouts: p.Timeouts,
		}
	})
}

func listClients(_ context.Context, s *Server, a opArgs) (any, error) {
	rows := []Client{}
	for _, c := range s.Clients() {
		if (a[argDatabase] == "" || a[argDatabase] == c.Database) && (a[argUser] == "" || a[argUser] == c.User) {
			rows = append(rows, c)
		}
	}
	return rows, nil
}

type serverRow struct {
	Database   string           `json:"database"`
	Backend    string           `json:"backend"`
	Breaker    string           `json:"breaker"`
	Open       int              `json:"open"`
	MaxUsed    int              `json:"max_used"`
	Outdated   int              `json:"outdated"` // used, and replaced when they come back
	Dials      int64            `json:"dials"`
	DialErrors int64            `json:"dial_errors"`
	Closed     map[string]int64 `json:"closed"` // by why
}

func listServers(_ context.Context, s *Server, a opArgs) (any, error) {
	return each(s, a, func(o *offer, db operated) serverRow {
		p := db.PoolStats()
		return serverRow{
			Database: o.name, Backend: db.Diagnostics().Backend, Breaker: db.State().Breaker, Open: p.Open, MaxUsed: p.MaxUsed,
			Outdated: p.Outdated, Dials: p.Dials, DialErrors: p.DialErrors,
			Closed: map[string]int64{
				"surplus": p.ClosedSurplus, "idle_time": p.ClosedIdleTime, "lifetime": p.ClosedLifetime, "invalid": p.ClosedInvalid,
				"evicted": p.ClosedEvicted, "discarded": p.Discarded,
			},
		}
	})
}

type statsRow struct {
	Database      string           `json:"database"`
	Queries       int64            `json:"queries"`
	Failed        int64            `json:"failed"`
	Rows          int64            `json:"rows"`
	Retries       int64            `json:"retries"`
	Slow          int64            `json:"slow"`
	Indeterminate int64            `json:"indeterminate"`
	Refused       map[string]int64 `json:"refused"` // by policy
	Pins          map[string]int64 `json:"pins"`    // sessions that began to keep their connection, by why
	Transactions  int64            `json:"open_transactions"`
	AverageMS     float64          `json:"avg_ms"`
	P50MS         float64          `json:"p50_ms"`
	P99MS         float64          `json:"p99_ms"`
	MaxMS         float64          `json:"max_ms"`
}

func listStats(_ context.Context, s *Server, a opArgs) (any, error) {
	return each(s, a, func(o *offer, db operated) statsRow {
		n := db.Snapshot()
		return statsRow{
			Database: o.name, Queries: n.TotalQueries, Failed: n.FailedQueries, Rows: n.Rows, Retries: n.Retries, Slow: n.SlowQueries,
			Indeterminate: n.Indeterminate, Refused: n.Refused, Pins: o.pins.counts(), Transactions: n.ActiveTransactions,
			AverageMS: ms(n.AverageQueryTime), P50MS: ms(n.P50), P99MS: ms(n.P99), MaxMS: ms(n.MaxQueryTime),
		}
	})
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

type stmtRow struct {
	Fingerprint string  `json:"fingerprint"`
	Count       int64   `json:"count"`
	Failed      int64   `json:"failed"`
	MeanMS      float64 `json:"mean_ms"`
	MaxMS       float64 `json:"max_ms"`
}

func listStmts(_ context.Context, s *Server, a opArgs) (any, error) {
	return byName(s, a, func(db operated) any {
		rows := []stmtRow{}
		for _, st := range db.SlowStatements() {
			rows = append(rows, stmtRow{st.Fingerprint, st.Count, st.Failed, ms(st.Mean), ms(st.Max)})
		}
		return rows
	})
}

// showConfig is what the program says, else the bounds.
func showConfig(_ context.Context, s *Server, _ opArgs) (any, error) {
	if f := s.cfg.Operations.Config; f != nil {
		return f(), nil
	}
	return struct {
		Limits   Limits   `json:"limits"`
		Timeouts Timeouts `json:"timeouts"` // in nanoseconds
	}{s.cfg.Limits, s.cfg.Timeouts}, nil
}

type healthRow struct {
	Healthy bool       `json:"healthy"`
	Reason  string     `json:"reason"`
	Message string     `json:"message"`
	State   string     `json:"state"`
	Asked   *time.Time `json:"asked"` // null where nobody has asked it
}

// fresh is how long an answer of a database says something of now.
const fresh = time.Minute

func showHealth(_ context.Context, s *Server, a opArgs) (any, error) {
	all, err := a.operated(s)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Healthy   bool                 `json:"healthy"`
		Ready     bool                 `json:"ready"`
		Databases map[string]healthRow `json:"databases"`
	}{true, s.Ready() == nil, map[string]healthRow{}}
	for _, o := range all {
		row := o.health(o.Database.(operated))
		answer.Databases[o.name] = row
		answer.Healthy = answer.Healthy && row.Healthy
	}
	return answer, nil
}

// health judges a database by its circuit breaker and its last answer.
func (o *offer) health(db operated) healthRow {
	d := db.Diagnostics()
	last := d.Health
	if d.At.Sub(last.At) > fresh {
		last = health.Status{}
	}
	status := last.Beside(d.State)
	row := healthRow{Healthy: status.Healthy, Reason: string(status.Reason), Message: status.Message, State: o.state()}
	if !last.At.IsZero() {
		at := last.At.UTC()
		row.Asked = &at
	}
	return row
}

func showMetrics(_ context.Context, s *Server, a opArgs) (any, error) {
	numbers, err := byName(s, a, func(db operated) any { return db.Snapshot() })
	if err != nil {
		return nil, err
	}
	return struct {
		Sessions  int   `json:"sessions"`
		Memory    int64 `json:"memory"`
		Databases any   `json:"databases"` // metrics.Snapshot of each
	}{s.Sessions(), s.memory.used.Load(), numbers}, nil
}

func showDiagnostics(_ context.Context, s *Server, a opArgs) (any, error) {
	return byName(s, a, func(db operated) any { return db.Diagnostics().String() })
}
