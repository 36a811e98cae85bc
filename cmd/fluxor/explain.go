// This file is the command fluxor explain.

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

type explainCommand struct {
	DSN     string        `arg:"" help:"The database: a DSN, env:NAME, dsn-file:PATH or - (see below); or its kind alone: postgres, mysql, oracle, sqlite."`
	SQL     string        `arg:"" help:"The statement."`
	Connect bool          `help:"Ask the database for its schema: what hangs on views, triggers, foreign keys and routines."`
	Timeout time.Duration `default:"30s" help:"The longest that --connect may take."`
	JSON    bool          `name:"json" help:"Write one JSON object."`
}

// Help says what is explained and how to read it.
func (explainCommand) Help() string {
	return `Says what Fluxor takes a statement for, from its text alone: nothing is dialed, unless --connect says so. On that depend what is kept prepared, what may be sent twice, and what the query cache does.

    verdict      PURE: a read that may be repeated. WRITE: it changes at most
                 what its tags name. SESSION: it reads or changes the session.
                 TXCTL: it begins or ends a transaction. FLUSH: it may do anything.
    stable       the answer depends on tables, arguments and settings alone
    neutral      the session is as before: kept statements stay
    tags         the names in it that may be tables, columns among them
    fingerprint  the text without its literals
    cached       whether the query cache keeps its answer, and why not
    by           the hint or the rule that asks for it or forbids it
    depends on   the tags whose change ends the answer
    terms        for how long, and how many rows
    ends         the tags whose answers end when the statement runs
    session      what it does to the session: leaves, sets, sets-locally, unknown

docs/STATEMENTS.md has a line for each reason, docs/CACHED.md for each code of the cache.

` + dsnHelp + `

Exit codes: 0 explained, 1 the schema cannot be read, 2 wrong usage or a DSN that is not understood, 130 interrupted.

Examples:

    fluxor explain postgres "SELECT * FROM orders WHERE id = 7 FOR UPDATE"
    fluxor explain env:ERP_DSN "SELECT next_number('invoice')"
    fluxor explain --connect env:ERP_DSN "DELETE FROM customers WHERE id = 7"
    fluxor explain oracle "SELECT sysdate FROM dual" --json | jq -r .cache.why`
}

// explanation is what is known of a statement, for a program.
type explanation struct {
	Dialect     string   `json:"dialect"`
	Verdict     string   `json:"verdict"`
	Reason      string   `json:"reason"`
	Meaning     string   `json:"meaning"`
	At          *int     `json:"at"`   // offset in bytes; null where no word decided
	Word        string   `json:"word"` // what stands there
	Stable      bool     `json:"stable"`
	Neutral     bool     `json:"neutral"`
	Verb        string   `json:"verb"`
	Statements  int      `json:"statements"`
	Tags        []string `json:"tags"`
	Fingerprint string   `json:"fingerprint"`

	Cache     cacheExplanation `json:"cache"`
	NextSteps []string         `json:"next_steps"`
}

// Run explains.
func (c *explainCommand) Run(e *env) error {
	if c.Timeout <= 0 {
		return usage("--timeout must be more than 0")
	}
	u, dsn, err := c.understand(e)
	if err != nil {
		return err
	}
	v, err := c.verdict(e, u, dsn)
	if err != nil {
		return err
	}
	x := explain(sqltext.ForType(u.Type), c.SQL)
	x.Cache = cacheOf(u.Config.Cache, v)
	x.NextSteps = append(x.NextSteps, x.Cache.nextSteps(c, dsn)...)
	if c.JSON {
		return writeJSON(e.out, x)
	}
	return x.show(e.out, c.SQL)
}

// explain puts what is known of a statement into words.
func explain(d sqltext.Dialect, text string) explanation {
	s := sqltext.Analyze(d, text)
	x := explanation{
		Dialect: d.String(), Verdict: s.Verdict.String(), Reason: s.Reason.String(), Meaning: s.Reason.Text(),
		Word: s.Word, Stable: s.Stable, Neutral: s.Neutral, Verb: s.Verb, Statements: s.Count,
		Tags: s.Tags, Fingerprint: sqltext.Fingerprint(d, text),
		NextSteps: []string{"docs/STATEMENTS.md#the-reasons: what " + s.Reason.String() + " means", "docs/STATEMENTS.md#reading-a-verdict: what can be done"},
	}
	if s.At >= 0 {
		at, word := whole(text, s.At, s.Word)
		x.At, x.Word = &at, word
	}
	if x.Tags == nil {
		x.Tags = []string{}
	}
	return x
}

// whole widens a word at a byte within a character, where what decided is the
// byte, to whole characters.
func whole(text string, at int, word string) (int, string) {
	if !utf8.ValidString(text) || !strings.HasPrefix(text[at:], word) {
		return at, word
	}
	end := at + len(word)
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return at, text[at:end]
}

// show prints the explanation below the statement, with a mark under the word
// that decided.
func (x explanation) show(w io.Writer, text string) error {
	var b strings.Builder
	if x.At != nil {
		b.WriteString(marked(text, *x.At, len(x.Word)))
	}
	line := func(name, value string) { fmt.Fprintf(&b, "%-12s %s\n", name, value) }
	line("verdict", x.Verdict)
	line("reason", x.Reason+": "+x.Meaning)
	line("stable", yes(x.Stable))
	line("neutral", yes(x.Neutral))
	line("tags", term.Printable(strings.Join(x.Tags, " ")))
	line("dialect", x.Dialect)
	line("statements", fmt.Sprint(x.Statements))
	line("fingerprint", term.Printable(x.Fingerprint))
	for _, l := range x.Cache.lines() {
		line(l[0], l[1])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// widest is how much of a line is shown around the mark.
const widest = 70

// marked is the line of text in which the word at stands, cut to a width, with
// a mark under the word.
func marked(text string, at, length int) string {
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[begin:], "\n")
	at -= begin
	lead := ""
	for at > widest/2 && utf8.RuneCountInString(line) > widest {
		_, n := utf8.DecodeRuneInString(line)
		line, at, lead = line[n:], at-n, "..."
	}
	tail := ""
	if runes := []rune(line); len(runes) > widest {
		line, tail = string(runes[:widest]), "..."
	}
	before := line[:min(at, len(line))]
	word := line[len(before):min(at+max(length, 1), len(line))]
	return fmt.Sprintf("%s%s%s\n%s%s\n", lead, term.Printable(line), tail,
		strings.Repeat(" ", term.Columns(lead+term.Printable(before))), strings.Repeat("^", max(term.Columns(term.Printable(word)), 1)))
}
