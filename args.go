// This file converts arguments late: database/sql's algorithm, replayed against the real connection or statement.

package fluxor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// argError is a failed conversion: nothing reached the driver's connection,
// so it says nothing about it. The text and the chain are database/sql's.
type argError struct{ error }

func (e argError) Unwrap() error { return e.error }

// convertArgs converts args in place for a connection or a statement, exactly
// as driverArgsConnLocked of database/sql's convert.go does (Go 1.26): the
// statement's checker, else the connection's; on ErrSkip the statement's column
// converter, else the default one. ErrRemoveArgument shortens the list. One
// thing is Fluxor's own: an execution mode of pgx never reaches another driver.
func convertArgs(c converter, args []driver.NamedValue) ([]driver.NamedValue, error) {
	if len(args) > 0 && isExecMode(args[0].Value) && !c.takes(args[0]) {
		args = args[1:]
	}
	for i := range args {
		nv := &args[i]
		nv.Ordinal = i + 1
		if err := c.convert(nv); err != nil {
			if err == driver.ErrRemoveArgument { //nolint:errorlint // database/sql compares by identity
				return c.shorten(args[:i:i], args[i+1:], nv.Name)
			}
			return nil, badArg(nv, err)
		}
	}
	if c.want != -1 && len(args) != c.want {
		return nil, c.miscounted(args)
	}
	return args, nil
}

// shorten goes on behind the first argument that was removed, in a list of its
// own: the caller's keeps its order. In database/sql the name of a removed
// argument stays where it was, so that the next argument without one gets it.
func (c converter) shorten(done, rest []driver.NamedValue, name string) ([]driver.NamedValue, error) {
	for _, nv := range rest {
		if nv.Name == "" {
			nv.Name = name
		}
		name = nv.Name
		nv.Ordinal = len(done) + 1
		switch err := c.convert(&nv); err { //nolint:errorlint // as in convertArgs
		case nil:
			done, name = append(done, nv), ""
		case driver.ErrRemoveArgument:
		default:
			return nil, badArg(&nv, err)
		}
	}
	if c.want != -1 && len(done) != c.want {
		return nil, c.miscounted(done)
	}
	return done, nil
}

// miscounted is the error for a list of another length than the statement's.
func (c converter) miscounted(args []driver.NamedValue) error {
	return argError{fmt.Errorf("sql: expected %d arguments, got %d", c.want, len(args))}
}

func badArg(nv *driver.NamedValue, err error) error {
	return argError{fmt.Errorf("sql: converting argument %s type: %w", describeArg(nv), err)}
}

// converter is what one statement or connection offers for conversion.
type converter struct {
	want    int // how many arguments the statement takes; -1 where it does not say
	checker driver.NamedValueChecker
	columns driver.ColumnConverter //lint:ignore SA1019 godror and go-sql-driver implement it
}

func (c *converter) convert(nv *driver.NamedValue) error {
	if c.checker != nil {
		if err := c.checker.CheckNamedValue(nv); err != driver.ErrSkip { //nolint:errorlint // database/sql compares by identity
			return err
		}
	}
	if c.columns != nil {
		if err := c.column(nv); err != driver.ErrSkip { //nolint:errorlint // as above
			return err
		}
	}
	switch nv.Value.(type) {
	case int64, string, []byte: // ConvertValue returns them as they are
		return nil
	}
	var err error
	nv.Value, err = driver.DefaultParameterConverter.ConvertValue(nv.Value)
	return err
}

// isExecMode recognizes pgx's QueryExecMode by its name. pgx takes it as an
// option in front of the arguments, and GORM's migrator puts it there whatever
// driver is below (it cannot see that of an open *sql.DB).
func isExecMode(v driver.Value) bool {
	switch v.(type) {
	case nil, int64, string, []byte, int, bool, float64: // what it usually is costs no look at its type
		return false
	}
	t := reflect.TypeOf(v)
	return t.Kind() == reflect.Int32 && t.Name() == "QueryExecMode" && strings.HasPrefix(t.PkgPath(), "github.com/jackc/pgx/")
}

// takes says whether the driver lets an option through as it is. Others would
// make a number of it, one value more than the text has placeholders.
func (c *converter) takes(option driver.NamedValue) bool {
	option.Ordinal = 1
	return c.checker != nil && c.checker.CheckNamedValue(&option) == nil && isExecMode(option.Value)
}

// column asks the statement's ColumnConverter. An index past the placeholders
// is left alone, so that the count is what the caller hears about.
func (c *converter) column(nv *driver.NamedValue) error {
	index := nv.Ordinal - 1
	if c.want >= 0 && c.want <= index {
		return nil
	}
	if vr, ok := nv.Value.(driver.Valuer); ok {
		v, err := callValuer(vr)
		if err != nil {
			return err
		}
		if !driver.IsValue(v) {
			return fmt.Errorf("non-subset type %T returned from Value", v)
		}
		nv.Value = v
	}
	arg := nv.Value
	v, err := c.columns.ColumnConverter(index).ConvertValue(arg)
	nv.Value = v
	if err != nil {
		return err
	}
	if !driver.IsValue(v) {
		return fmt.Errorf("driver ColumnConverter error converted %T to unsupported type %T", arg, v)
	}
	return nil
}

// callValuer calls Value, or returns nil for a nil pointer whose Value method
// has a value receiver, which would panic (database/sql's callValuerValue).
func callValuer(vr driver.Valuer) (driver.Value, error) {
	rv := reflect.ValueOf(vr)
	if rv.Kind() == reflect.Pointer && rv.IsNil() &&
		rv.Type().Elem().Implements(reflect.TypeFor[driver.Valuer]()) {
		return nil, nil
	}
	return vr.Value()
}

func describeArg(nv *driver.NamedValue) string {
	if nv.Name == "" {
		return fmt.Sprintf("$%d", nv.Ordinal)
	}
	return fmt.Sprintf("with name %q", nv.Name)
}

// plainValues drops the names for a driver from before contexts, and looks at
// the context in its place.
func plainValues(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	vals := make([]driver.Value, len(args))
	for i, nv := range args {
		if nv.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		vals[i] = nv.Value
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return vals, nil
}

// plainTxOptions refuses what a driver without BeginTx cannot do.
func plainTxOptions(opts driver.TxOptions) error {
	if opts.Isolation != 0 {
		return errors.New("sql: driver does not support non-default isolation level")
	}
	if opts.ReadOnly {
		return errors.New("sql: driver does not support read-only transactions")
	}
	return nil
}
