// This file reads the text of rules: it splits it into words and checks that the words of a rule go together.

package cacherules

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// word is key or key=value as it stands in the text.
type word struct {
	at         int
	written    string
	key, value string // the value without its quotes
	valued     bool   // there is a =
}

// Parse reads rules. An empty text has none. The error names the rule by its
// number, the word and its byte, counted from 0, and what would be right.
func Parse(text string) (*Rules, error) {
	rules := &Rules{}
	for pos := 0; pos <= len(text); pos++ {
		words, end, err := split(text, pos)
		var r Rule
		if err == nil && len(words) > 0 {
			r, err = read(words)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %d, %w", len(rules.list)+1, err)
		}
		if len(words) > 0 {
			rules.list = append(rules.list, r)
		}
		pos = end
	}
	return rules, nil
}

// blank reports whether c separates words.
func blank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// split reads the words of the rule that begins at pos, up to its semicolon or
// the end of the text.
func split(text string, pos int) (words []word, end int, err error) {
	for pos < len(text) && text[pos] != ';' {
		if blank(text[pos]) {
			pos++
			continue
		}
		w := word{at: pos}
		if pos, err = w.scan(text); err != nil {
			return nil, 0, w.wrong(err)
		}
		words = append(words, w)
	}
	return words, pos, nil
}

var (
	errQuote = errors.New(`a quote stands right behind = alone; within quotes the quote itself is written twice`)
	errOpen  = errors.New("the quotes do not end")
	errGlued = errors.New("a blank or a semicolon follows the quotes")
)

// scan reads the word that begins at w.at and returns where it ends.
func (w *word) scan(text string) (end int, err error) {
	for end = w.at; end < len(text) && text[end] != '=' && text[end] != ';' && !blank(text[end]); {
		end++
	}
	w.key, w.written = text[w.at:end], text[w.at:end]
	if strings.ContainsAny(w.key, `"'`) {
		return 0, errQuote
	}
	if end == len(text) || text[end] != '=' {
		return end, nil
	}
	w.valued = true
	return w.scanValue(text, end+1)
}

// scanValue reads the value that begins at text[at].
func (w *word) scanValue(text string, at int) (end int, err error) {
	if at < len(text) && (text[at] == '"' || text[at] == '\'') {
		return w.scanQuoted(text, at)
	}
	for end = at; end < len(text) && text[end] != ';' && !blank(text[end]); end++ {
		if text[end] == '"' || text[end] == '\'' {
			err = errQuote
		}
	}
	w.value, w.written = text[at:end], text[w.at:end]
	return end, err
}

// scanQuoted reads the value in quotes that begins at text[at].
func (w *word) scanQuoted(text string, at int) (end int, err error) {
	q := text[at : at+1]
	for end = at + 1; end < len(text); end++ {
		switch {
		case text[end] != q[0]:
		case strings.HasPrefix(text[end+1:], q):
			end++
		default:
			w.value, w.written = strings.ReplaceAll(text[at+1:end], q+q, q), text[w.at:end+1]
			if end++; end < len(text) && text[end] != ';' && !blank(text[end]) {
				return 0, errGlued
			}
			return end, nil
		}
	}
	w.written = text[w.at:]
	return 0, errOpen
}

// wrong is the error for the word.
func (w *word) wrong(err error) error {
	return fmt.Errorf("%.40q at byte %d: %w", w.written, w.at, err)
}

// read makes a rule of its words, of which there is one at least.
func read(words []word) (r Rule, err error) {
	for i := range words {
		if err := r.take(&words[i]); err != nil {
			return Rule{}, words[i].wrong(err)
		}
	}
	for i := range words {
		if want := r.misplaced(words[i].key); want != "" {
			return Rule{}, words[i].wrong(errors.New(want))
		}
	}
	switch {
	case r.Tables == nil && r.matches == nil && r.Routines == nil:
		return Rule{}, words[0].wrong(errors.New(`say what the rule is for: table=, statement= or routine=`))
	case r.Routines != nil && !r.Pure && !r.Neutral && r.Writes == nil:
		return Rule{}, words[0].wrong(errors.New("say what the routine does: pure, writes= or neutral"))
	}
	return r, nil
}

// allowed lists the words, for errors.
const allowed = `allowed are table=, statement=, off, routine=, pure, reads=, writes=, neutral, ` + sqltext.TermKeys

// take takes in one word.
func (r *Rule) take(w *word) error {
	switch w.key {
	case "table":
		return takeNames(&r.Tables, w.value, ".", wantPatterns)
	case "routine":
		return takeNames(&r.Routines, w.value, "", wantRoutines)
	case "reads":
		return takeNames(&r.Reads, w.value, ".*", wantTables)
	case "writes":
		return takeNames(&r.Writes, w.value, ".*", wantTables)
	case "statement":
		return r.takeStatement(w.value)
	case "off":
		return takeFlag(&r.Off, w)
	case "pure":
		return takeFlag(&r.Pure, w)
	case "neutral":
		return takeFlag(&r.Neutral, w)
	}
	err := r.Set(w.key, w.value)
	if errors.Is(err, sqltext.ErrUnknownTerm) {
		return errors.New(allowed)
	}
	return err
}

func takeNames(to *[]string, list, without, want string) error {
	names, err := readNames(list, without, want)
	switch {
	case err != nil:
		return err
	case *to != nil:
		return sqltext.ErrTwice
	}
	*to = names
	return nil
}

func (r *Rule) takeStatement(value string) error {
	matches, err := regexp.Compile(value)
	var why *syntax.Error
	switch {
	case errors.As(err, &why):
		return fmt.Errorf("the regular expression has: %s", why.Code)
	case value == "":
		return errors.New(`write a regular expression for fingerprints, such as "^select .* from rates"`)
	case r.matches != nil:
		return sqltext.ErrTwice
	}
	r.Statement, r.matches = value, matches
	return nil
}

func takeFlag(to *bool, w *word) error {
	switch {
	case w.valued:
		return fmt.Errorf("%s has no value", w.key)
	case *to:
		return sqltext.ErrTwice
	}
	*to = true
	return nil
}

// misplaced says what would be right where a word does not go with the others
// of its rule; "" where it does.
func (r *Rule) misplaced(key string) string {
	ofRoutine := slices.Contains([]string{"routine", "pure", "reads", "writes", "neutral"}, key)
	condition := key == "table" || key == "statement"
	switch {
	case r.Routines != nil && !ofRoutine:
		return "beside routine= stand pure, reads=, writes= and neutral alone"
	case r.Routines == nil && ofRoutine:
		return "it stands beside routine= alone"
	case r.Off && !ofRoutine && !condition && key != "off":
		return "nothing is kept where off stands; leave one of them out"
	case r.Pure && key == "writes":
		return "a pure routine writes nothing; leave one of them out"
	case !r.Pure && key == "reads":
		return "it stands beside pure alone"
	}
	return ""
}
