// This file is one operation on its way through the chain: the call the middlewares see and what the session needs to carry it out.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
	"github.com/fluxor-db/fluxor/middleware"
)

// carrier runs an operation at the end of the user's chain; the session is the
// one.
type carrier interface {
	arrive(ctx context.Context, o *op) error
}

// statement is a prepared statement as a session sees it.
type statement interface {
	// on returns the real statement on p, preparing it there if need be.
	on(ctx context.Context, p *physical) (*prepared, error)
	// runs is what was prepared.
	runs() string
	// options is the mark of a statement that was run with an argument that is no
	// value, for the query cache: an option of godror's stays with the statement.
	options() *bool
	// older reports whether it was prepared on p before p's session was told what
	// it has been told since.
	older(p *physical) bool
	// prepare prepares text on p, whatever is prepared there already.
	prepare(ctx context.Context, p *physical, text string) error
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
	said error               // what the session said last, for a chain that says something else
	work []driver.NamedValue // database/sql's slice, for the driver; Call.Args keeps the caller's values
	is   progress

	plan   *cacheplan.Plan // what the query cache does with its text, where there is one
	known  *sqltext.Known  // what its text does, where the statement cache is on
	timed  *timed          // its context under the query timeout; kept for later operations
	timing bool            // timed serves it now
}

// progress is what an operation has come to.
type progress uint16

const (
	// begun is set until clear.
	begun progress = 1 << iota
	// ran is set once the session carried it out.
	ran
	// harmless is set while the driver does what may be repeated even if the
	// server received it: preparing, beginning, pinging.
	harmless
	// toNobody is set where the server had ended the session before the call:
	// what is sent then has no effect.
	toNobody
	// sound is set where the wire was sound when the driver's call failed,
	// whatever closing its statement then did to it.
	sound
	// asIs is set while work still holds what Args does.
	asIs
	// byKept is set once a kept statement runs it.
	byKept
	// anew is set when that one was too old: the driver shall run the text.
	anew
	// worked is set where the server may have carried it out: to send it again is
	// harmless, but work.
	worked
	// inside is set while it comes down InnerMiddleware.
	inside
	// late is set where the query cache is asked once it has its connection.
	late
	// fromCache is set once the query cache has answered it then.
	fromCache
)

func (g progress) has(f progress) bool { return g&f != 0 }

func (g *progress) set(f progress) { *g |= f }

func (g *progress) unset(f progress) { *g &^= f }

// put sets f or takes it away.
func (g *progress) put(f progress, on bool) {
	if g.unset(f); on {
		g.set(f)
	}
}

// Handle is the end of the chain.
func (o *op) Handle(ctx context.Context, _ *middleware.Call) error {
	o.is.set(ran)
	o.said = o.by.arrive(ctx, o)
	return o.said
}

// begin readies o, which is clear, for an operation of kind k. The caller's
// values are copied to saved, which it returns grown: what the driver converts
// is work.
func (o *op) begin(by carrier, k middleware.Op, sql string, args, saved []driver.NamedValue) []driver.NamedValue {
	if o.by == nil {
		o.by = by
		o.Bind(o)
	}
	if o.is.has(begun) { // a panic kept it from its end
		o.clear()
		o.tx, o.life, o.Rows, o.Result, o.Stmt, o.Tx = nil, nil, nil, nil, nil, nil
	}
	if o.Result != nil || o.Rows != nil || o.Stmt != nil || o.Tx != nil { // a middleware answered what nobody asked
		o.Result, o.Rows, o.Stmt, o.Tx = nil, nil, nil, nil
	}
	o.Op, o.SQL, o.is = k, sql, begun
	if len(args) > 0 {
		saved = copied(saved, args)
		o.Args, o.work = saved, args
		return saved
	}
	return saved[:0]
}

// unshow takes the statement from the middlewares.
func (o *op) unshow() {
	if o.Stmt != nil {
		o.Stmt = nil
	}
}

// clear forgets everything that the operation referred to but its answer, so
// that what is kept for another one keeps nothing large alive. It writes only
// what is set: most operations set little, and each pointer written costs.
func (o *op) clear() {
	o.SQL, o.Prepared, o.MaySkip = "", false, false
	o.is.unset(begun)
	if o.st != nil {
		o.st = nil
	}
	if o.Args != nil || o.work != nil {
		o.Args, o.work = nil, nil
	}
	if o.said != nil {
		o.said = nil
	}
	if o.known != nil {
		o.known = nil
	}
	if o.plan != nil {
		o.plan = nil
	}
	if o.Options != (driver.TxOptions{}) {
		o.Options = driver.TxOptions{}
	}
}

// freshArgs returns the caller's values in the slice that goes to the driver,
// also when an earlier attempt converted them already.
func (o *op) freshArgs() []driver.NamedValue {
	if o.is.has(asIs) {
		o.is.unset(asIs)
		return o.work
	}
	if len(o.Args) > len(o.work) { // a middleware added arguments
		o.work = make([]driver.NamedValue, len(o.Args))
	}
	return o.work[:copy(o.work, o.Args)]
}

// skips reports whether err, which the chain said of o, goes to database/sql as
// driver.ErrSkip: a middleware asked for the steps, and nothing ran that they
// would repeat.
func (o *op) skips(err error) bool {
	return err == driver.ErrSkip && o.MaySkip && !o.Prepared && //nolint:errorlint // database/sql compares by identity
		(o.Op == middleware.OpExec || o.Op == middleware.OpQuery) &&
		(!o.is.has(ran) || o.said == driver.ErrSkip) //nolint:errorlint // as above
}

// failed notes whether the wire was sound when err came.
func (o *op) failed(p *physical, err error) {
	if err != nil {
		o.is.put(sound, !p.cut())
	}
}

// name is the word for the operation in errors.
func (o *op) name() string { return o.Op.String() }

// keepArgs is the longest argument list whose memory is kept for another
// operation.
const keepArgs = 64

// copied copies args into the memory of saved. It copies word by word: the
// caller wrote them just now, and the processor waits for words that are read
// two at a time.
func copied(saved, args []driver.NamedValue) []driver.NamedValue {
	if cap(saved) < len(args) {
		saved = make([]driver.NamedValue, len(args))
	}
	saved = saved[:len(args)]
	for i := range saved {
		to, from := &saved[i], &args[i]
		to.Name, to.Ordinal, to.Value = from.Name, from.Ordinal, from.Value
	}
	return saved
}

// wiped returns args emptied of its values, to be filled again.
func wiped(args []driver.NamedValue) []driver.NamedValue {
	if len(args) == 0 {
		return args
	}
	if cap(args) > keepArgs {
		return nil
	}
	for i := range args {
		args[i].Name, args[i].Value = "", nil
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

// final is an error of a middleware's that is driver.ErrBadConn although the
// statement ran. To database/sql that would say that nothing ran and that it
// shall run the statement again.
type final struct{ error }

// Is matches everything that the error is but driver.ErrBadConn.
func (e final) Is(target error) bool {
	return target != driver.ErrBadConn && errors.Is(e.error, target) //nolint:errorlint // only the sentinel itself is hidden
}

// As finds what the error is made of.
func (e final) As(target any) bool { return errors.As(e.error, target) }

// finally hides ErrBadConn in what the chain said of o if the session did not
// say so.
func (o *op) finally(err error) error {
	if errors.Is(err, driver.ErrBadConn) && !errors.Is(o.said, driver.ErrBadConn) && o.is.has(ran) {
		return final{err}
	}
	return err
}
