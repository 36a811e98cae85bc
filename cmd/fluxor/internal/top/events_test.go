// This file reads event streams, written rightly and wrongly.

package top

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// all reads a stream to its end.
func all(t testing.TB, text string) []string {
	t.Helper()
	lines := 0
	stream := newEvents(strings.NewReader(text), mostBytes, func() { lines++ })
	var got []string
	for {
		data, err := stream.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("ended with %v", err)
			}
			if lines > len(text) {
				t.Errorf("%d lines in %d bytes", lines, len(text))
			}
			return got
		}
		got = append(got, data)
	}
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                  nil,
		"data: a\n\n":                       {"a"},
		"data:a\r\n\r\ndata: b\r\rdata\n\n": {"a", "b", ""},
		"retry: 2000\n\nid: 1\ndata: a\n\n": {"a"},
		": heartbeat\n\n:\n\ndata: a\n\n":   {"a"},
		"data: a\ndata: b\n\n":              {"a\nb"},
		"data:  a\n\n":                      {" a"},
		"data: cut off\n":                   nil,
		"\ufeffdata: a\n\n":                 {"a"},
		"datax: a\nevent: e\n\ndata: b\n\n": {"b"},
		"data: a:b\n\n":                     {"a:b"},
	} {
		if got := all(t, text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// endless is a stream without an end.
type endless struct{ text string }

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[i%len(e.text)]
	}
	return len(p), nil
}

func TestEndlessEventsAndLinesAreGivenUp(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a", "data:\n", "data:aaaaaaaaaaaaaaaaaaaa\n"} {
		if _, err := newEvents(endless{text}, 1000, func() {}).next(); !errors.Is(err, errTooLong) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzEventsComeOutAsTheyWentIn(f *testing.F) {
	f.Add("a", "b\nc", "\n")
	f.Add(`{"schema_version":1}`, ": x", "\r")
	f.Add("\ufeff", "", "\r\n")
	f.Fuzz(func(t *testing.T, one, two, end string) {
		if end != "\n" && end != "\r" && end != "\r\n" {
			all(t, one+end+two) // anything may come; it must end
			return
		}
		var text strings.Builder
		want := []string{strings.ReplaceAll(one, "\r", ""), strings.ReplaceAll(two, "\r", "")}
		for _, data := range want {
			for line := range strings.SplitSeq(data, "\n") {
				text.WriteString("data: " + line + end)
			}
			text.WriteString(": comment" + end + "id: 7" + end + end)
		}
		if got := all(t, text.String()); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
