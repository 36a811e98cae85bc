// This file is the screen: lines that stay, and on a terminal a few lines that change in place.

// Package term writes a command's progress and results for a person: in place
// and with colours on a terminal, line by line and without any escape code
// everywhere else. Nothing is wider than 80 columns, but for commands to be
// copied.
package term

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Width is how many columns are used at most.
const Width = 80

// Mode is how a screen shows progress.
type Mode int

// The modes.
const (
	// Plain writes line after line, without escape codes.
	Plain Mode = iota
	// Live draws progress in place, with colours.
	Live
)

// Detect returns Live for a terminal that is not dumb and whose user did not
// ask for plain output (NO_COLOR, TERM), else Plain.
func Detect(w io.Writer, getenv func(string) string) Mode {
	f, ok := w.(*os.File)
	if !ok || getenv("NO_COLOR") != "" {
		return Plain
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return Plain
	}
	if runtime.GOOS == "windows" {
		if getenv("WT_SESSION") == "" { // the old console prints the codes
			return Plain
		}
		return Live
	}
	if t := getenv("TERM"); t == "" || t == "dumb" {
		return Plain
	}
	return Live
}

// Screen writes to one output. It belongs to one goroutine. Errors of the
// output are kept: Err returns the first.
type Screen struct {
	w     io.Writer
	mode  Mode
	err   error
	drawn drawing
}

// New returns a screen over w.
func New(w io.Writer, mode Mode) *Screen { return &Screen{w: w, mode: mode} }

// Err returns the first error that the output gave.
func (s *Screen) Err() error { return s.err }

// Heading begins a part.
func (s *Screen) Heading(text string) { s.write("\n" + s.style(bold, text) + "\n") }

// Say writes a text under the heading, broken into lines.
func (s *Screen) Say(format string, args ...any) {
	s.block("  ", "  ", plainStyle, fmt.Sprintf(format, args...))
}

// Quote writes what a program would see, set off from the rest.
func (s *Screen) Quote(text string) { s.block("    | ", "    | ", dim, text) }

// Command writes a command line as it is to be typed, in one line.
func (s *Screen) Command(line string) { s.write("    $ " + line + "\n") }

// Verdict writes whether a claim held.
func (s *Screen) Verdict(held Outcome, text string) {
	s.block("  "+s.style(held.colour(), held.word())+" ", "       ", plainStyle, text)
}

// Outcome says whether a claim held.
type Outcome int

// The outcomes.
const (
	// Failed: the claim did not hold.
	Failed Outcome = iota
	// Held: the claim held.
	Held
)

func (o Outcome) word() string {
	if o == Held {
		return "ok  "
	}
	return "FAIL"
}

func (o Outcome) colour() style {
	if o == Held {
		return green
	}
	return red
}

// block writes text in lines; next, which is as wide as first, begins all of
// them but the first.
func (s *Screen) block(first, next string, st style, text string) {
	lead := first
	for _, line := range wrap(text, Width-utf8.RuneCountInString(next)) {
		s.write(lead + s.style(st, line) + "\n")
		lead = next
	}
}

func (s *Screen) write(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}

type style string

// The styles, as parameters of the terminal's SGR sequence (ECMA-48, 8.3.117).
const (
	plainStyle style = ""
	bold       style = "1"
	dim        style = "2"
	red        style = "31"
	green      style = "32"
)

func (s *Screen) style(st style, text string) string {
	if s.mode == Plain || st == plainStyle {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// wrap breaks a text, which may be a server's, into lines of at most width
// columns, at blanks where there are any.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		word = Printable(word)
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for utf8.RuneCountInString(line) > width {
			r := []rune(line)
			lines = append(lines, string(r[:width]))
			line = string(r[width:])
		}
	}
	return append(lines, line)
}
