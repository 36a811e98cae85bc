// This file finds arguments for which PostgreSQL reads the clock: 'now', 'today' and their like.

package fluxor

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// saysMoment reports whether an argument may be such a word. Values of types that
// are none of database/sql's own are looked at in each way in which a driver may
// make a text of them.
func saysMoment(a driver.NamedValue) bool {
	switch v := a.Value.(type) {
	case string:
		return sqltext.SaysMoment(v)
	case []byte:
		return sqltext.SaysMoment(unsafe.String(unsafe.SliceData(v), len(v)))
	}
	return !driver.IsValue(a.Value) && odditySaysMoment(a.Value)
}

// odditySaysMoment is saysMoment for a value of another type.
func odditySaysMoment(value any) bool {
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Pointer {
		to := v.Elem() // no key is made of a pointer to a pointer
		return to.IsValid() && to.Kind() != reflect.Pointer && to.CanInterface() && saysMoment(driver.NamedValue{Value: to.Interface()})
	}
	if v.Kind() == reflect.Struct && v.Type().PkgPath() != "database/sql" {
		return false // no key is made of it, and it may count how often it is asked
	}
	if valuer, ok := value.(driver.Valuer); ok {
		if own, err := valuer.Value(); err != nil || driver.IsValue(own) && saysMoment(driver.NamedValue{Value: own}) {
			return true
		}
	}
	if named, ok := value.(fmt.Stringer); ok && sqltext.SaysMoment(named.String()) {
		return true
	}
	return v.Kind() == reflect.String && sqltext.SaysMoment(v.String())
}
