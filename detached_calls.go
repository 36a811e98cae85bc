// This file makes the single calls of a driver that works within a library, with arguments and rows that a call left behind does not share with its caller.

package fluxor

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"
	"slices"
)

// execApart makes a call that returns no rows.
func (p *physical) execApart(ctx context.Context, args []driver.NamedValue, f func(context.Context, []driver.NamedValue) (driver.Result, error)) (driver.Result, error) {
	mine, deliver := ownArgs(args)
	sp := p.apart.begin(ctx)
	defer sp.close()
	res, err := within(sp, p, func(ctx context.Context) (driver.Result, error) { return f(ctx, mine) })
	if !sp.left {
		deliver()
	}
	return res, err
}

// queryApart makes a call whose rows are read under the same span.
func (p *physical) queryApart(ctx context.Context, args []driver.NamedValue, f func(context.Context, []driver.NamedValue) (driver.Rows, error)) (driver.Rows, error) {
	mine, deliver := ownArgs(args)
	sp := p.apart.begin(ctx)
	rows, err := within(sp, p, func(ctx context.Context) (driver.Rows, error) { return f(ctx, mine) })
	if !sp.left {
		deliver()
	}
	if err != nil {
		sp.close()
		return nil, err
	}
	p.apart.last = sp
	return rows, nil
}

// commit and rollback end a transaction, without a context of the call's own.

func (p *physical) commit(tx driver.Tx) error {
	if p.apart == nil {
		return tx.Commit()
	}
	return p.endApart(tx.Commit)
}

func (p *physical) rollback(tx driver.Tx) error {
	if p.apart == nil {
		return tx.Rollback()
	}
	return p.endApart(tx.Rollback)
}

func (p *physical) endApart(f func() error) error {
	if !p.cut() {
		p.apart.forget()
	}
	_, err := apart(context.Background(), p, func(context.Context) (any, error) { return nil, f() })
	return err
}

// fetching is a call to Next. The queries of a reading share it, until one is
// left with it.
type fetching struct {
	sp    *span
	inner driver.Rows
	row   []driver.Value
	err   error
	broke bool
	call  func() // next, bound once
}

func (f *fetching) next() {
	f.sp.enter()
	defer func() { f.broke = f.sp.leave() }()
	f.err = f.inner.Next(f.row)
}

// discard closes the rows within the row that nobody waited for.
func (f *fetching) discard() {
	for _, v := range f.row {
		discard(v)
	}
}

// nextApart reads a row into memory of its own first.
func (r *reading) nextApart(dest []driver.Value) error {
	f := r.fetching
	if f == nil {
		f = &fetching{}
		f.call, r.fetching = f.next, f
	}
	if len(f.row) != len(dest) {
		f.row = make([]driver.Value, len(dest))
	}
	f.sp, f.inner = r.span, r.inner
	if err := r.span.run(f.call); err != nil {
		if r.span.left {
			r.fetching = nil
			r.span.d.calls.Later(f.discard)
		}
		return err
	}
	err := f.err
	copy(dest, f.row)
	clear(f.row) // the reading outlives the query
	f.sp, f.inner, f.err = nil, nil, nil
	if err == io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		_ = r.span.verdict(r.p, nil, f.broke)
		return err
	}
	return r.span.verdict(r.p, err, f.broke)
}

// closing is c's Close for later.
func closing(c io.Closer) func() { return func() { _ = c.Close() } }

// arrays reports whether a statement runs once for each element of a slice.
// Oracle keeps the rows before the one at which such a call ended, outside a
// transaction too: the next statement on the connection would commit them.
func arrays(args []driver.NamedValue) bool {
	return slices.ContainsFunc(args, func(nv driver.NamedValue) bool {
		t := reflect.TypeOf(nv.Value)
		return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8
	})
}

// ownArgs returns args for a call that may go on when its caller has left:
// nothing that the driver writes to is the caller's. deliver hands over what it
// wrote.
func ownArgs(args []driver.NamedValue) (mine []driver.NamedValue, deliver func()) {
	mine = slices.Clone(args)
	var outs []func()
	for i := range mine {
		out, ok := mine[i].Value.(sql.Out)
		if !ok {
			continue
		}
		to := reflect.ValueOf(out.Dest)
		if to.Kind() != reflect.Pointer || to.IsNil() {
			continue
		}
		from := reflect.New(to.Type().Elem())
		from.Elem().Set(detachedValue(to.Elem()))
		out.Dest = from.Interface()
		mine[i].Value = out
		outs = append(outs, func() { to.Elem().Set(from.Elem()) })
	}
	return mine, func() {
		for _, f := range outs {
			f()
		}
	}
}

// detachedValue is v, a slice with memory of its own.
func detachedValue(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Slice || v.IsNil() {
		return v
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Cap())
	reflect.Copy(c.Slice(0, v.Len()), v)
	return c
}
