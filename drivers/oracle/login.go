//go:build cgo

// This file refuses contexts with a login of their own: connections are shared.

package oracle

import (
	"context"
	"reflect"

	"github.com/godror/godror"
	"github.com/godror/godror/dsn"
)

// logins are the keys under which a context carries another user or other
// parameters for godror's next connection (conn.go, ContextWithUserPassw and
// ContextWithParams). godror keeps their types to itself.
var logins = map[string]any{
	"ContextWithUserPassw": keyOf(godror.ContextWithUserPassw(context.Background(), "", "", "")),
	"ContextWithParams":    keyOf(godror.ContextWithParams(context.Background(), dsn.CommonParams{}, dsn.ConnParams{})),
}

// keyOf returns the key of a context that was made by context.WithValue with a
// value of a type of its own for a key; nil where it was made otherwise.
func keyOf(ctx context.Context) any {
	v := reflect.ValueOf(ctx)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil
	}
	key := v.Elem().FieldByName("key")
	if !key.IsValid() || key.Kind() != reflect.Interface || key.IsNil() || key.Elem().Type().Size() != 0 {
		return nil
	}
	return reflect.Zero(key.Elem().Type()).Interface()
}

// refuse tells a caller who asks for a login of his own that he would share the
// connection with others, and they with him.
func refuse(ctx context.Context) (reason string) {
	for name, key := range logins {
		if key != nil && ctx.Value(key) != nil {
			return "connections are shared, so none is opened for the login of godror." + name + ": open a *sql.DB for each user, or ask for a proxy user in the DSN"
		}
	}
	return ""
}
