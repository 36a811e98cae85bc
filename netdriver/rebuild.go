// This file keeps the functions that make the errors of direct drivers.

package netdriver

import (
	"regexp"
	"strings"
	"sync"
)

// rebuilding is the registry of rebuilders, by dialect. It is written by init
// functions; mu is a leaf and protects by.
var rebuilding struct {
	mu sync.RWMutex
	by map[string][]func(*Error) error
}

// RegisterRebuilder makes errors.As on an *Error of a dialect find the error of
// the direct driver that rebuild makes of it; nil where it cannot. rebuild must
// not change the error and is called from many goroutines. The packages pqerr,
// pgxerr and mysqlerr call it from init; several for one dialect are asked in
// turn.
func RegisterRebuilder(dialect string, rebuild func(*Error) error) {
	rebuilding.mu.Lock()
	defer rebuilding.mu.Unlock()
	if rebuilding.by == nil {
		rebuilding.by = map[string][]func(*Error) error{}
	}
	old := rebuilding.by[dialect]
	rebuilding.by[dialect] = append(old[:len(old):len(old)], rebuild)
}

// rebuilders are those of a dialect; the slice never changes.
func rebuilders(dialect string) []func(*Error) error {
	rebuilding.mu.RLock()
	defer rebuilding.mu.RUnlock()
	return rebuilding.by[dialect]
}

// NativeField is an entry of Native by its name in lower case with underscores,
// however the direct driver spells it: "constraint" finds constraint, Constraint
// and ConstraintName. "" where there is none.
func (e *Error) NativeField(name string) string {
	if text, ok := e.Native[name]; ok {
		return text
	}
	wanted := bare(name)
	for spelt, text := range e.Native {
		if spelt := bare(spelt); spelt == wanted || spelt == wanted+"name" {
			return text
		}
	}
	return ""
}

// bare is a name without case and underscores.
func bare(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// Text is Message without what the direct drivers put around the server's own
// words: their name, the severity, the code.
func (e *Error) Text() string {
	if text := e.NativeField("message"); text != "" {
		return text
	}
	for _, around := range [][2]string{
		{"pq: ", " (" + e.State + ")"},
		{e.NativeField("severity") + ": ", " (SQLSTATE " + e.State + ")"},
		{"Error " + e.Code + " (" + e.State + "): ", ""},
		{"Error " + e.Code + ": ", ""},
	} {
		if text, ok := strings.CutPrefix(e.Message, around[0]); ok && strings.HasSuffix(text, around[1]) {
			return e.placeless(strings.TrimSuffix(text, around[1]))
		}
	}
	return e.Message
}

// place is what lib/pq adds to an error whose position is known.
var place = regexp.MustCompile(` at (?:column [0-9]+|position [0-9]+:[0-9]+)$`)

func (e *Error) placeless(text string) string {
	if strings.HasPrefix(e.Message, "pq: ") && e.NativeField("position") != "" {
		return place.ReplaceAllString(text, "")
	}
	return text
}
