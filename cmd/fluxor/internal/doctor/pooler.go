// This file finds a pooler between client and PostgreSQL, without leaving anything in a session that is not the doctor's.

package doctor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// rounds are how often the two clients ask in turn.
const rounds = 5

// pooler looks whether the server's sessions are the clients' own. Two clients
// ask in turn which server session serves them; without a pooler, and with one
// that lends for a session, each always has its own. One that lends by
// transaction serves both with one session, unless others use it that very
// moment; so afterwards one client holds a transaction, and the other's session
// must stay the same nevertheless. Nothing is set or prepared: behind such a
// pooler it would stay with a session that others get.
func (x *exam) pooler(ctx context.Context) error {
	second, err := x.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer second.Close() //nolint:errcheck // it was only read on
	evidence, err := shared(ctx, x.c, second)
	if err == nil && evidence == "" {
		evidence, err = displaced(ctx, x.c, second)
	}
	if err != nil {
		return errors.Join(err, x.relay(ctx)) // a pooler may have no session for the second client
	}
	if evidence != "" {
		if x.at.advice != "" {
			evidence += "; " + x.at.advice
		}
		x.check("pooler", "by transaction")
		x.find("FX-1801", "%s", evidence)
		x.keptBehindPooler()
		return nil
	}
	return x.relay(ctx)
}

// keptBehindPooler finds the statement cache on where sessions are lent by
// transaction.
func (x *exam) keptBehindPooler() {
	if x.kept() == 0 {
		return
	}
	for _, o := range x.Options {
		if o.Key == "fluxor_stmt_cache_size" {
			x.find("FX-1803", "%s is %s; source: %s", o.Key, o.Value, o.Source)
		}
	}
}

// shared looks for one server session that serves two clients, or two that
// serve one. An answer is the evidence. One is asked once more after each round:
// in strict turns a pooler that lends its two sessions in turn gives each client
// the same one for ever.
func shared(ctx context.Context, one, two *sql.Conn) (string, error) {
	serves := map[*sql.Conn]int{}
	for range rounds {
		for _, c := range []*sql.Conn{one, two, one} {
			pid, err := backendPID(ctx, c)
			if err != nil {
				return "", err
			}
			if before, asked := serves[c]; asked && before != pid {
				return fmt.Sprintf("one client connection was served by two server sessions (processes %d and %d)", before, pid), nil
			}
			if serves[c] = pid; serves[one] == serves[two] {
				return fmt.Sprintf("two client connections were served by one server session (process %d)", pid), nil
			}
		}
	}
	return "", nil
}

// displaced lets two hold a transaction, on the session it likes, and looks
// whether one is served by another session meanwhile.
func displaced(ctx context.Context, one, two *sql.Conn) (string, error) {
	before, err := backendPID(ctx, one)
	if err != nil {
		return "", err
	}
	tx, err := two.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback() //nolint:errcheck // it was only read in
	if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(new(int)); err != nil {
		return "", err
	}
	after, err := backendPID(ctx, one)
	if err != nil || after == before {
		return "", err
	}
	return fmt.Sprintf("one client connection was served by two server sessions (processes %d and %d)", before, after), nil
}

func backendPID(ctx context.Context, c *sql.Conn) (pid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	err = c.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid)
	return pid, err
}

// relay compares the client's port as the server sees it with the socket's own:
// they differ when the server talks to somebody else.
func (x *exam) relay(ctx context.Context) error {
	if x.way.local == nil {
		return nil // a socket of the machine has no port
	}
	own := x.way.local.Port
	var seen sql.NullInt64
	if err := x.c.QueryRowContext(ctx, "SELECT inet_client_port()").Scan(&seen); err != nil {
		return err
	}
	if seen.Valid && int(seen.Int64) == own {
		x.check("pooler", "none: the server sees this client's own port")
		return nil
	}
	x.check("pooler", "by session, or a proxy")
	if !seen.Valid {
		x.find("FX-1802", "the server sees a client on its own machine's socket, the client connected from port %d", own)
		return nil
	}
	x.find("FX-1802", "the server sees a client on port %d, the client connected from port %d", seen.Int64, own)
	return nil
}
