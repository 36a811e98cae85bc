// This file is the table of the admin operations, and who may ask for which.

package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// Role is which admin operations a user may ask for: those of its own role and of
// the roles below it. A text that is none of the roles is refused by New.
type Role string

// The roles, the least first.
const (
	RoleNone     Role = ""         // none at all
	RoleMonitor  Role = "monitor"  // may look
	RoleOperator Role = "operator" // may also pause databases and end sessions
	RoleAdmin    Role = "admin"    // may also reload the configuration and end the gateway
)

// Roles are all roles but RoleNone, the least first.
func Roles() []Role { return []Role{RoleMonitor, RoleOperator, RoleAdmin} }

// rank orders the roles; -1 is none of them.
func (r Role) rank() int {
	if r == RoleNone {
		return 0
	}
	if i := slices.Index(Roles(), r); i >= 0 {
		return i + 1
	}
	return -1
}

// may reports whether the role is that one or above it.
func (r Role) may(least Role) bool { return least != RoleNone && r.rank() >= least.rank() }

// Operations are what a program lends to the admin operations. They may be called
// from any goroutine; one that is nil has its operation refused.
type Operations struct {
	// Config is the configuration in effect, without secrets, for JSON.
	Config func() any
	// Reload reads the configuration anew and returns what changed, for JSON; after
	// an error nothing has.
	Reload func(context.Context) (any, error)
	// Drain begins to end the gateway and returns at once.
	Drain func()
}

// operated is a database that operators can look at and turn: a
// *fluxor.Connector.
type operated interface {
	Database
	PoolStats() fluxor.PoolStats
	Snapshot() metrics.Snapshot
	Diagnostics() health.Diagnostics
	State() health.State
	SlowStatements() []health.Statement
	Suspend()
	Resume()
	Evict()
}

// Op is an admin operation. It is a description; Server.Admin carries one out.
type Op struct {
	// Name is what it is asked for by, Role the least that may.
	Name string
	Role Role
	// Acts says that it changes something; over HTTP it is POST then, else GET.
	Acts bool
	// Args are the names of its arguments, which are optional unless Help says
	// otherwise.
	Args []string
	// Help says in a sentence what it does.
	Help string

	do func(context.Context, *Server, opArgs) (any, error)
}

const (
	argDatabase = "database"
	argSession  = "session"
	argUser     = "user"
	argWait     = "wait_ms"
)

// ops is all that there is. Who is not in it does not exist, and who has no role in
// it is refused to everybody.
var ops = []Op{
	{"version", RoleMonitor, false, nil, "The gateway's name, protocol and age.", version},
	{"databases", RoleMonitor, false, nil, "Each database: what it is, whether it is active, paused or disabled, and its sessions.", listDatabases},
	{"pools", RoleMonitor, false, nil, "Each database's clients and connections, at work, waiting and pinned.", listPools},
	{"clients", RoleMonitor, false, []string{argDatabase, argUser}, "Each session: whose it is, from where, what it does and since when, its last statement without literals, and what its requests came to.", listClients},
	{"servers", RoleMonitor, false, nil, "Each database's connections: open, lost, closed and why.", listServers},
	{"stats", RoleMonitor, false, nil, "Each database's statements since the start: how many, how fast, how many in vain; how often sessions were pinned, by why.", listStats},
	{"stmts", RoleMonitor, false, []string{argDatabase}, "The statements that took most time, without their literals.", listStmts},
	{"config", RoleMonitor, false, nil, "The configuration in effect, without secrets.", showConfig},
	{"health", RoleMonitor, false, nil, "Whether each database can be used, from what is known without asking it.", showHealth},
	{"metrics", RoleMonitor, false, []string{argDatabase}, "All numbers of each database.", showMetrics},
	{"diagnostics", RoleMonitor, false, []string{argDatabase}, "All that is known of each database, as a text for a ticket.", showDiagnostics},

	{"pause", RoleOperator, true, []string{argDatabase, argWait}, "Has whatever needs a connection of the database, or of all, wait until resume; with wait_ms returns when none is used any more.", pause},
	{"resume", RoleOperator, true, []string{argDatabase}, "Ends pause.", resume},
	{"reconnect", RoleOperator, true, []string{argDatabase}, "Replaces the database's connections: idle ones now, used ones when they come back.", reconnect},
	{"wait_close", RoleOperator, true, []string{argDatabase, argWait}, "Returns when the connections that reconnect replaces are closed, after wait_ms at the latest.", waitClose},
	{"disable", RoleOperator, true, []string{argDatabase}, "Lets no new session use the database (which must be named) until enable.", disable},
	{"enable", RoleOperator, true, []string{argDatabase}, "Ends disable.", enable},
	{"kill", RoleOperator, true, []string{argSession, argDatabase, argUser}, "Ends a session, or all of a database or a user (one must be named), with what they run.", killSessions},
	{"kill_client", RoleOperator, true, []string{argSession}, "Ends a session (which must be named), with what it runs.", killClient},

	{"reload", RoleAdmin, true, nil, "Reads the configuration anew, all or nothing, and says what changed and what needs a restart.", reload},
	{"drain", RoleAdmin, true, nil, "Ends the gateway as SIGTERM does: clients are asked to go, and may finish.", drain},
}

// Ops are the admin operations: first those that look, then those that act. The list
// is the caller's own.
func Ops() []Op { return slices.Clone(ops) }

// opNamed is the operation of that name; nil where there is none.
func opNamed(name string) *Op {
	for i := range ops {
		if ops[i].Name == name {
			return &ops[i]
		}
	}
	return nil
}

// knownOp is the name where there is such an operation, else "".
func knownOp(name string) string {
	if opNamed(name) == nil {
		return ""
	}
	return name
}

// ErrDenied is the error of an admin operation that the role may not ask for; who has
// no role is not told which there are. Retrying does not help.
var ErrDenied = errors.New("fluxor: the user may not ask for that")

// Admin carries out an admin operation for somebody of that role and returns its
// answer as JSON. It may be called from any goroutine; operations that wait end
// with ctx. The error is ErrDenied, or says which argument is wrong or that the
// wait is over, or that there is no such operation: after the wait alone retrying may help.
func (s *Server) Admin(ctx context.Context, role Role, op string, args map[string]string) (json.RawMessage, error) {
	o := opNamed(op)
	switch {
	case o == nil && role.may(RoleMonitor):
		return nil, noOp(op, role)
	case o == nil || !role.may(o.Role):
		return nil, ErrDenied
	}
	for name := range args {
		switch {
		case len(o.Args) == 0:
			return nil, wrongArgument("%s takes no arguments", op)
		case !slices.Contains(o.Args, name):
			return nil, wrongArgument("%s takes no argument %q; it takes: %s", op, name, strings.Join(o.Args, ", "))
		}
	}
	answer, err := o.do(ctx, s, args)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// unknownOp is the error of an operation that there is not.
type unknownOp struct{ refused }

// Unwrap has it answered as what it is.
func (u unknownOp) Unwrap() error { return u.refused }

// noOp names the operations that the role may ask for.
func noOp(op string, role Role) error {
	var there []string
	for _, o := range ops {
		if role.may(o.Role) {
			there = append(there, o.Name)
		}
	}
	text := fmt.Sprintf("there is no operation %q; there are: %s", op, strings.Join(there, ", "))
	return unknownOp{refused{wire.ErrorProtocol, text}}
}

// wrongArgument is the error of arguments that do not fit.
func wrongArgument(format string, args ...any) error {
	return refused{wire.ErrorProtocol, fmt.Sprintf(format, args...)}
}

// admin carries out an operation for the session's user.
func (s *session) admin(c *call, m *wire.Admin) error {
	if err := s.start(c, 0); err != nil {
		return err
	}
	defer s.finish(c)
	c.op = knownOp(m.Op)
	answer, err := s.server.adminFor(c.ctx, s.owner.Name, s.address, m.Op, m.Args)
	if errors.Is(err, ErrDenied) {
		return refused{wire.ErrorDenied, "the user may not ask for that"}
	}
	if err != nil {
		return err
	}
	return s.out.put(wire.TypeAnswer, c.id, &wire.AdminAnswer{Data: answer})
}

// adminFor is Admin for a user, by the role that the user has now; who acts is
// logged.
func (s *Server) adminFor(ctx context.Context, user, address, op string, args map[string]string) (json.RawMessage, error) {
	var role Role
	if u := s.users.Load().byName[user]; u != nil && u.may(time.Now()) {
		role = u.Role
	}
	answer, err := s.Admin(ctx, role, op, args)
	who := []any{slog.String("user", user), slog.String("address", address), slog.String("op", op)}
	switch o := opNamed(op); {
	case errors.Is(err, ErrDenied):
		s.log.Warn("fluxor: an admin operation was refused", who...)
	case o != nil && o.Acts:
		s.log.Info("fluxor: an admin operation", append(who, slog.Any("args", args), slog.Any("error", err))...)
	}
	return answer, err
}
