// This file is one operation on its way through the chain: the call the middlewares see and what the session needs to carry it out.

package fluxor

import (
	"context"
	"database/sql/driver"

	"github.com/fluxor-db/fluxor/middleware"
)

// carrier runs an operation at the end of the chain; the session is the one.
type carrier interface {
	carry(ctx context.Context, o *op) error
}

// statement is a prepared statement as a session sees it.
type statement interface {
	// on returns the real statement on p, preparing it there if need be.
	on(ctx context.Context, p *physical) (driver.Stmt, error)
	// write sets the text to prepare, which a middleware may have changed.
	write(text string)
}

// op is an operation. A query's op lives in the rows it returns, any other in
// its connection, so that none costs an allocation.
type op struct {
	middleware.Call

	by   carrier
	st   statement           // the prepared statement to run, or the one to fill for OpPrepare
	read *reading            // where a query's answer goes
	tx   driver.Tx           // the transaction begun or to end
	life context.Context     // BeginTx's context, for OpCommit and OpRollback
	work []driver.NamedValue // database/sql's slice, for the driver; Call.Args keeps the caller's values

	// harmless is true while the driver does what may be repeated even if the
	// server received it: preparing, beginning, pinging.
	harmless bool
	// toNobody is true where the server had ended the session before the call:
	// what is sent then has no effect.
	toNobody bool
	// asIs is true while work still holds what Args does.
	asIs bool
}

// Handle is the end of the chain.
func (o *op) Handle(ctx context.Context, _ *middleware.Call) error { return o.by.carry(ctx, o) }

// begin readies o for an operation of kind k. The caller's values are copied
// to saved, which it returns grown: what the driver converts is work.
func (o *op) begin(by carrier, k middleware.Op, sql string, args, saved []driver.NamedValue) []driver.NamedValue {
	o.Reset()
	o.Bind(o)
	o.by, o.Op, o.SQL = by, k, sql
	o.st, o.read, o.tx, o.life, o.work, o.harmless, o.toNobody, o.asIs = nil, nil, nil, nil, args, false, false, false
	if len(args) > 0 {
		saved = append(saved[:0], args...)
		o.Args = saved
	}
	return saved
}

// freshArgs returns the caller's values in the slice that goes to the driver,
// also when an earlier attempt converted them already.
func (o *op) freshArgs() []driver.NamedValue {
	if o.asIs {
		o.asIs = false
		return o.work
	}
	if len(o.Args) > len(o.work) { // a middleware added arguments
		o.work = make([]driver.NamedValue, len(o.Args))
	}
	return o.work[:copy(o.work, o.Args)]
}

// name is the word for the operation in errors.
func (o *op) name() string { return o.Op.String() }

// keepArgs is the longest argument list whose memory is kept for another
// operation.
const keepArgs = 64

// wiped returns args emptied of its values, to be filled again.
func wiped(args []driver.NamedValue) []driver.NamedValue {
	clear(args)
	if cap(args) > keepArgs {
		return nil
	}
	return args
}

// skipped is driver.ErrSkip where the driver or a middleware must not answer
// it. To database/sql the bare value says that nothing ran and that it shall
// prepare the statement and run it.
type skipped struct{ error }

func (e skipped) Unwrap() error { return e.error }

func unskipped(err error) error {
	if err == driver.ErrSkip { //nolint:errorlint // database/sql compares by identity
		return skipped{err}
	}
	return err
}
