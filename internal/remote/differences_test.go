// This file is the table of what differs through a gateway on purpose.

package remote_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
)

// difference is one on some targets; on all where it names none.
type difference struct {
	conform.Difference
	on []string
}

// concerns reports whether one of the databases is among its targets.
func (d difference) concerns(all []conform.Database) bool {
	return len(d.on) == 0 || slices.ContainsFunc(all, func(db conform.Database) bool { return slices.Contains(d.on, db.Name) })
}

// differencesOn are those of a target.
func differencesOn(target string, table []difference) []conform.Difference {
	var all []conform.Difference
	for _, d := range table {
		if len(d.on) == 0 || slices.Contains(d.on, target) {
			all = append(all, d.Difference)
		}
	}
	return all
}

// Targets with something in common.
var (
	onPostgres = []string{"pq", "pgx"}
	onMySQL    = []string{"mysql", "mysql interpolating"}
	onOracle   = []string{"oracle"}
)

// differences are those of every way through a gateway.
var differences = []difference{
	{Difference: conform.Difference{
		Name:    "type of an error",
		Reason:  "an error of SQLite's or Oracle's driver, whose types cannot be made outside of it, or one that no server gave, is a *netdriver.Error with the same text and code",
		Excuses: sameWords,
	}},
	{Difference: conform.Difference{
		Name:   "assertion of a type",
		Reason: "the error is a *netdriver.Error: errors.As finds the direct driver's in it, with the package for that driver, and a type assertion does not",
		Cases:  []string{"driver: errors are of the driver's own type", "godror: errors in full"},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:    "*pgconn.PrepareError",
		Reason:  "a *pgconn.PgError does not tell that pgx met it while it prepared",
		Excuses: func(bare, through string) bool { return strings.Replace(bare, prepareError, "", 1) == through },
	}},
	{Difference: conform.Difference{
		Name:    "end of a context",
		Reason:  "where a direct driver has the server's words alone for a statement that its context ended, the error is the context's as well",
		Excuses: contextToo,
	}},
	{on: onPostgres, Difference: conform.Difference{
		Name:   "outdated plans",
		Reason: "a prepared statement is prepared anew on another connection, so that not each change of its table is met with a plan from before",
		Cases:  []string{"statement: after its table changed"},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:   "outdated plans of pgx",
		Reason: "as above, of the statements that pgx keeps by itself",
		Cases:  []string{"repeats: another session changes the table"},
	}},
	{on: []string{"pq", "pgx", "mysql", "mysql interpolating"}, Difference: conform.Difference{
		Name:   "rows that are held",
		Reason: "where the driver refuses a statement beside open rows, the client reads the rows into memory first",
		Cases:  []string{"transaction: rows inside rows"},
	}},
	{on: []string{"pq"}, Difference: conform.Difference{
		Name:   "rows of a session that are held",
		Reason: "as above",
		Cases:  []string{"session: statements beside open rows"},
	}},
	{on: []string{"pq"}, Difference: conform.Difference{
		Name:   "a result set that nobody read",
		Reason: "lib/pq knows of the next result set once the rows before it are read; the client reads them to know",
		Cases:  []string{"several results of one text"},
		Excuses: func(bare, through string) bool {
			return strings.HasSuffix(bare, ": false") && strings.HasSuffix(through, ": true")
		},
	}},
	{on: onMySQL, Difference: conform.Difference{
		Name:   "a lost session",
		Reason: "the session that the server ended is not gone on with: driver.ErrBadConn for mysql.ErrInvalidConn; or, since the end of its request ends the last context that go-sql-driver saw, context.Canceled",
		Cases:  []string{"error: the server kills the session"},
		Excuses: func(bare, through string) bool {
			return strings.Contains(bare, `error "invalid connection"`) && (strings.Contains(through, " is driver.ErrBadConn") || strings.Contains(through, " is context.Canceled"))
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "a session that nothing was kept in",
		Reason: "a sql.Conn whose statements left nothing behind holds no connection that the server could end",
		Cases:  []string{"error: the server kills a session of Oracle"},
	}},
	{Difference: conform.Difference{
		Name:   "an argument that cannot travel",
		Reason: "what is no value of the protocol's is refused by the client, in database/sql's words, before the direct driver could say something of its own",
		Excuses: func(bare, through string) bool {
			return strings.Contains(bare, ": error ") && refusedHere.MatchString(through)
		},
	}},
	{Difference: conform.Difference{
		Name:    "the most arguments",
		Reason:  "at most 65535 go over the wire",
		Cases:   []string{"arguments at the limit of placeholders"},
		Excuses: func(_, through string) bool { return strings.Contains(through, "fluxor: 66000 arguments") },
	}},
	{on: []string{"pq"}, Difference: conform.Difference{
		Name:   "a nil slice",
		Reason: "is an empty list on the wire",
		Cases:  []string{"arguments: slices"},
		Excuses: func(bare, through string) bool {
			return strings.HasSuffix(bare, ": nil") && strings.HasSuffix(through, `: string("{}")`)
		},
	}},
	{on: onPostgres, Difference: conform.Difference{
		Name:   "what another statement left",
		Reason: "a session that keeps no connection has no last value: the gateway refuses to show what may be another client's",
		Cases:  []string{"session: insert ids and sequences belong to it"},
		Excuses: func(bare, through string) bool {
			return strings.Contains(bare, "55000") && strings.Contains(through, "may be another client's")
		},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:   "transactions that texts begin, with pool=session",
		Reason: "pgx closes a connection that is given back within a transaction; that of a whole session is not given back between its statements",
		Cases:  []string{"carry over: a transaction begun by text"},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:   "types of pgx's arguments",
		Reason: "pgx takes and names any Go type, the wire has those of database/sql: pointers, Valuers and types of the program's own are converted before",
		Cases: []string{
			"arguments: integers", "arguments: nil and pointers", "arguments: types that no driver binds", "arguments: slices",
			"valuers that give values", "valuers that are nil pointers", "valuers that give what is no value",
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "types of godror's arguments",
		Reason: "as above, for godror",
		Cases: []string{
			"arguments: integers", "arguments: floats and bools", "arguments: strings and bytes", "arguments: times", "arguments: nil and pointers",
			"arguments: types that no driver binds", "arguments of type sql.Out", "valuers that are nil pointers", "valuers that give what is no value",
		},
	}},
	{on: onMySQL[:1], Difference: conform.Difference{
		Name:   "how often a Valuer is asked",
		Reason: "once, where a driver that prepares first has database/sql ask again",
		Cases:  []string{"valuers are asked once"},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:   "what only pgx understands",
		Reason: "its modes and arguments of its own types steer the driver, which is in the gateway",
		Cases:  []string{"driver: execution modes of pgx", "driver: named arguments of pgx", "driver: types of pgx"},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "what only godror understands",
		Reason: "its options, LOB readers and locators steer the driver, which is in the gateway",
		Cases: []string{
			"godror: each option, and the call after it", "godror: options at every place", "godror: options of a prepared statement stay with it",
			"godror: CallTimeout ends a call", "godror: ParseOnly runs nothing", "godror: many rows with small arrays", "godror: PL/SQL arrays", "godror: a cursor as an OUT bind, wrapped",
			"godror: arrays with rows that fail", "godror: arrays in a transaction that is rolled back",
			"godror: LOBs from readers", "godror: LOBs as readers", "godror: LOBs as OUT binds", "godror: LOBs changed in place",
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "godror's own connection",
		Reason: "godror.DriverConn and godror.Raw reach for it, and it is in the gateway",
		Cases: []string{
			"godror: DriverConn", "godror: Raw", "godror: Raw with an error, and with a panic", "godror: versions and time zone",
			"godror: DescribeQuery", "godror: statements and transactions of Raw", "godror: a temporary LOB of Raw",
			"godror: trace tags reach the session",
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "type of a cursor",
		Reason: "as it comes from an out parameter: the client's rows, which netdriver.WrapRows makes *sql.Rows of",
		Cases:  []string{"godror: a cursor as an OUT bind, by hand", "godror: a cursor left unread"},
		Excuses: func(bare, through string) bool {
			return strings.Replace(bare, "*godror.rows", "*netdriver.rows", 1) == through
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "godror's numbers as arguments",
		Reason: "are texts, which the database reads as numbers where godror does",
		Cases:  []string{"godror: Number", "godror: arrays of every type"},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:    "NUMBER",
		Reason:  "a program without godror has no godror.Number: a number is a string with the same digits, which database/sql also scans into a bool where it is 0 or 1",
		Excuses: sameNumber,
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "NUMBER within a hash",
		Reason: "as above",
		Cases:  []string{"ten thousand rows arrive whole"},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "what NULL leaves of what was there",
		Reason: "Valid is false; godror leaves the number or time as it was, Scan does not",
		Cases:  []string{"godror: OUT binds of every type"},
		Excuses: func(bare, through string) bool {
			return strings.Contains(bare, " Valid:false}") && strings.Contains(through, " Valid:false}")
		},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "a transaction within one",
		Reason: "the gateway refuses it, in its own words; godror does too, but has made the one that is open read only by then",
		Cases:  []string{"godror: already in a transaction"},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "io.EOF for no further result",
		Reason: "godror says that there may be one, and then wraps io.EOF; through Fluxor there is none",
		Cases:  []string{"NextResultSet without a further one"},
	}},
	{on: []string{"sqlite file"}, Difference: conform.Difference{
		Name:   "an empty text",
		Reason: "SQLite's driver answers nothing, upon which database/sql panics; the client has a result that tells nothing",
		Cases:  []string{"an empty text"},
	}},
	{Difference: conform.Difference{
		Name:   "Raw",
		Reason: "sql.Conn.Raw hands out the client's connection: of driver's interfaces it has those with contexts",
		Cases:  []string{"raw: the connection's type", "raw: sql.Conn.Raw itself"},
	}},
	{on: []string{"sqlite file", "pq", "mysql", "mysql interpolating"}, Difference: conform.Difference{
		Name:   "Raw for old code",
		Reason: "as above: Exec and Query without contexts it has not",
		Cases:  []string{"raw: old code calls Exec and Query of what Raw gives"},
	}},
	{on: []string{"pgx"}, Difference: conform.Difference{
		Name:   "Raw for old code that pgx has not",
		Reason: "the client's statements have Exec, where pgx's have not",
		Cases:  []string{"raw: it is the session's own connection"},
	}},
	{on: onMySQL[1:], Difference: conform.Difference{
		Name:   "a result of MySQL's",
		Reason: "there is no mysql.Result",
		Cases:  []string{"raw: all results of MySQL"},
	}},
}

// carried are the differences of what a statement leaves behind in a session. With
// pool=session there are none.
var carried = []difference{
	{Difference: conform.Difference{
		Name:   "state within a session",
		Reason: "what a statement leaves behind in the database's session ends when its user gives the session back, where the bare driver has it until the connection is closed, for whoever comes next; with pool=session it is as bare",
		Cases: []string{
			"carry over: after an exec", "carry over: after an error", "carry over: after a session", "carry over: after a commit",
			"carry over: after a prepared statement", "carry over: after unread rows",
			"carry over: temporary tables to the next call",
		},
	}},
	{on: []string{"sqlite file", "mysql", "mysql interpolating", "oracle"}, Difference: conform.Difference{
		Name:   "state within a session, not PostgreSQL's",
		Reason: "as above; PostgreSQL undoes a SET with its transaction",
		Cases:  []string{"carry over: after a rollback", "carry over: after a transaction whose context ended"},
	}},
	{on: onOracle, Difference: conform.Difference{
		Name:   "state within a session after an interruption",
		Reason: "as above; other databases have no state then, or no sleep",
		Cases:  []string{"carry over: after a statement whose context ended", "carry over: after a query whose deadline passed"},
	}},
	{on: []string{"sqlite file", "pq", "mysql", "mysql interpolating"}, Difference: conform.Difference{
		Name:   "transactions that texts begin",
		Reason: "as above: one that is left open is rolled back when its user gives the session back",
		Cases:  []string{"carry over: a transaction begun by text"},
	}},
	{on: []string{"sqlite file"}, Difference: conform.Difference{
		Name:   "counts of an earlier statement",
		Reason: "a statement that counts nothing shows the count of the one before it on the same connection, and a pragma's connection goes to nobody else",
		Cases:  []string{"affected rows and insert ids"},
	}},
}

const prepareError = "*github.com/jackc/pgx/v5/pgconn.PrepareError > "

var refusedHere = regexp.MustCompile(`: error "sql: converting argument .* of \*fmt\.wrapError`)

// remoteError finds an error's text in a line, database/sql's words for it, and its fields.
var remoteError = regexp.MustCompile(`^(.*: error ".*")((?: is [\w.]+)*)( timeout=\w+)? of \*github\.com/fluxor-db/fluxor/netdriver\.Error (.*)$`)

var codeOf = regexp.MustCompile(` code=(\d+)`)

// sameWords reports whether two lines tell of errors with the same text, the same
// place in database/sql's vocabulary, and the same code.
func sameWords(bare, through string) bool {
	m := remoteError.FindStringSubmatch(through)
	if m == nil || !strings.HasPrefix(bare, m[1]+m[2]+m[3]+" of ") || strings.Contains(m[4], "IndeterminateError") {
		return false
	}
	code := codeOf.FindStringSubmatch(bare)
	if code == nil {
		return true
	}
	n, _ := strconv.Atoi(code[1])
	return strings.Contains(m[4], ` Code="`+code[1]+`"`) || strings.Contains(m[4], fmt.Sprintf(` Code="ORA-%05d"`, n))
}

// contextToo reports whether two lines tell of errors with the same text, of which
// one is a context's too.
func contextToo(bare, through string) bool {
	m := remoteError.FindStringSubmatch(through)
	return m != nil && strings.HasPrefix(m[2], " is context.") && strings.HasPrefix(bare, m[1]+" of ")
}

var (
	numberValue  = regexp.MustCompile(`godror\.Number\(([^)]*)\)`)
	numberToBool = regexp.MustCompile(`couldn't convert (\S+) \(godror\.Number\) into`)
)

// sameNumber reports whether two lines are the same but for the type of a number.
func sameNumber(bare, through string) bool {
	if strings.Contains(bare, "(godror.Number) into type bool") && strings.Contains(through, "ool") && !strings.Contains(through, ": error ") {
		return true
	}
	bare = numberValue.ReplaceAllString(bare, `string("$1")`)
	bare = numberToBool.ReplaceAllString(bare, `couldn't convert \"$1\" into`)
	return strings.ReplaceAll(bare, "godror.Number", "string") == through
}
