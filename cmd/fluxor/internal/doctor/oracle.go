// This file examines Oracle.

package doctor

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	godror "github.com/godror/godror/dsn"

	"github.com/fluxor-db/fluxor/backend"
)

// oracleVersion asks the driver's connection: the banner of a server and the
// version of the client library. v$version is not there for every account.
func (x *exam) oracleVersion(ctx context.Context) error {
	x.oracleWritten()
	v, err := oracleVersions(ctx, x.c)
	if err != nil {
		return err
	}
	x.check("server.version", "%s", v.server)
	x.check("oracle.client", "%s", v.client)
	x.oldClient(v)
	return nil
}

// versions are those of both ends.
type versions struct {
	server, client string
	clientMajor    int
}

// callTimeouts is the first client library that bounds a call.
const callTimeouts = 18

func (x *exam) oldClient(v versions) {
	if v.clientMajor < callTimeouts {
		x.find("FX-2004", "the client library is %s", v.client)
	}
}

var oracleNames = []string{
	"NLS_DATE_FORMAT", "NLS_TIMESTAMP_FORMAT", "NLS_TIMESTAMP_TZ_FORMAT", "NLS_NUMERIC_CHARACTERS", "NLS_LANGUAGE", "NLS_TERRITORY", "NLS_SORT", "NLS_COMP",
}

func (x *exam) oracleSettings(ctx context.Context) error {
	values, err := x.texts(ctx, "SELECT parameter, value FROM nls_session_parameters")
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	x.settings(values, oracleNames...)
	values, err = x.texts(ctx, "SELECT parameter, value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'")
	if err != nil || len(values) == 0 {
		return seen(err)
	}
	x.settings(values, "NLS_CHARACTERSET")
	if set := values["NLS_CHARACTERSET"]; set != "AL32UTF8" && set != "UTF8" {
		x.find("FX-2007", "NLS_CHARACTERSET is %s", set)
	}
	return nil
}

// hidden reports whether an error says that the account does not see what was
// asked for: a missing right, or a table, column or function that is not there.
func hidden(err error) bool {
	n, ok := backend.OracleCode(err)
	return ok && slices.Contains([]int{904, 942, 1031}, n)
}

// seen is err, unless it says that the account does not see what was asked for.
func seen(err error) error {
	if hidden(err) {
		return nil
	}
	return err
}

// oracleClock compares the two zones between which godror has to choose for a
// DATE, which has none: the session's and that of the server's machine.
func (x *exam) oracleClock(ctx context.Context) error {
	var session, server string
	err := x.c.QueryRowContext(ctx, "SELECT SESSIONTIMEZONE, NVL(TO_CHAR(SYSTIMESTAMP, 'tzr'), TO_CHAR(SYSTIMESTAMP, 'TZH:TZM')) FROM dual").Scan(&session, &server)
	if err != nil {
		return seen(err)
	}
	x.check("setting.TIME_ZONE", "%s", session)
	x.check("server.time_zone", "%s", server)
	x.zones(session, server)
	return nil
}

// zones judges as godror does when it prints its warning: an hour is taken for
// daylight saving, and the DSN may have chosen.
func (x *exam) zones(session, server string) {
	p := x.at.oracle
	if p.Timezone != nil || p.NoTZCheck {
		return
	}
	s, errS := godror.ParseTZ(session)
	d, errD := godror.ParseTZ(server)
	if apart := s - d; errS == nil && errD == nil && apart != 0 && apart != 3600 && apart != -3600 {
		x.find("FX-2005", "the session is at %s, the server's machine at %s", session, server)
	}
}

// oracleLimits reads what the account may see: v$resource_limit has also what is
// used, v$parameter the limits alone.
func (x *exam) oracleLimits(ctx context.Context) error {
	for _, query := range []string{
		"SELECT resource_name, current_utilization || '/' || TRIM(limit_value) FROM v$resource_limit WHERE resource_name IN ('sessions', 'processes')",
		"SELECT name, '/' || value FROM v$parameter WHERE name IN ('sessions', 'processes')",
	} {
		values, err := x.texts(ctx, query)
		if hidden(err) {
			continue
		}
		if err == nil {
			x.granted(values)
		}
		return err
	}
	return nil
}

// granted judges limits, written used/limit.
func (x *exam) granted(values map[string]string) {
	most, left, counted := 0, 0, false
	for _, name := range []string{"sessions", "processes"} {
		used, limit, ok := strings.Cut(values[name], "/")
		n, err := strconv.Atoi(limit)
		if !ok || err != nil {
			continue // UNLIMITED
		}
		x.check("server."+name, "%s", strings.TrimPrefix(values[name], "/"))
		if most == 0 || n < most {
			most = n
		}
		if u, err := strconv.Atoi(used); err == nil && (!counted || n-u < left) {
			left, counted = n-u, true
		}
	}
	if most == 0 {
		return
	}
	x.limits(most)
	if own := x.understood.Config.MaxOpenConns; counted && own > left && own <= most {
		x.find("FX-1506", "fluxor_max_open_conns is %d, the server has %d left of %d", own, left, most)
	}
}

// expiry is how long before its end a password is worth a finding.
const expiry = 14 * 24 * time.Hour

// oracleAccount looks for the end of the password, which Oracle announces with
// ORA-28002 at the login: godror does not pass that warning on.
func (x *exam) oracleAccount(ctx context.Context) error {
	var status string
	var ends sql.NullString
	err := x.c.QueryRowContext(ctx, "SELECT account_status, TO_CHAR(expiry_date, 'YYYY-MM-DD') FROM user_users").Scan(&status, &ends)
	if hidden(err) || errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	x.check("account.status", "%s", status)
	day, err := time.Parse(time.DateOnly, ends.String)
	if err != nil {
		return nil //nolint:nilerr // the password has no end
	}
	x.check("account.password_ends", "%s", ends.String)
	if strings.Contains(status, "GRACE") || day.Before(x.Now.Add(expiry)) {
		x.find("FX-2001", "%s, the account is %s", ends.String, status)
	}
	return nil
}
