// This file reads from Oracle's DSN where the server is, and what in it is worth a finding.

package doctor

import (
	"net"
	"regexp"
	"slices"
	"strings"

	godror "github.com/godror/godror/dsn"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
)

// openOracle leaves the way to the server to Oracle's client: no wire is seen.
func (e *endpoint) openOracle(u *fluxor.Understanding, native string) error {
	if u.Driver != "godror" {
		return e.openOther(u, native) // go-ora has the name of our package
	}
	params, err := godror.Parse(native)
	if err != nil {
		return err
	}
	if err := e.openOther(u, native); err != nil {
		return err
	}
	e.oracle = &params
	e.address, e.local = oracleAddress(params.ConnectString)
	return nil
}

// easyConnect is a connect string that may be shown.
var easyConnect = regexp.MustCompile(`^(?:[a-z]+:)?(?://)?((?:[0-9A-Za-z_.,-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?)(?:/[0-9A-Za-z_.:-]*)?$`)

// oracleAddress is a connect string for people: what is not easy connect may hold
// the way to a wallet.
func oracleAddress(connect string) (address string, local bool) {
	plain, _, _ := strings.Cut(connect, "?")
	m := easyConnect.FindStringSubmatch(plain)
	if m == nil {
		return "a connect descriptor", false
	}
	host, _, err := net.SplitHostPort(m[1])
	if err != nil {
		host = strings.Trim(m[1], "[]")
	}
	return plain, isLocal(host)
}

// oracleWritten finds what the DSN itself shows.
func (x *exam) oracleWritten() {
	p := x.at.oracle
	if p.IsStandalone() {
		x.check("oracle.sessions", "standalone: each connection of Fluxor's is a session")
	} else {
		x.check("oracle.sessions", "from godror's own pool of %d to %d, which waits %v", p.MinSessions, p.MaxSessions, p.WaitTimeout)
		x.find("FX-2002", "of %d to %d sessions", p.MinSessions, p.MaxSessions)
	}
	if pooledServer(p.ConnectString) {
		x.check("oracle.drcp", "asked for, connection class %q", p.ConnClass)
		if p.ConnClass == "" {
			x.find("FX-2003", "the connect string asks for a pooled server")
		}
	}
	if lost := leftToClient(x.understood.Form, p.ConnectString); len(lost) > 0 {
		x.find("FX-2006", "%s", strings.Join(lost, ", "))
	}
}

var pooled = regexp.MustCompile(`(?i):pooled(?:[/?]|$)|\(\s*SERVER\s*=\s*POOLED\s*\)`)

// pooledServer reports whether a connect string asks for DRCP.
func pooledServer(connect string) bool { return pooled.MatchString(connect) }

// ofGodror are parameters that godror reads, and Oracle's client does not.
var ofGodror = []string{
	"standaloneConnection", "poolMinSessions", "poolMaxSessions", "poolIncrement", "poolWaitTimeout", "poolSessionTimeout", "poolSessionMaxLifetime",
	"connectionClass", "heterogeneousPool", "externalAuth", "timezone", "noTimezoneCheck", "perSessionTimezone", "libDir", "configDir",
	"adminRole", "sysdba", "sysoper", "onInit", "alterSession", "stmtCacheSize", "newPassword", "noBreakOnContextCancel", "charset",
}

// leftToClient lists godror's parameters in an easy connect string, where godror
// looks for none.
func leftToClient(form backend.Form, connect string) (lost []string) {
	_, query, _ := strings.Cut(connect, "?")
	if form != backend.FormOracle || query == "" {
		return nil
	}
	for _, param := range strings.Split(query, "&") {
		if key, _, _ := strings.Cut(param, "="); slices.Contains(ofGodror, key) {
			lost = append(lost, key)
		}
	}
	return lost
}
