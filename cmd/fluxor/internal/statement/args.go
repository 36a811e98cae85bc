// This file reads a statement's arguments as they stand on a command line.

package statement

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kinds are the prefixes that give an argument another type than text.
var kinds = map[string]func(string) (any, error){
	"text": func(s string) (any, error) { return s, nil },
	"int":  func(s string) (any, error) { return strconv.ParseInt(s, 10, 64) },
	"float": func(s string) (any, error) {
		return strconv.ParseFloat(s, 64)
	},
	"bool": func(s string) (any, error) {
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("want true or false")
	},
	"time": func(s string) (any, error) { return time.Parse(time.RFC3339Nano, s) },
	"hex":  func(s string) (any, error) { return hex.DecodeString(s) },
	"null": func(s string) (any, error) {
		if s != "" {
			return nil, errors.New("nothing may follow")
		}
		return nil, nil //nolint:nilnil // NULL is the value
	},
}

// Args turns arguments into values. An argument is text, sent as it stands,
// unless it begins with one of the prefixes int:, float:, bool:, time:, hex:,
// null: and text:, the last for a text that itself begins with a prefix. What
// follows a prefix has to fit it exactly.
func Args(written []string) ([]any, error) {
	values := make([]any, len(written))
	for i, w := range written {
		values[i] = w
		prefix, rest, _ := strings.Cut(w, ":")
		read, ok := kinds[prefix]
		if !ok || prefix == w {
			continue
		}
		v, err := read(rest)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %q is no %s: %w; write text:%s for this very text", i+1, rest, prefix, reason(err), w)
		}
		values[i] = v
	}
	return values, nil
}

// reason leaves out what the error of a parser says twice.
func reason(err error) error {
	var num *strconv.NumError
	if errors.As(err, &num) {
		return num.Err
	}
	return err
}
