// This file shows a configuration to people and logs, without its passwords.

package fluxor

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"

	"github.com/fluxor-db/fluxor/internal/dsn"
)

// String returns the fields that are set, the DSN without its password.
func (c RuntimeConfig) String() string {
	var words []string
	for _, a := range c.attrs() {
		words = append(words, a.Key+": "+a.Value.String())
	}
	return "fluxor.RuntimeConfig{" + strings.Join(words, ", ") + "}"
}

// GoString is String: %#v shows no password either.
func (c RuntimeConfig) GoString() string { return c.String() }

// LogValue returns the fields that are set as a group, the DSN without its
// password.
func (c RuntimeConfig) LogValue() slog.Value { return slog.GroupValue(c.attrs()...) }

// MarshalJSON returns the fields that are set as an object, for logs: the DSN
// without its password, times as 1m30s, and "off" or "unlimited" for what is
// turned off. It is not meant to be read back.
func (c RuntimeConfig) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any)
	for _, a := range c.attrs() {
		fields[a.Key] = a.Value.String()
		switch a.Value.Kind() {
		case slog.KindInt64:
			fields[a.Key] = a.Value.Int64()
		case slog.KindBool:
			fields[a.Key] = a.Value.Bool()
		}
	}
	return json.Marshal(fields)
}

func (c RuntimeConfig) attrs() []slog.Attr {
	var attrs []slog.Attr
	for _, o := range options {
		switch v := o.of(&c); {
		case !o.written(&c):
		case v.Kind() == reflect.Bool:
			attrs = append(attrs, slog.Bool(o.field, v.Bool()))
		case v.CanInt() && v.Int() < 0:
			attrs = append(attrs, slog.String(o.field, o.off))
		case o.size:
			attrs = append(attrs, slog.String(o.field, sizeOf(v.Int())))
		case o.field == "Driver" || o.allowed != nil: // a DSN can have been put there by mistake
			attrs = append(attrs, slog.String(o.field, dsn.ShowValue(v.String())))
		default:
			attrs = append(attrs, slog.Any(o.field, v.Interface()))
		}
	}
	if c.DSN != "" {
		attrs = append(attrs, slog.String("DSN", dsn.Redact(c.DSN)))
	}
	return attrs
}
