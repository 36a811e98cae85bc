// This file checks what the screen writes in either mode.

package term

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everything calls each method of a screen.
func everything(s *Screen) {
	long := strings.Repeat("some words and a_long_word_", 12)
	s.Heading("Heading")
	s.Say("%s %d", long, 1)
	s.Quote(long)
	s.Pair("label", long)
	s.Command("short")
	s.Verdict(Held, long)
	s.Verdict(Failed, "short")
	for i := range 101 {
		s.Draw(Bar{Label: "one", Done: i, Total: 100, Note: "n"}, Bar{Label: "two", Done: i / 2, Total: 100})
	}
	s.Settle()
	s.Table([3]string{"what", "left", "right"}, [][3]string{{long, "12,345 0123456789ab", "0"}})
}

func TestPlainScreenWritesNoEscapeCodesAndNoWideLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	everything(New(&b, Plain))
	if strings.ContainsAny(b.String(), "\x1b\r") {
		t.Error("the output has escape codes")
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > Width {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestPlainScreenWritesBarsAtEachQuarter(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := New(&b, Plain)
	for i := range 101 {
		s.Draw(Bar{Label: "rows", Done: i, Total: 100})
	}
	want := "  rows           25 %\n  rows           50 %\n  rows           75 %\n  rows          100 %\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestLiveScreenDrawsOverItsOwnLinesOnly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := New(&b, Live)
	s.Draw(Bar{Label: "one", Total: 2}, Bar{Label: "two", Total: 2})
	s.Draw(Bar{Label: "one", Done: 2, Total: 2}, Bar{Label: "two", Done: 2, Total: 2})
	s.Settle()
	s.Draw(Bar{Label: "three", Total: 1})
	if n := strings.Count(b.String(), "\x1b[2A"); n != 1 {
		t.Errorf("went up %d times, want once: the second frame comes too early, Settle paints it", n)
	}
	if off, on := strings.Count(b.String(), "\x1b[?7l"), strings.Count(b.String(), "\x1b[?7h"); off != on {
		t.Errorf("line wrapping: %d times off, %d times on", off, on)
	}
	if last := b.String()[strings.LastIndex(b.String(), "\x1b[?7h"):]; last != "\x1b[?7h" {
		t.Errorf("the output ends with %q", last)
	}
}

func TestOutputThatIsNoTerminalIsPlain(t *testing.T) {
	t.Parallel()
	f, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	wish := func(key string) string { return map[string]string{"TERM": "xterm"}[key] }
	if Detect(f, wish) != Plain || Detect(new(bytes.Buffer), wish) != Plain {
		t.Error("a file and a buffer are no terminals")
	}
}

func TestFirstErrorOfTheOutputIsKept(t *testing.T) {
	t.Parallel()
	f, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := New(f, Plain)
	s.Heading("x")
	if s.Err() == nil {
		t.Error("writing to a closed file is no error")
	}
}

func TestLongLabelDoesNotRunIntoItsText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	New(&b, Plain).Pair("setting.default_transaction_isolation", "read committed")
	want := "  setting.default_transaction_isolation\n" + strings.Repeat(" ", 2+labelColumn) + "read committed\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestTextOfAServerCannotCommandTheTerminal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := New(&b, Plain)
	s.Pair("FX-1004", "no \x1b[2Jsuch\u202e file")
	s.Say("%s", "\x1b[31m")
	if got := b.String(); strings.ContainsAny(got, "\x1b\u202e") || !strings.Contains(got, `\x1b[2Jsuch\u202e file`) {
		t.Errorf("got %q", got)
	}
}

func TestColumnsAreThoseOfATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "Ümit": 4, "日本語": 6, "한글": 4, "e\u0301": 1, "ＡＢ": 4, "a😀": 3, "Ж": 1, "✅": 2, "🪐": 2} {
		if got := Columns(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestACutTextHasNoMoreColumnsThanAllowed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "abcdef": "abcdef", "abcdefg": "abcde…", "日本語": "日本語", "日本語x": "日本…", "xx日本語": "xx日…"} {
		if got := Cut(text, 6); got != want || Columns(got) > 6 {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if Cut("a", 0) != "" || Cut("a", -1) != "" || Cut("ab", 1) != "…" {
		t.Error("narrow columns")
	}
}
