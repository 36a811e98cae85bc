// This file judges Oracle's texts with semicolons in them: blocks of calls, and definitions of programs.

package sqltext

// program finds what a text of Oracle's is but for its calls, where its statements
// are the parts of one: the server takes one statement at a time. Otherwise it is
// what they are already.
func (j *judge) program(text string, toks []token, known Statement) ([]string, Else) {
	j.begin(Oracle, text, toks, nil)
	switch j.plainWord(0) {
	case "begin":
		if j.blockOfCalls() && len(j.calls.list) <= mostCalls {
			return j.calls.list, Else{Verdict: Session, Reason: Calls, Neutral: true}
		}
	case "create":
		if known.Count > 1 && programs[j.plainWord(j.skipBetween(1))] {
			return nil, Else{Neutral: true}
		}
	}
	return known.Calls, known.Else
}

// programs are what is created with semicolons within.
var programs = wordSet("procedure function package trigger type")

// blockOfCalls reports whether the text is a block with nothing but calls in it,
// of routines whose arguments are parameters and literals, and whose results go
// into parameters. It notes what is called.
func (j *judge) blockOfCalls() bool {
	i, ok := j.blockCall(1)
	for ok && j.plainWord(i) != "end" {
		i, ok = j.blockCall(i)
	}
	if ok && j.is(i+1, kindSemicolon) {
		i++
	}
	return ok && i+1 == len(j.toks) && !j.more
}

// steps are the words that are statements by themselves.
var steps = wordSet("commit rollback null return exit continue raise end begin if")

// blockCall reads a call at token i and its semicolon, and returns where it ends.
func (j *judge) blockCall(i int) (end int, ok bool) {
	if j.is(i, kindParam) {
		if !j.is(i+1, kindOp) || j.word(i+1) != ":" || !j.is(i+2, kindOp) || j.word(i+2) != "=" || !j.joins(i+2) {
			return i, false
		}
		i += 3
	}
	name, end, ok := j.dotted(i)
	if !ok || j.is(i, kindWord) && steps[name] {
		return i, false
	}
	j.calls.add(name)
	if j.is(end, kindOpen) {
		if end = j.plainArguments(end + 1); !j.is(end-1, kindClose) {
			return end, false
		}
	}
	return end + 1, j.is(end, kindSemicolon)
}

// plainArguments goes over parameters and literals, each perhaps behind the name of
// an argument, and returns where they end: behind the parenthesis, if they are
// nothing else.
func (j *judge) plainArguments(i int) int {
	for ; i < len(j.toks); i++ {
		switch {
		case j.is(i, kindClose):
			return i + 1
		case j.is(i, kindParam), j.is(i, kindString), j.is(i, kindNumber), j.is(i, kindComma), j.isWord(i, markNull) && literals[j.plainWord(i)]:
		case j.is(i, kindOp) && (j.word(i) == "-" || j.word(i) == "=" || j.word(i) == ">" && j.joins(i)):
		case j.isName(i) && j.is(i+1, kindOp) && j.word(i+1) == "=" && j.is(i+2, kindOp) && j.word(i+2) == ">" && j.joins(i+2):
		default:
			return i
		}
	}
	return i
}

var literals = wordSet("null true false")
