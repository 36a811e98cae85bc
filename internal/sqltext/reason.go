// This file lists the reasons for a verdict, with their codes and what they mean.

package sqltext

// Reason is why a text has its verdict. Its String is a stable code.
type Reason uint8

// The reasons.
const (
	// OneRead: a single query of known parts.
	OneRead Reason = iota
	// Clock: it reads the clock or chance, too.
	Clock
	// Catalog: a query of the server's own tables.
	Catalog
	// Changes: it has a word that changes tables.
	Changes
	// Locks: a query that locks what it reads.
	Locks
	// Draws: it draws from or sets a sequence.
	Draws
	// Settings: it reads or changes the session.
	Settings
	// Shows: it shows settings, plans or the schema.
	Shows
	// Transaction: it begins or ends a transaction.
	Transaction
	// Empty: there is no statement in it.
	Empty
	// Several: it holds several statements.
	Several
	// Calls: it calls routines and does nothing else. No statement has it, but an
	// [Else].
	Calls
	// NoDialect: the database's grammar is not known.
	NoDialect
	// UnknownStatement: its first word begins no statement that is known to
	// change tables or the session only.
	UnknownStatement
	// UnknownFunction: it calls a function that is not on the list.
	UnknownFunction
	// UnknownOperator: it uses an operator that is not on the list.
	UnknownOperator
	// IntoSomewhere: a query that puts its answer somewhere.
	IntoSomewhere
	// Odd: it has a word where none is known to stand.
	Odd
	// Assigns: a query that sets a variable of the session.
	Assigns
	// Remote: it reads another database.
	Remote
	// Conditional: it has a comment that some servers run.
	Conditional
	// Escaped: it has a name in Unicode escapes.
	Escaped
	// Charset: a byte may be part of a character or a quote, as the session's
	// character set has it.
	Charset
	// Ambiguous: it means different things under different settings.
	Ambiguous
	// Unterminated: a quote or a comment does not end.
	Unterminated
	// Unbalanced: a parenthesis is missing, or there are too many levels.
	Unbalanced
	// Null: it has a NUL byte.
	Null
	// TooLong: it is longer than 4 MiB.
	TooLong
)

var reasons = [...]struct{ code, text string }{
	OneRead:          {"one-read", "a single query that calls listed functions only"},
	Clock:            {"reads-clock", "it reads the clock or chance: a query may be repeated, its answer must not be kept"},
	Catalog:          {"reads-catalog", "a query of the server's own tables: it may be repeated, its answer must not be kept"},
	Changes:          {"changes-tables", "it changes tables"},
	Locks:            {"locking-read", "a query that locks the rows it reads"},
	Draws:            {"sequence", "it draws from a sequence or sets it"},
	Settings:         {"session", "it reads or changes the session"},
	Shows:            {"shows", "it shows settings, a plan or the schema"},
	Transaction:      {"transaction", "it begins or ends a transaction or a part of one"},
	Empty:            {"empty", "there is no statement in it"},
	Several:          {"several-statements", "it holds several statements"},
	Calls:            {"calls", "it calls routines and does nothing else: what a call answers is not kept"},
	NoDialect:        {"unknown-dialect", "the grammar of this database is not known"},
	UnknownStatement: {"unknown-statement", "statements that begin so may do anything"},
	UnknownFunction:  {"unknown-function", "a function that is not on the list may do anything"},
	UnknownOperator:  {"unknown-operator", "an operator that is not built in may call any function"},
	IntoSomewhere:    {"select-into", "a query that puts its answer into a table, a file or a variable"},
	Odd:              {"not-understood", "this word is not understood here"},
	Assigns:          {"assigns", "it sets a variable of the session while it reads"},
	Remote:           {"remote", "it reads through a link into another database"},
	Conditional:      {"conditional-comment", "a comment that some servers run"},
	Escaped:          {"escaped-name", "a name written in Unicode escapes"},
	Charset:          {"character-set", "the session's character set decides where this ends"},
	Ambiguous:        {"quoting-mode", "the session's settings for quotes decide what it means"},
	Unterminated:     {"unterminated", "a quote or a comment does not end"},
	Unbalanced:       {"unbalanced", "parentheses do not match, or are more than 60 deep"},
	Null:             {"nul-byte", "a NUL byte ends the text for some servers"},
	TooLong:          {"too-long", "it is longer than 4 MiB"},
}

// String returns the reason's code.
func (r Reason) String() string { return reasons[r].code }

// Text returns the reason in words.
func (r Reason) Text() string { return reasons[r].text }

// broken reports whether the server cannot run the text either.
func (r Reason) broken() bool { return r == Unterminated || r == Unbalanced }

// Codes returns the codes of all reasons, in their order.
func Codes() []string {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.code
	}
	return codes
}

// TextOf returns what a reason's code means in words.
func TextOf(code string) (text string, ok bool) {
	for _, r := range reasons {
		if r.code == code {
			return r.text, true
		}
	}
	return "", false
}
