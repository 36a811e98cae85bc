// This file holds what the words of each dialect mean to the judge: the tables are built once from the lists beside it.

package sqltext

import "strings"

// word is what a dialect knows of a word: a mark in its low byte, flags above.
type word uint32

// Flags of words.
const (
	// reserved words are never a table's name without quotes.
	reserved word = 1 << (iota + 8)
	// paren words may stand before a parenthesis, and no function is called so.
	paren
	// soft words are that where an operand stands before them.
	soft
	// changes is set for the words that make a statement one that writes.
	changes
	// pure functions depend on their arguments and the session's settings.
	pure
	// clock functions read the clock or chance, and change nothing.
	clock
	// session functions read or change the session, and neither a table nor
	// what a prepared statement means.
	session
	// draws functions draw from a sequence.
	draws
	// bare functions are called without parentheses.
	bare
	// tight functions are built in only where the parenthesis follows at once.
	tight
	// regtype types look up a name in a string.
	regtype
	// leads is set for words that are not reserved and have a value behind
	// them.
	leads
	// feared is set for a SELECT of Oracle's in whose query a name alone may be a
	// function.
	feared
)

const (
	function   = pure | clock | session | draws
	markOfWord = word(0xff)
)

// The marks: words whose place in the text matters.
const (
	markAs word = iota + 1
	markAtomic
	markBy
	markCase
	markConflict
	markDelete
	markDistinct
	markFilter
	markFor
	markFunction
	markGroup
	markGrouping
	markIn
	markInsert
	markInto
	markKey
	markLock
	markMaterialized
	markMerge
	markNo
	markNot
	markOn
	markOrder
	markOverlay
	markPartition
	markRecursive
	markReplace
	markReturning
	markSelect
	markSets
	markShare
	markSubstring
	markTable
	markThen
	markUpdate
	markValues
	markVarying
	markWith
	markWithin
	markCalcFoundRows
	markIgnore
	markChar
	markWork
	markTransaction
	markStdin
	markDo
	markDual
	markErrors
	markFrom
	markJoin
	markNull
	markNulls
	markOperator
	markOr
	markOver
	markPragma
	markRollup
	markSet
	markSide
	markUsing
	markWhen
	markWhere
)

// marks are the words with a mark, in all dialects.
var marks = map[string]word{
	"as": markAs, "atomic": markAtomic, "by": markBy, "conflict": markConflict, "delete": markDelete,
	"distinct": markDistinct, "filter": markFilter, "for": markFor, "function": markFunction, "procedure": markFunction,
	"group": markGroup, "grouping": markGrouping, "in": markIn, "insert": markInsert, "into": markInto, "key": markKey,
	"lock": markLock, "materialized": markMaterialized, "merge": markMerge, "no": markNo, "not": markNot, "on": markOn,
	"order": markOrder, "overlay": markOverlay, "partition": markPartition, "recursive": markRecursive,
	"replace": markReplace, "returning": markReturning, "return": markReturning, "select": markSelect, "sets": markSets, "share": markShare,
	"substring": markSubstring, "substr": markSubstring, "mid": markSubstring, "table": markTable, "then": markThen, "update": markUpdate,
	"values": markValues, "varying": markVarying, "with": markWith, "within": markWithin,
	"sql_calc_found_rows": markCalcFoundRows,
	"ignore":              markIgnore, "low_priority": markIgnore, "high_priority": markIgnore, "delayed": markIgnore,
	"abort": markIgnore, "fail": markIgnore, "rollback": markIgnore, "character": markChar, "char": markChar, "bit": markChar,
	"nchar": markChar, "work": markWork, "transaction": markTransaction, "stdin": markStdin,
	"do": markDo, "dual": markDual, "errors": markErrors, "from": markFrom, "using": markUsing, "join": markJoin, "null": markNull, "true": markNull, "false": markNull, "end": markNull, "level": markNull, "rownum": markNull, "rowid": markNull, "nulls": markNulls, "when": markWhen, "case": markCase, "operator": markOperator, "or": markOr, "over": markOver, "keep": markOver,
	"pragma": markPragma, "rollup": markRollup, "cube": markRollup, "set": markSet, "where": markWhere,
	"left": markSide, "right": markSide, "full": markSide, "inner": markSide, "outer": markSide, "cross": markSide, "natural": markSide,
}

// listed gives a flag to a list of words.
type listed struct {
	flag  word
	words string
}

// common is what all dialects share.
var common = []listed{
	{paren, `in values and or not as on exists case then else select distinct where having from union between all`},
	{soft, `over filter like join set`},
	{leads, `asymmetric at between by case collate div do else escape first groups key next of offset placing range returning rows
		separator similar symmetric tablesample then value when zone`},
	{changes, `insert update delete merge`},
}

var lists = [dialects][]listed{
	PostgreSQL: append(postgresWords, common...),
	MySQL:      append(mysqlWords, common...),
	Oracle:     append(oracleWords, common...),
	SQLite:     append(sqliteWords, common...),
}

// vocabulary is a dialect's table: words by the hash of their lower case. Reading
// a text is mostly looking up words, and a map of strings takes three times as
// long.
type vocabulary struct {
	slots [1 << slotBits]uint16 // one more than the index of an entry; 0 ends a search
	known []entry
}

type entry struct {
	name string
	is   word
}

// slotBits makes a table of which less than a quarter is used.
const slotBits = 12

// vocabularies are what lookup looks in.
var vocabularies = func() (all [dialects]vocabulary) {
	for d := PostgreSQL; d < dialects; d++ {
		for w, mark := range marks {
			all[d].add(w, mark)
		}
		for _, l := range lists[d] {
			for _, w := range strings.Fields(l.words) {
				all[d].add(w, l.flag)
			}
		}
	}
	return all
}()

// add gives flags to a word.
func (v *vocabulary) add(name string, flags word) {
	i := v.slot(name)
	if v.slots[i] == 0 {
		v.known = append(v.known, entry{name: name})
		v.slots[i] = uint16(len(v.known)) //nolint:gosec // a few hundred words
	}
	v.known[v.slots[i]-1].is |= flags
}

// slot is where a word as it is written stands, or would stand.
func (v *vocabulary) slot(written string) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(written) {
		h = (h ^ uint32(written[i]|0x20)) * 16777619
	}
	for h = h >> (32 - slotBits); ; h = (h + 1) % (1 << slotBits) {
		if n := v.slots[h]; n == 0 || alike(v.known[n-1].name, written) {
			return h
		}
	}
}

// alike reports whether a word is written so but for the case of its letters.
func alike(name, written string) bool {
	if len(name) != len(written) {
		return false
	}
	for i := range len(name) {
		c := written[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if name[i] != c {
			return false
		}
	}
	return true
}

// longestWord is longer than any word in a vocabulary.
const longestWord = 40

// lookup returns what dialect d knows of a word as it is written.
func lookup(d Dialect, written string) word {
	if len(written) > longestWord {
		return 0
	}
	v := &vocabularies[d]
	if n := v.slots[v.slot(written)]; n > 0 {
		return v.known[n-1].is
	}
	return 0
}

// wordSet makes a set of a list.
func wordSet(list string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(list) {
		words[w] = true
	}
	return words
}
