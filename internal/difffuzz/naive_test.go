// This file is a cache as one writes it in an afternoon, with one mistake at a time: the harness has to find each.

package difffuzz

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// mistake is what a naive cache does wrong.
type mistake string

const (
	none        mistake = "none: everything written empties it, and only the pool is served"
	forgetful   mistake = "a write changes nothing in it"
	byName      mistake = "a write ends the reads that name its table"
	uncommitted mistake = "it keeps what a transaction read"
	tooEarly    mistake = "a transaction's writes count when they are made"
	stateless   mistake = "a session's settings are not in the key"
	untyped     mistake = "the key has the values of arguments, not their types"
	caseless    mistake = "the key is the text in lower case"
	allReads    mistake = "what comes as rows is a read"
)

// mistakes are all that have to be found.
var mistakes = []mistake{
	forgetful, byName, uncommitted, tooEarly, stateless, untyped, caseless, allReads,
}

// naive is the cache.
type naive struct {
	mistake mistake
	kept    map[string]answer
	names   map[string]string // the text of each key
	inTx    map[string]bool   // the connections in a transaction
}

func newNaive(m mistake) *naive {
	return &naive{
		mistake: m, kept: map[string]answer{}, names: map[string]string{},
		inTx: map[string]bool{},
	}
}

// read serves a read, from what is kept or from the database.
func (n *naive) read(p *player, s step, ask func() answer) answer {
	if !n.serves(s) {
		return ask()
	}
	key := n.key(p, s)
	if a, ok := n.kept[key]; ok {
		return a
	}
	a := ask()
	if a.err == nil {
		n.kept[key], n.names[key] = a, s.text
	}
	return a
}

// serves reports whether it looks for an answer at all.
func (n *naive) serves(s step) bool {
	if s.do == fresh && n.mistake != allReads {
		return false
	}
	switch n.mistake {
	case uncommitted:
		return true
	case stateless:
		return !n.inTx[s.on]
	}
	return s.on == pool
}

// key is what a read is kept under.
func (n *naive) key(p *player, s step) string {
	text, kind := s.text, "text"
	if s.do == readStmt {
		kind = "prepared"
		if known := p.stmts[s.name]; known != nil {
			text = known.text
		}
	}
	if n.mistake == caseless {
		text = strings.ToLower(text)
	}
	var args strings.Builder
	for _, arg := range s.args {
		if n.mistake == untyped {
			fmt.Fprintf(&args, "%v,", arg)
			continue
		}
		args.WriteString(argument(arg) + ",")
	}
	return fmt.Sprintf("%s %s %s %t", kind, text, args.String(), s.do == ordered)
}

// before sees a write before it runs, and after when it is over.
func (n *naive) before(_ *player, s step) { n.follow(s) }

func (n *naive) after(_ *player, s step, _ error) {
	if s.do == settle || s.do == evict || s.do == peek {
		return
	}
	switch n.mistake {
	case forgetful:
	case byName:
		n.endNamed(s.text)
	case tooEarly:
		if s.on == pool || n.inTx[s.on] {
			n.empty()
		}
	default:
		n.empty()
	}
}

func (n *naive) empty() { n.kept = map[string]answer{} }

var anyName = regexp.MustCompile(`\b[a-z]+[0-9]+\b`)

// endNamed ends the reads that name what a write names.
func (n *naive) endNamed(text string) {
	written := anyName.FindAllString(strings.ToLower(text), -1)
	for key := range n.kept {
		for _, name := range anyName.FindAllString(strings.ToLower(n.names[key]), -1) {
			if slices.Contains(written, name) {
				delete(n.kept, key)
				break
			}
		}
	}
}

// follow notes transactions as they come and go.
func (n *naive) follow(s step) {
	word, _, _ := strings.Cut(strings.ToLower(s.text), " ")
	switch {
	case s.do == begin, s.do == exec && (word == "begin" || word == "start"):
		n.inTx[s.on] = true
	case s.do == commit, s.do == rollback, s.do == reset, s.do == exec && (word == "commit" || word == "rollback" && !strings.Contains(s.text, " to ")):
		n.inTx[s.on] = false
	}
}
