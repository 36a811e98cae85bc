// This file knows the drivers whose driver.ErrBadConn says nothing of what was sent, also below wrappers.

package backend

import (
	"database/sql/driver"
	"reflect"
)

// liars are the drivers, by the package of their driver type, that answer
// driver.ErrBadConn also when the statement was sent: lib/pq error.go maps EOF
// to it, pgx stdlib/sql.go trusts SafeToRetry, which is true once the
// connection is closed, and godror conn.go answers so from Query, Next and
// Commit.
var liars = map[string]bool{
	"github.com/lib/pq":              true,
	"github.com/jackc/pgx/v5/stdlib": true,
	"github.com/jackc/pgx/v4/stdlib": true,
	"github.com/godror/godror":       true,
}

// deepest is how many wrappers are looked through.
const deepest = 16

// Lies reports whether ci, or a connection that it wraps, is one of a driver
// that answers driver.ErrBadConn also when the statement was sent. A wrapper is
// looked through by its fields of type driver.Conn.
func Lies(ci driver.Conn) bool {
	v := reflect.ValueOf(ci)
	for range deepest {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			if v.IsNil() {
				return false
			}
			v = v.Elem()
		}
		if !v.IsValid() {
			return false
		}
		if pkg := v.Type().PkgPath(); liars[pkg] || isOraclePackage(pkg) {
			return true
		}
		if v = wrapped(v); !v.IsValid() {
			return false
		}
	}
	return false
}

var connType = reflect.TypeFor[driver.Conn]()

// wrapped returns the connection in a struct's field, or the zero Value.
func wrapped(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Type().Implements(connType) {
			return f
		}
	}
	return reflect.Value{}
}

// packageOf is where a type or what it points to is declared.
func packageOf(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	return t.PkgPath()
}
