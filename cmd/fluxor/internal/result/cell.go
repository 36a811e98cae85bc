// This file writes one value as text and as JSON, exactly.

package result

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text is a value for people and for CSV: bytes as text, or as \x and hex
// digits where they are no UTF-8; times in RFC 3339 with what nanoseconds they
// have; numbers as the driver has them. NULL is the caller's to write.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return readable(v)
	case []byte:
		return readable(string(v))
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return fmt.Sprint(v) // integers, bool, godror's numbers and intervals
}

func readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return `\x` + hex.EncodeToString([]byte(s))
}

// isNumber reports whether a value is a number for JSON and for alignment:
// decimals come as text, which their column's type gives away.
func isNumber(v any, c Column) bool {
	switch v := v.(type) {
	case int64, uint64, int32, uint32:
		return true
	case float64:
		return finite(v)
	case float32:
		return finite(float64(v))
	case []byte:
		return isDecimal(string(v), c)
	case string:
		return isDecimal(v, c)
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String { // godror's Number
		return isDecimal(r.String(), c)
	}
	return false
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// decimals are the types whose values are numbers although a driver hands them
// over as text; MySQL's does so with large ones of UNSIGNED BIGINT.
var decimals = []string{"NUMERIC", "DECIMAL", "NUMBER", "UNSIGNED DECIMAL", "UNSIGNED BIGINT"}

// isDecimal reports whether s, of a decimal column, is a number in JSON's own
// spelling, so that it can be written as it is: NaN is not.
func isDecimal(s string, c Column) bool {
	return slices.Contains(decimals, strings.ToUpper(c.Type)) && s != "" &&
		(s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// asJSON is a value for JSON: numbers as numbers with every digit, NULL as
// null, everything else as a string of its text.
func asJSON(v any, c Column) []byte {
	switch v := v.(type) {
	case nil:
		return []byte("null")
	case bool:
		return strconv.AppendBool(nil, v)
	}
	if isNumber(v, c) {
		return []byte(text(v))
	}
	return quoted(text(v))
}

// quoted is a JSON string. HTML's characters stay as they are.
func quoted(s string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
