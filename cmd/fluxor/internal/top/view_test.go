// This file compares screens with those that were looked at, and lets anything be shown.

package top

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/fluxor-db/fluxor/admin"
)

var update = flag.Bool("update", false, "write the screens anew")

// text is a screen without looks.
func text(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// screens are those that a person has looked at.
func screens() map[string]Frame {
	later := well("orders")
	later.Total.Seconds, later.Total.Operations = 3601, []admin.Operation{{Operation: "query", Latency: admin.Latency{Count: 3121}}, {Operation: "begin", Latency: admin.Latency{Count: 80}}}
	full := well("stock")
	full.State, full.Summary, full.Pool.Waiting = admin.Saturated, "31 callers wait for one of 50 connections; 50 of 50 connections used, 340 queries/s, p99 4.1 ms", 31
	cached, wrong := caching("orders"), caching("stock")
	wrong.Cache.Schema, wrong.Cache.SchemaFault, wrong.Cache.Doubts, wrong.Cache.Sessions = "unknown", "permission denied", 3, 2
	wrong.Total.Cache.Audits, wrong.Total.Cache.Mismatches = 5000, 12
	const foot = "q quit  p pause  ? help  http://localhost:6060"
	return map[string]Frame{
		"healthy": {Document: documentOf(later), Before: documentOf(well("orders")), Status: foot},
		"down":    {Document: documentOf(sick("orders")), Status: foot},
		"three":   {Document: documentOf(well("orders"), full, sick("billing")), Chosen: 1, Status: foot},
		"lost":    {Document: documentOf(well("orders")), Status: foot, Lost: "for 4s, trying again in 2s: http://localhost:6060/api/state: connection refused: nothing listens there."},
		"cache":   {Document: documentOf(cached), Status: foot},
		"wrong":   {Document: documentOf(wrong), Status: foot},
		"help":    {Document: documentOf(well("orders")), Status: foot, Help: true},
	}
}

func TestScreensAreAsSomebodySawThem(t *testing.T) {
	t.Parallel()
	for name, f := range screens() {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 10}} {
			file := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", name, size[0], size[1]))
			got := text(view(f, size[0], size[1]))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%swant\n%s", file, got, want)
			}
		}
	}
}

// check looks whether lines fit a screen.
func check(t *testing.T, lines []line, width, height int) {
	t.Helper()
	if len(lines) > height {
		t.Errorf("%d lines on %d", len(lines), height)
	}
	for _, l := range lines {
		shown := l.String()
		if lipgloss.Width(shown) > width {
			t.Errorf("%d columns of %d: %q", lipgloss.Width(shown), width, shown)
		}
		if at := strings.IndexFunc(shown, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); at >= 0 {
			t.Errorf("a control character at %d: %q", at, shown)
		}
	}
}

func TestAnySizeHasAScreenThatFits(t *testing.T) {
	t.Parallel()
	for _, f := range screens() {
		for _, width := range []int{0, 1, 2, 11, 12, 13, 29, 40, 79, 80, 120} {
			for _, height := range []int{0, 1, 2, 3, 4, 5, 7, 10, 23, 24, 40} {
				check(t, view(f, width, height), width, height)
			}
		}
	}
}

func TestWhatIsMostImportantIsLeftOnASmallScreen(t *testing.T) {
	t.Parallel()
	d := documentOf(sick("orders"))
	for height, want := range map[int]string{1: "DOWN for 12 s: breaker open", 2: "pool ", 3: "breaker "} {
		lines := view(Frame{Document: d}, 80, height)
		if last := lines[len(lines)-1].String(); len(lines) != height || !strings.HasPrefix(last, want) {
			t.Errorf("%d lines: the last is %q, want %q", height, last, want)
		}
	}
}

func TestManyConnectorsLeaveRoomForTheChosenOne(t *testing.T) {
	t.Parallel()
	var many []admin.Connector
	for i := range 40 {
		many = append(many, well(fmt.Sprintf("shard %d", i)))
	}
	many[7] = sick("shard 7")
	got := text(view(Frame{Document: documentOf(many...), Chosen: 7 + 40}, 80, 24))
	if !strings.HasPrefix(got, "shard 7  DOWN") || !strings.Contains(got, "\n40 connectors, 1 down, 39 healthy\n") || !strings.Contains(got, "\nlatency ") {
		t.Errorf("got\n%s", got)
	}
}

func TestRatesComeFromTwoDocumentsWhereTheyCan(t *testing.T) {
	t.Parallel()
	at := func(seconds admin.Seconds, n int64) *admin.Connector {
		return &admin.Connector{Total: admin.Interval{Seconds: seconds, Operations: []admin.Operation{{Operation: "query", Latency: admin.Latency{Count: n}}}}}
	}
	recent := admin.Operation{Operation: "query", Latency: admin.Latency{PerSecond: 7}}
	for name, row := range map[string]struct {
		now, before *admin.Connector
		want        admin.Rate
	}{
		"two":             {at(12, 140), at(10, 100), 20},
		"one":             {at(12, 140), nil, 7},
		"at once":         {at(10.1, 140), at(10, 100), 7},
		"a new program":   {at(12, 10), at(10, 100), 7},
		"the other order": {at(10, 140), at(12, 100), 7},
		"a new kind":      {at(12, 10), &admin.Connector{Total: admin.Interval{Seconds: 10}}, 5},
	} {
		if got := rateOf(recent, row.now, row.before); got != row.want {
			t.Errorf("%s: got %v, want %v", name, float64(got), float64(row.want))
		}
	}
}

func TestCountsHaveCommas(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := count(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPlainViewShowsAllConnectors(t *testing.T) {
	t.Parallel()
	got := Plain(documentOf(well("orders"), sick("billing")), 80)
	for _, want := range []string{"  orders  healthy: 12 of", "  billing  DOWN for 12 s", "\n\norders: postgres", "\n\nbilling: postgres", "x  asked again in 0s", "leaks       held 12m34s  shop/cart.go:77"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for l := range strings.Lines(got) {
		check(t, []line{say(strings.TrimSuffix(l, "\n"))}, 80, 1)
	}
	if got := Plain(documentOf(), 80); got != "the handler shows no connector\n" {
		t.Errorf("got %q", got)
	}
}

func TestPalettesAddCodesAndNoText(t *testing.T) {
	t.Parallel()
	l := line{{"DOWN", bad}, {" for 12 s", usual}, {"", strong}, {" x", faint}}
	if got := NoCodes.show(l); got != "DOWN for 12 s x" {
		t.Errorf("no codes: %q", got)
	}
	if got := NoColours.show(l); strings.Contains(got, "31") || !strings.Contains(got, "\x1b[1mDOWN") {
		t.Errorf("no colours: %q", got)
	}
	if got := Colours.show(l); !strings.Contains(got, ";1mDOWN") {
		t.Errorf("colours: %q", got)
	}
}

func TestWhatTheCacheAnsweredIsSaidInWords(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*admin.Connector)
		want   []string
	}{
		"off":     {func(c *admin.Connector) { c.Cache = admin.Cache{Mode: "off"} }, []string{"cache       off"}},
		"unknown": {func(c *admin.Connector) { c.Cache = admin.Cache{} }, []string{"cache       off"}},
		"quiet": {
			func(c *admin.Connector) { c.Recent = admin.Interval{Seconds: 8} },
			[]string{"cache       all: no query in 8 s", "            8,204 answers, 19 % of 64 MiB"},
		},
		"observing": {
			func(c *admin.Connector) {
				c.Cache.Mode = "observe"
				c.Recent.Cache = admin.CacheCounts{HitPercent: 75, WouldHit: 3, Misses: map[string]int64{"observed": 3}}
			},
			[]string{"cache       observe: would answer 75.0 % of 2,720 in 8 s", "            8,204 answers, 19 % of 64 MiB", "            missed: observed 3"},
		},
	} {
		c := caching("orders")
		row.change(&c)
		var got []string
		for _, l := range cacheSection(&c).lines {
			got = append(got, l.String())
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

func TestWrongAnswersStandBeforeAllElseOfTheCache(t *testing.T) {
	t.Parallel()
	c := caching("orders")
	c.Total.Cache.Audits, c.Total.Cache.Mismatches = 5000, 12
	s := cacheSection(&c)
	if first := s.lines[0]; first[1].look != bad || !strings.Contains(first.String(), "12 of 5,000 audited answers were WRONG") || s.least < 2 {
		t.Errorf("got %q, at least %d lines", first, s.least)
	}
}

func FuzzAnyDocumentFitsTheScreen(f *testing.F) {
	// Short ones: the fuzzing engine takes long to make a long one shorter.
	for _, connector := range []string{
		`"state":"down","summary":"for 12 s: x"`, `"limits":[{"name":"operations at once"}]`, `"statements":[{"fingerprint":"日"}]`,
		`"cache":{"mode":"all"},"recent":{"cache_hits":1,"cache":{"misses":{"日":1}}}`, `"last_errors":[{"text":"a1"},{"text":"a2"}]`, `"leaks":[{"place":"a"}]`, `"breaker":{"next_probe_seconds":1}`,
	} {
		f.Add([]byte(`{"schema_version":1,"connectors":[{`+connector+`},{}]}`), uint8(80), uint8(24), uint8(0))
	}
	f.Add([]byte(`{"schema_version":1,"connectors":[{"name":"❤️🇩🇪👩‍🚀","summary":"\u0000\u009b","recent":{"operations":[{"operation":"","max_seconds":-1e308}]}}]}`), uint8(7), uint8(9), uint8(200))
	f.Fuzz(func(t *testing.T, raw []byte, width, height, chosen uint8) {
		d, err := decode(raw)
		if err != nil {
			if d.Connectors != nil {
				t.Error("an error and a document")
			}
			return
		}
		frame := Frame{Document: &d, Before: &d, Chosen: int(chosen), Status: "foot"}
		check(t, view(frame, int(width), int(height)), int(width), int(height))
		for l := range strings.Lines(Plain(&d, 80) + Lines(&d)) {
			if strings.ContainsAny(strings.TrimSuffix(l, "\n"), "\r\n\x1b\x00") {
				t.Errorf("%q", l)
			}
		}
	})
}
