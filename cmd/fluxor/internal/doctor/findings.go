// This file is the table of findings: id, severity, what is so, and what to do.

package doctor

import (
	"slices"
	"strings"
)

// kind is what all findings of one id share.
type kind struct {
	id         string
	severity   Severity
	text, cure string
}

// kinds is the one list. docs/FINDINGS.md explains each; a test ties both. An
// id is never used again for something else.
var kinds = []kind{
	{"FX-1001", Error, "The server cannot be reached.", "Compare host and port with the server's, then look at name resolution, routes and firewalls between."},
	{"FX-1002", Error, "The server refuses the login.", "Correct user, password or database in the DSN; do not repeat it often, because tries can lock the account."},
	{"FX-1003", Error, "The server grants no further connection.", "Close connections that nobody needs, lower fluxor_max_open_conns of the programs, or raise the server's limit."},
	{"FX-1004", Error, "No session could be opened.", "Read the driver's error; it names what the server or the driver does not accept."},
	{"FX-1005", Error, "Something between client and server refuses a parameter of the login.", "Let the pooler ignore it, in PgBouncer with ignore_startup_parameters, or take it out of the DSN."},
	{"FX-1006", Error, "Oracle's client library cannot be loaded.", "Install Oracle Instant Client (Basic or Basic Light) and libaio, and let it be found: LD_LIBRARY_PATH, ldconfig, or libDir in a DSN that is a URL or logfmt. Alpine's libc does not run it."},
	{"FX-1007", Error, "The account's password has expired.", "Change it, with ALTER USER or another client; it is not repeated, because tries can lock the account."},
	{"FX-1101", Warn, "The server's version is out of support.", "Plan the update: errors of the server are no longer corrected, security holes included."},
	{"FX-1102", Info, "The server is older than the versions that Fluxor is tested with.", "Run your own tests through Fluxor before you rely on it."},
	{"FX-1201", Info, "A round trip to the server is slow.", "Send fewer statements for the same work, or move the program nearer to the server."},
	{"FX-1301", Warn, "The connection is not encrypted and leaves this machine.", "Turn TLS on: sslmode=verify-full for PostgreSQL, tls=true for MySQL."},
	{"FX-1302", Warn, "TLS is on, but the DSN does not make the driver verify who the server is.", "Verify it: sslmode=verify-full with sslrootcert for PostgreSQL, tls=true for MySQL."},
	{"FX-1401", Warn, "standard_conforming_strings is off, so a backslash in a string escapes.", "Turn it on for the role or the database; a client that quotes by the standard can be made to run foreign SQL."},
	{"FX-1402", Warn, "The database does not hold or send text as UTF-8.", "Go's strings are UTF-8: make a database with ENCODING 'UTF8', and leave client_encoding out of the DSN."},
	{"FX-1403", Info, "Transactions run in another isolation than the server's usual one.", "Know that the program sees it: repeat transactions that end with a serialization failure or a deadlock."},
	{"FX-1501", Warn, "The server ends idle connections before Fluxor's limit does.", "Set fluxor_conn_max_idle_time below the server's limit."},
	{"FX-1502", Warn, "fluxor_max_open_conns is more than the server grants.", "Lower fluxor_max_open_conns, leaving room for other programs, or raise the server's limit."},
	{"FX-1503", Info, "Nothing bounds how many connections the program opens.", "Set fluxor_max_open_conns so that all programs together stay below the server's limit."},
	{"FX-1504", Info, "The server ends idle connections, and no option of Fluxor's does before.", "Nothing need be done: Fluxor notices before use. Set fluxor_conn_max_idle_time to spare the server the wait."},
	{"FX-1505", Warn, "The statement cache can fill the server's limit of prepared statements.", "Lower fluxor_stmt_cache_size or fluxor_max_open_conns, or raise max_prepared_stmt_count of the server."},
	{"FX-1506", Warn, "The server has fewer connections left than fluxor_max_open_conns.", "Lower fluxor_max_open_conns, close what other programs hold, or raise the parameters sessions and processes."},
	{"FX-1601", Warn, "sql_mode is not strict, so values that do not fit are changed and stored.", "Add STRICT_TRANS_TABLES to sql_mode of the server, or write sql_mode into the DSN."},
	{"FX-1602", Warn, "autocommit is off, so a statement outside a transaction stays uncommitted.", "Turn autocommit on for the account, or write autocommit=1 into the DSN."},
	{"FX-1603", Warn, "The connection's character set holds only a part of Unicode.", "Write charset=utf8mb4 into the DSN."},
	{"FX-1604", Info, "Dates and times come as text, because parseTime is off.", "Write parseTime=true into the DSN where the program scans into time.Time."},
	{"FX-1605", Warn, "The session's time zone is not the one in which the driver reads times.", "Write the same zone twice: loc=UTC and time_zone='+00:00', percent-encoded in the DSN."},
	{"FX-1701", Warn, "The database file cannot be written.", "Give the program's user the right to write file and directory, or open it with mode=ro so that this is meant."},
	{"FX-1702", Info, "Foreign keys are not enforced.", "Write _pragma=foreign_keys(1) into the DSN if the schema relies on them."},
	{"FX-1703", Warn, "A connection that meets a lock fails at once.", "Write _pragma=busy_timeout(5000) into the DSN."},
	{"FX-1704", Info, "The database lives in memory and ends with its last connection.", "Name a file if anything should stay."},
	{"FX-1705", Error, "The database file does not exist.", "Correct the path; a program that connects would make an empty database there."},
	{"FX-1706", Info, "Readers and writers block each other, because the journal is not a write-ahead log.", "Run PRAGMA journal_mode=WAL once, unless the file is on a network file system."},
	{"FX-1801", Warn, "A pooler lends the server's sessions by transaction.", "fluxor_stmt_cache_size must be 0 here. Use no session state outside a transaction (SET, LISTEN, temporary tables, advisory locks), and prepare nothing that outlives one."},
	{"FX-1802", Info, "Something stands between client and server: a pooler, a proxy or address translation.", "Know that its timeouts and limits hold as well as the server's."},
	{"FX-1803", Error, "The statement cache is on behind a pooler that lends the server's sessions by transaction.", "Write fluxor_stmt_cache_size=0 into the DSN, also beside fluxor_preset=legacy."},
	{"FX-1901", Info, "A check could not be made.", "Read the error; where a right is missing, an account that has it sees more."},
	{"FX-2001", Warn, "The account's password ends within two weeks.", "Change it before, or give the account a profile whose password has no end."},
	{"FX-2002", Info, "godror pools sessions itself, below Fluxor's pool.", "Leave standaloneConnection=0 and heterogeneousPool=1 out of the DSN, unless the server's DRCP is wanted; otherwise set poolMaxSessions to fluxor_max_open_conns and poolWaitTimeout below fluxor_acquire_timeout."},
	{"FX-2003", Warn, "A pooled server (DRCP) is asked for without a connection class.", "Write connectionClass=NAME into the DSN, which has to be a URL or logfmt for that."},
	{"FX-2004", Warn, "The client library is older than 18 and bounds no call.", "Install a client library of version 19 or newer: with an older one a deadline reaches the server as a break alone, which a dead network does not carry."},
	{"FX-2005", Warn, "The session's time zone is not that of the server's machine, and the DSN does not say in which one a DATE is read.", "Write timezone=Europe/Berlin (or whichever SYSDATE is in) into the DSN, which has to be a URL or logfmt for that; noTimezoneCheck=1 only silences the driver."},
	{"FX-2006", Warn, "A parameter of godror's stands in an easy connect string, where godror reads none.", "Write the DSN as oracle://user:password@host/service?..., or as user=\"u\" password=\"p\" connectString=\"host/service\" with the parameter beside them."},
	{"FX-2007", Warn, "The database's character set holds only a part of Unicode.", "Know that the server replaces what does not fit, silently: use NVARCHAR2 for such columns, or move the database to AL32UTF8."},
	{"FX-2101", Warn, "The query cache cannot read the schema, so it keeps nothing.", "Let the user read the views of the catalog that the error names, or do without them: fluxor_cache_catalog=0, which docs/CACHE.md explains."},
	{"FX-2102", Warn, "The query cache can keep nothing on this database.", "Read what the code means in docs/CACHED.md; where that cannot be changed, leave fluxor_cache out of the DSN."},
}

// kindOf returns the kind of an id, which must exist.
func kindOf(id string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.id == id })]
}

// page is where findings are explained.
const page = "docs/FINDINGS.md"

func (k kind) anchor() string { return page + "#" + strings.ToLower(k.id) }
