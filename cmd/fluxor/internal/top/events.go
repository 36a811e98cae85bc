// This file reads server-sent events.

package top

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// mostBytes bounds a document, and so an event.
const mostBytes = 8 << 20

var errTooLong = errors.New("a document of more than 8 MiB")

// events reads a stream as the HTML standard describes it, without the types of
// events, which the handler has none of.
type events struct {
	r     *bufio.Reader
	most  int    // bytes of an event
	lines func() // called at each line, comments included
	first bool
	cr    bool // the last line ended with CR, whose LF may still come
}

func newEvents(r io.Reader, most int, lines func()) *events {
	return &events{r: bufio.NewReaderSize(r, 64<<10), most: most, lines: lines, first: true}
}

// next returns the data of the next event. One that the stream's end cuts off is
// none.
func (e *events) next() (string, error) {
	var data []string
	size := 0
	for {
		line, err := e.line()
		if err != nil {
			return "", err
		}
		e.lines()
		if line == "" && data != nil {
			return strings.Join(data, "\n"), nil
		}
		field, value, _ := strings.Cut(line, ":")
		if field != "data" { // a comment's field is empty
			continue
		}
		if size += len(line); size > e.most {
			return "", errTooLong
		}
		data = append(data, strings.TrimPrefix(value, " "))
	}
}

// line returns the next line, which ends with LF, CR or both.
func (e *events) line() (string, error) {
	var b strings.Builder
	for {
		c, err := e.r.ReadByte()
		if err != nil {
			return "", err
		}
		after := e.cr
		e.cr = c == '\r'
		switch {
		case c == '\n' && after:
			continue
		case c == '\n' || c == '\r':
			return e.marked(b.String()), nil
		}
		if b.WriteByte(c); b.Len() > e.most {
			return "", errTooLong
		}
	}
}

// marked takes off the mark that a stream may begin with.
func (e *events) marked(line string) string {
	if e.first {
		line, e.first = strings.TrimPrefix(line, "\ufeff"), false
	}
	return line
}
