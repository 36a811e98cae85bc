// This file shows a configuration to people and programs, without its secrets, and compares two.

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Entry is a key and its value: a Shown, a list, a text, a number, or true or
// false.
type Entry struct {
	Key     string
	Value   any
	restart bool
}

// Shown is a configuration as it is shown, in the order of its tables.
type Shown []Entry

// item is an element of a list, and its name for people.
type item struct {
	label string
	value Shown
}

type items []item

func (i items) orNil() any {
	if i == nil {
		return nil
	}
	return i
}

// MarshalJSON is the list without the names.
func (i items) MarshalJSON() ([]byte, error) {
	values := make([]Shown, len(i))
	for n := range i {
		values[n] = i[n].value
	}
	return json.Marshal(values)
}

// shown is an object by its table; what is not set is left out.
func shown[T any](keys []key[T], of *T) Shown {
	all := Shown{}
	for _, k := range keys {
		if v := k.show(of); v != nil {
			all = append(all, Entry{k.name, v, k.restart})
		}
	}
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// MarshalJSON is an object, in order.
func (s Shown) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(e.Key)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(k, ':'), v...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// String is the configuration as YAML.
func (s Shown) String() string {
	var b strings.Builder
	s.write(&b, "")
	return b.String()
}

func (s Shown) write(b *strings.Builder, indent string) {
	for _, e := range s {
		b.WriteString(indent + scalar(e.Key) + ":")
		switch v := e.Value.(type) {
		case Shown:
			if len(v) == 0 {
				b.WriteString(" {}\n")
				continue
			}
			b.WriteByte('\n')
			v.write(b, indent+"  ")
		case items:
			b.WriteByte('\n')
			for _, one := range v {
				var inner strings.Builder
				one.value.write(&inner, indent+"    ")
				b.WriteString(indent + "  - " + strings.TrimLeft(inner.String(), " "))
			}
		case []string:
			b.WriteByte('\n')
			for _, one := range v {
				b.WriteString(indent + "  - " + scalar(one) + "\n")
			}
		default:
			b.WriteString(" " + scalar(v) + "\n")
		}
	}
}

// plain are texts that YAML takes for a text without quotes.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)

// spoken are plain words that YAML takes for something else.
var spoken = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func scalar(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	text := fmt.Sprint(v)
	if plain.MatchString(text) && !slices.Contains(spoken, strings.ToLower(text)) {
		return text
	}
	return strconv.Quote(text)
}

// Change is a difference between two configurations.
type Change struct {
	// Path leads to it, such as databases.erp.dsn or users.app.role.
	Path string `json:"path"`
	// Before and After are the values, without secrets; "" where there is none.
	Before string `json:"before"`
	After  string `json:"after"`
	// Restart says that a new process sees it, and this one does not.
	Restart bool `json:"restart"`
}

// leaf is a value that is no object.
type leaf struct {
	shown, same string
	restart     bool
}

// leaves are all values by their path.
func (s Shown) leaves(into map[string]leaf, path string, restart bool) {
	for _, e := range s {
		at, again := path+e.Key, restart || e.restart
		switch v := e.Value.(type) {
		case Shown:
			v.leaves(into, at+".", again)
		case items:
			for _, one := range v {
				one.value.leaves(into, at+"."+one.label+".", again)
			}
		case hidden:
			into[at] = leaf{v.shown, v.same, again}
		default:
			text := fmt.Sprint(v)
			into[at] = leaf{text, text, again}
		}
	}
}

// Diff is what differs, in the order of the paths; it is never nil.
func Diff(before, after Shown) []Change {
	a, b := map[string]leaf{}, map[string]leaf{}
	before.leaves(a, "", false)
	after.leaves(b, "", false)
	both := maps.Clone(a)
	maps.Copy(both, b)
	changes := []Change{}
	for _, path := range sorted(both) {
		if a[path].same != b[path].same {
			changes = append(changes, Change{path, a[path].shown, b[path].shown, both[path].restart})
		}
	}
	return changes
}
