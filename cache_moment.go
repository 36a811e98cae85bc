// This file finds arguments for which PostgreSQL reads the clock: 'now', 'today' and their like.

package fluxor

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/fluxor-db/fluxor/internal/cache"
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
	if !cache.Plain(value) {
		return false // no key is made of it, and it may count how often it is asked
	}
	v := reflect.ValueOf(value)
	valuer, says := value.(driver.Valuer)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return says && !v.Type().Elem().Implements(reflect.TypeFor[driver.Valuer]()) // else it is NULL, as database/sql has it
	}
	if says {
		if own, err := valuer.Value(); err != nil || driver.IsValue(own) && saysMoment(driver.NamedValue{Value: own}) {
			return true
		}
	}
	if v.Kind() == reflect.Pointer { // a driver may look through it
		return saysMoment(driver.NamedValue{Value: v.Elem().Interface()})
	}
	if named, ok := value.(fmt.Stringer); ok && sqltext.SaysMoment(named.String()) {
		return true
	}
	return v.Kind() == reflect.String && sqltext.SaysMoment(v.String())
}
