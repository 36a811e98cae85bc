// This file holds the kinds of values: how each is written, read and shown.

package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// text is a text that is not empty.
func text[T any](name string, at func(*T) *string) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) { *at(to) = r.text(n) },
		show: func(of *T) any { return shownText(*at(of)) },
	}
}

// word is a text that is one of a few.
func word[T any, S ~string](name string, at func(*T) *S, known ...S) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			got := S(r.text(n))
			for _, k := range known {
				if k == got {
					*at(to) = got
					return
				}
			}
			if got != "" {
				r.fault(n, "want one of %s", joined(known))
			}
		},
		show: func(of *T) any { return shownText(string(*at(of))) },
	}
}

func joined[S ~string](words []S) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

func shownText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// texts is a list of texts.
func texts[T any](name string, at func(*T) *[]string) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			each(r, n, func(item ast.Node) { *at(to) = append(*at(to), r.text(item)) })
		},
		show: func(of *T) any {
			if len(*at(of)) == 0 {
				return nil
			}
			return *at(of)
		},
	}
}

// flag is true or false.
func flag[T any](name string, at func(*T) *bool) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			b, ok := n.(*ast.BoolNode)
			if !ok {
				r.fault(n, "want true or false, not %s", kindOf(n))
				return
			}
			*at(to) = b.Value
		},
		show: func(of *T) any { return *at(of) },
	}
}

// count is a whole number that is not negative.
func count[T any, N int | int64](name string, at func(*T) *N) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			v, err := strconv.ParseUint(n.GetToken().Value, 10, 31)
			if n.Type() != ast.IntegerType || err != nil {
				r.fault(n, "want a whole number from 0 on")
				return
			}
			*at(to) = N(v)
		},
		show: func(of *T) any { return int64(*at(of)) },
	}
}

// countOr is a whole number that is not negative, or a word for no bound, which is
// kept as -1.
func countOr[T any](name, unbound string, at func(*T) *int) key[T] {
	number := count(name, at)
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			if n.Type() == ast.StringType && n.GetToken().Value == unbound {
				*at(to) = -1
				return
			}
			number.read(r, n, to)
		},
		show: func(of *T) any {
			if *at(of) < 0 {
				return unbound
			}
			return number.show(of)
		},
	}
}

// units are those of sizes, the largest first.
var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// size is a number of bytes, such as 64MiB.
func size[T any, N int | int64](name string, at func(*T) *N) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			v, ok := bytesOf(n.GetToken().Value)
			if n.Type() != ast.IntegerType && n.Type() != ast.StringType || !ok {
				r.fault(n, "want a number of bytes, such as 64MiB, 512KiB or 1048576")
				return
			}
			*at(to) = N(v)
		},
		show: func(of *T) any { return sizeOf(int64(*at(of))) },
	}
}

func bytesOf(text string) (int64, bool) {
	factor := int64(1)
	for _, u := range units {
		if number, is := strings.CutSuffix(text, u.name); is {
			text, factor = number, u.bytes
			break
		}
	}
	v, err := strconv.ParseUint(text, 10, 63)
	return int64(v) * factor, err == nil && int64(v) <= (1<<40)/factor
}

func sizeOf(v int64) any {
	for _, u := range units {
		if v >= u.bytes && v%u.bytes == 0 {
			return fmt.Sprint(v/u.bytes, u.name)
		}
	}
	return v
}

// span is a time such as 30s; 0 needs no unit.
func span[T any](name string, at func(*T) *time.Duration) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			d, err := time.ParseDuration(n.GetToken().Value)
			if n.Type() != ast.StringType && n.Type() != ast.IntegerType || err != nil || d < 0 {
				r.fault(n, "want a duration, such as 30s, 500ms or 10m")
				return
			}
			*at(to) = d
		},
		show: func(of *T) any { return at(of).String() },
	}
}

// moment is a date and time with its zone.
func moment[T any](name string, at func(*T) *time.Time) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			t, err := time.Parse(time.RFC3339, r.text(n))
			if err != nil {
				r.fault(n, "want a time, such as 2027-01-31T00:00:00Z")
				return
			}
			*at(to) = t
		},
		show: func(of *T) any {
			if at(of).IsZero() {
				return nil
			}
			return at(of).Format(time.RFC3339)
		},
	}
}

// section is an object within another.
func section[T, S any](name string, keys []key[S], at func(*T) *S) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) { object(r, n, keys, at(to)) },
		show: func(of *T) any { return shown(keys, at(of)) },
	}
}

// list is a list of objects. label names one of them for people.
func list[T, S any](name string, keys []key[S], at func(*T) *[]S, label func(*S) string) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			each(r, n, func(item ast.Node) {
				var one S
				object(r, item, keys, &one)
				*at(to) = append(*at(to), one)
			})
		},
		show: func(of *T) any {
			var all items
			for i := range *at(of) {
				one := &(*at(of))[i]
				all = append(all, item{label(one), shown(keys, one)})
			}
			return all.orNil()
		},
	}
}

// named are objects by name.
func named[T, S any](name string, keys []key[S], at func(*T) *map[string]*S) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			all := map[string]*S{}
			members(r, n, func(name string, k, v ast.Node) {
				if all[name] != nil {
					r.fault(k, "the name is taken")
				}
				all[name] = new(S)
				object(r, v, keys, all[name])
			})
			*at(to) = all
		},
		show: func(of *T) any {
			var all Shown
			for _, name := range sorted(*at(of)) {
				all = append(all, Entry{name, shown(keys, (*at(of))[name]), false})
			}
			return all
		},
	}
}

// each calls f for each element of a list.
func each(r *reader, n ast.Node, f func(ast.Node)) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(n, "want a list, not %s", kindOf(n))
		return
	}
	for _, item := range s.Values {
		r.places[pathOf(item)] = placeOf(item)
		f(item)
	}
}

// text reads a text that is not empty.
func (r *reader) text(n ast.Node) string {
	var got string
	switch n := n.(type) {
	case *ast.StringNode:
		got = n.Value
	case *ast.LiteralNode:
		got = strings.TrimSpace(n.Value.Value)
	default:
		r.fault(n, "want a text, not %s; write it in quotes", kindOf(n))
		return ""
	}
	if got == "" {
		r.fault(n, "the text is empty")
	}
	return got
}
