// This file declares what the statement cache has to know of a driver, and the rules for PostgreSQL and MySQL.

package backend

import (
	"database/sql/driver"
	"time"
)

// Keeping says how the statement cache may serve a driver: it keeps statements
// that the driver would otherwise prepare, run and forget within one call. Its
// functions are called from several goroutines at once, for different
// connections.
type Keeping struct {
	// Prepares says which texts a connection of the driver prepares by itself
	// when it is asked to run them: those with arguments, those without. It is
	// called once for each connection. nil stands for none: the driver answers
	// driver.ErrSkip and leaves it to database/sql.
	Prepares func(driver.Conn) (withArgs, without bool)
	// Skips says that a connection answers every text with arguments by
	// driver.ErrSkip, so that it need not be asked. It is called once for each
	// connection and must send nothing; nil stands for never.
	Skips func(driver.Conn) bool
	// Age says whether an error of a kept statement may be due to its age.
	// pure is true for a text that changes nothing.
	Age func(err error, pure bool) Age
	// Full reports whether a failure to prepare means that the server holds
	// too many statements; nil means never.
	Full func(error) bool
	// Lasts is how long a kept statement is used, because it may give another
	// answer than a new one would, and no error; 0 where it never does.
	Lasts time.Duration
}

// PostgresLasts is [Keeping.Lasts] for PostgreSQL. A statement's parameters
// keep the types that they were given first, whatever becomes of the columns,
// and its names the tables that they meant, until one of those changes itself:
// what another session creates before them in the search path goes unseen.
const PostgresLasts = time.Minute

// Age is what an error of a kept statement says of it.
type Age int

// What an error can say of a kept statement.
const (
	// AgeFits: the error is the statement's own; a new one would fail as well.
	AgeFits Age = iota
	// AgeDoubtful: a new one might fare better, but the text must not be sent
	// again: the caller hears the error, and the next use prepares anew.
	AgeDoubtful
	// AgeOver: nothing took effect, and the text may be prepared anew and run.
	// Where the error has ended a transaction, the answer to that will say so.
	AgeOver
	// AgeAborted: an earlier error ended the transaction, and this one says
	// nothing else.
	AgeAborted
)

// PostgresError is what PostgresAge reads of an error, and of the text that
// raised it.
type PostgresError struct {
	Code, Routine string
	// Position is where in the text the error is, and Where the context of a
	// function that raised it; "" for none.
	Position, Where string
	// Pure is true for a text that changes nothing.
	Pure bool
}

// PostgresAge is [Keeping.Age] for PostgreSQL. The server checks a prepared
// statement against the present schema before it runs it (plancache.c,
// RevalidateCachedQuery): it finds an answer of other columns (0A000), or an
// error of class 42 at a place in the text. Arguments are read before that, for
// the types that the parameters had (class 22; XX000 where a type is gone), but
// errors of those classes also come from running a statement: a change that
// raised one is not sent again, unless it failed to find a parameter's type.
func PostgresAge(e PostgresError) Age {
	class := e.Code[:min(len(e.Code), 2)]
	switch {
	case e.Code == "26000" && e.Routine == "FetchPreparedStatement",
		e.Code == "0A000" && e.Routine == "RevalidateCachedQuery",
		class == "42" && e.Position != "" && e.Where == "",
		e.Code == "XX000" && e.Routine == "getTypeInputInfo",
		(class == "42" || class == "22" || class == "XX") && e.Pure:
		return AgeOver
	case class == "42", class == "22", class == "XX":
		return AgeDoubtful
	case e.Code == "25P02":
		return AgeAborted
	}
	return AgeFits
}

// MySQLAge is [Keeping.Age] for a server's error number.
func MySQLAge(number uint16) Age {
	switch number {
	case 1615, // ER_NEED_REPREPARE
		1243: // ER_UNKNOWN_STMT_HANDLER
		return AgeOver
	}
	return AgeFits
}

// MySQLFull is [Keeping.Full]: ER_MAX_PREPARED_STMT_COUNT_REACHED.
func MySQLFull(number uint16) bool { return number == 1461 }
