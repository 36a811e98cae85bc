// This file writes values and errors down in full, leaving out only what differs from run to run.

package conform

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// normals are the parts of a text that differ between two runs of one driver.
var normals = []struct {
	sign    string // without it the expression need not be tried
	find    *regexp.Regexp
	replace string
}{
	{"127.0.0.1:", regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDR"},
	{"0x", regexp.MustCompile(`0x[0-9a-f]{6,}`), "POINTER"},
	{"onnection ", regexp.MustCompile(`([Cc]onnection)( id)? \d+`), "$1 N"},
}

func normal(text string) string {
	for _, n := range normals {
		if strings.Contains(text, n.sign) {
			text = n.find.ReplaceAllString(text, n.replace)
		}
	}
	return text
}

// longest is how much of a value is written out; of a longer one the length
// and a hash tell as much.
const longest = 120

// compact keeps the beginning of a long line and a hash of all of it: the text
// of an error may hold the value that did not fit.
func compact(line string) string {
	const most = 1500
	if len(line) <= most {
		return line
	}
	return fmt.Sprintf("%s... %d bytes, sha256 %x", line[:most], len(line), sha256.Sum256([]byte(line)))
}

// show writes a value with its Go type.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case time.Time:
		return fmt.Sprintf("time.Time(%s in %q)", v.Format(time.RFC3339Nano), v.Location())
	case []byte:
		if v == nil {
			return "[]byte(nil)"
		}
		return "[]byte(" + brief(string(v)) + ")"
	case sql.RawBytes:
		if v == nil {
			return "sql.RawBytes(nil)"
		}
		return "sql.RawBytes(" + brief(string(v)) + ")"
	case string:
		return "string(" + brief(v) + ")"
	case error:
		return showError(v)
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return fmt.Sprintf("%T(nil)", v)
		}
		return "&" + show(rv.Elem().Interface())
	}
	return fmt.Sprintf("%T(%+v)", v, v)
}

func brief(s string) string {
	if len(s) <= longest {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q... %d bytes, sha256 %x", s[:20], len(s), sha256.Sum256([]byte(s)))
}

// sentinels are what callers ask an error for.
var sentinels = []struct {
	name string
	err  error
}{
	{"sql.ErrNoRows", sql.ErrNoRows},
	{"sql.ErrTxDone", sql.ErrTxDone},
	{"sql.ErrConnDone", sql.ErrConnDone},
	{"driver.ErrBadConn", driver.ErrBadConn},
	{"driver.ErrSkip", driver.ErrSkip},
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
}

// showError writes the text, the tree of types, the sentinels that match, and
// the fields and codes of each error in the tree.
func showError(err error) string {
	if err == nil {
		return "no error"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "error %q", err.Error())
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			fmt.Fprintf(&b, " is %s", s.name)
		}
	}
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok {
		fmt.Fprintf(&b, " timeout=%t", t.Timeout())
	}
	b.WriteString(" of ")
	tree(&b, err)
	return b.String()
}

// tree writes an error's type and fields, then what it wraps.
func tree(b *strings.Builder, err error) {
	b.WriteString(typeName(reflect.TypeOf(err)))
	fields(b, err)
	switch w := err.(type) { //nolint:errorlint // each level is visited
	case interface{ Unwrap() error }:
		if inner := w.Unwrap(); inner != nil {
			b.WriteString(" > ")
			tree(b, inner)
		}
	case interface{ Unwrap() []error }:
		b.WriteString(" > [")
		for _, inner := range w.Unwrap() {
			b.WriteString(" ")
			tree(b, inner)
		}
		b.WriteString(" ]")
	}
}

// fields writes the exported fields and the codes that an error offers.
func fields(b *strings.Builder, err error) {
	if c, ok := err.(interface{ Code() int }); ok { //nolint:errorlint // this level only
		fmt.Fprintf(b, " code=%d", c.Code())
	}
	if c, ok := err.(interface{ SQLState() string }); ok { //nolint:errorlint // this level only
		fmt.Fprintf(b, " sqlstate=%s", c.SQLState())
	}
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported(), v.Field(i).IsZero():
		case f.Type.Kind() == reflect.String, f.Type.Kind() == reflect.Array, v.Field(i).CanInt(), v.Field(i).CanUint():
			fmt.Fprintf(b, " %s=%q", f.Name, fmt.Sprint(v.Field(i).Interface()))
		}
	}
}

// typeName is the type with its package's whole path.
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return "*" + typeName(t.Elem())
	}
	if t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}
