// This file shows the tokens of a text to the tests outside the package.

package sqltext

// Piece is a token.
type Piece struct {
	Start, End             int
	Word, Text, Number, Op bool
}

// Pieces are the tokens of a text under the usual settings, and whether all of
// it could be split, under whatever settings.
func Pieces(d Dialect, text string) (pieces []Piece, whole bool) {
	readings := readingsOf(d, text)
	l := lexer{d: d, r: readings[0], text: text}
	for _, t := range l.tokens() {
		pieces = append(pieces, Piece{
			Start: int(t.start), End: int(t.end),
			Word: t.kind == kindWord, Text: t.kind == kindString, Number: t.kind == kindNumber, Op: t.kind == kindOp,
		})
	}
	return pieces, l.fault == OneRead && len(readings) == 1
}
