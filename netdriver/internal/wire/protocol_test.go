// This file holds docs/PROTOCOL.md against the package: its tables, and its transcripts byte for byte.

package wire_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// page is docs/PROTOCOL.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section is the part of the page under a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(page(t), "# "+heading+"\n")
	if !found {
		t.Fatalf("there is no heading %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n#")
	return text
}

// transcript is what client and server send in a transcript of the page.
func transcript(t *testing.T, name string) (client, server []byte) {
	t.Helper()
	_, text, found := strings.Cut(page(t), "```transcript "+name+"\n")
	if !found {
		t.Fatalf("there is no transcript %q", name)
	}
	text, _, _ = strings.Cut(text, "```")
	for line := range strings.Lines(text) {
		from, sent, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		b := []byte(sent + "\n")
		if name != "line" {
			b = transcribed(t, sent)
		}
		switch from {
		case "C":
			client = append(client, b...)
		case "S":
			server = append(server, b...)
		default:
			t.Fatalf("%q comes from nobody", line)
		}
	}
	return client, server
}

// transcribed are the bytes of a line: hexadecimal digits, and JSON from its
// first brace on.
func transcribed(t *testing.T, sent string) []byte {
	t.Helper()
	digits, body, isJSON := strings.Cut(sent, "{")
	b := unhex(t, digits)
	if isJSON {
		b = append(b, "{"+body...)
	}
	return b
}

// replay reads a side of a transcript, writes each of its messages again and
// checks that the same bytes come of it.
func replay(t *testing.T, r *wire.Reader, sent []byte, begin string) (messages int) {
	t.Helper()
	again := wire.Buffer{B: []byte(begin), Line: r.Line()}
	var cols []wire.Column
	for {
		m, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		messages++
		if m.Type == wire.TypeRows {
			rewriteRows(t, &again, m, cols)
			continue
		}
		typed := messageOf(m.Type)
		if err := typed.Decode(m.Body, m.Codec()); err != nil {
			t.Fatalf("%s %q: %v", m.Type, m.Body, err)
		}
		if head, ok := typed.(*wire.Head); ok {
			cols = head.Columns
		}
		again.Add(m.Type, m.ID, typed, m.Codec())
	}
	if !bytes.Equal(again.Bytes(), sent) {
		t.Errorf("it is written as\n%s\nand should be\n%s", spelt(again.Bytes()), spelt(sent))
	}
	return messages
}

func rewriteRows(t *testing.T, again *wire.Buffer, m wire.Message, cols []wire.Column) {
	t.Helper()
	rows, err := rowsOf(new(wire.RowsDecoder), cols, m.Codec(), m.Body)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%q: %v", m.Body, err)
	}
	again.Begin(m.Type, m.Flags, m.ID)
	again.B = append(again.B, bodyOf(t, cols, m.Codec(), rows...)...)
	again.End()
}

// spelt shows frames in a failure.
func spelt(b []byte) string { return strconv.QuoteToASCII(string(b)) + "\n" + hex.EncodeToString(b) }

// messageOf is an empty message of a type.
func messageOf(typ wire.Type) body {
	switch typ {
	case wire.TypeHello:
		return new(wire.Hello)
	case wire.TypeChallenge:
		return new(wire.Challenge)
	case wire.TypeResponse:
		return new(wire.Response)
	case wire.TypeWelcome:
		return new(wire.Welcome)
	case wire.TypeQuery, wire.TypeExec:
		return new(wire.Statement)
	case wire.TypePrepare:
		return new(wire.Prepare)
	case wire.TypeCloseStmt:
		return new(wire.CloseStmt)
	case wire.TypeBegin:
		return new(wire.Begin)
	case wire.TypeCredit:
		return new(wire.Credit)
	case wire.TypePing:
		return new(wire.Ping)
	case wire.TypeAdmin:
		return new(wire.Admin)
	case wire.TypeHead:
		return new(wire.Head)
	case wire.TypeEnd:
		return new(wire.End)
	case wire.TypeError:
		return new(wire.Error)
	case wire.TypeGoaway:
		return new(wire.Goaway)
	case wire.TypeNotice:
		return new(wire.Notice)
	case wire.TypePrepared:
		return new(wire.Prepared)
	case wire.TypeAnswer:
		return new(wire.AdminAnswer)
	}
	return new(wire.Empty)
}

func TestTheFramedTranscriptIsWhatThePackageWrites(t *testing.T) {
	client, server := transcript(t, "framed")
	r := wire.NewReader(bytes.NewReader(client), wire.Limits{})
	if err := r.Accept(); err != nil || r.Line() {
		t.Fatalf("line mode %v, %v", r.Line(), err)
	}
	sent := replay(t, r, client, wire.Preamble)
	received := replay(t, wire.NewReader(bytes.NewReader(server), wire.Limits{}), server, "")
	if sent < 10 || received < 12 {
		t.Errorf("%d messages of the client and %d of the server", sent, received)
	}
}

func TestTheBinaryTranscriptIsWhatThePackageWrites(t *testing.T) {
	client, server := transcript(t, "binary")
	sent := replay(t, wire.NewReader(bytes.NewReader(client), wire.Limits{}), client, "")
	received := replay(t, wire.NewReader(bytes.NewReader(server), wire.Limits{}), server, "")
	if sent != 1 || received != 3 {
		t.Errorf("%d messages of the client and %d of the server", sent, received)
	}
	r := wire.NewReader(bytes.NewReader(server), wire.Limits{})
	var head wire.Head
	if err := head.Decode(next(t, r).Body, wire.Binary); err != nil {
		t.Fatal(err)
	}
	rows, err := rowsOf(new(wire.RowsDecoder), head.Columns, wire.Binary, next(t, r).Body)
	if err != nil || !same(rows[0][0], int64(7)) || !same(rows[0][1], noon) {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestTheTranscriptOfLinesIsWhatThePackageWrites(t *testing.T) {
	client, server := transcript(t, "line")
	r := wire.NewReader(bytes.NewReader(client), wire.Limits{})
	if err := r.Accept(); err != nil || !r.Line() {
		t.Fatalf("line mode %v, %v", r.Line(), err)
	}
	sent := replay(t, r, client, "")
	received := replay(t, wire.NewLineReader(bytes.NewReader(server), wire.Limits{}), server, "")
	if sent != 4 || received != 6 {
		t.Errorf("%d messages of the client and %d of the server", sent, received)
	}
}

// rowsIn are the cells of a section's tables, without their heads.
func rowsIn(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

func TestThePageListsEachTypeWithItsNumber(t *testing.T) {
	listed := map[wire.Type]bool{}
	for _, cells := range rowsIn(section(t, "Types")) {
		n, err := strconv.ParseUint(cells[0], 10, 8)
		if err != nil {
			continue // the head
		}
		typ := wire.Type(n)
		if listed[typ] = true; typ.String() != cells[1] {
			t.Errorf("type %d is %s, the page says %s", n, typ, cells[1])
		}
		var b wire.Buffer
		binary := b.Form(typ, wire.Binary) == wire.Binary
		if says := strings.Contains(cells[3], "binary"); says != binary {
			t.Errorf("%s: binary form %v, the page says %q", typ, binary, cells[3])
		}
	}
	for n := range 256 {
		if typ := wire.Type(n); typ.Known() != listed[typ] {
			t.Errorf("%s: known %v, listed %v", typ, typ.Known(), listed[typ])
		}
	}
}

func TestThePageListsEachKindOfError(t *testing.T) {
	listed := 0
	for _, cells := range rowsIn(section(t, "Errors")) {
		if len(cells) != 2 || cells[0] == "kind" {
			continue
		}
		listed++
		text := fmt.Sprintf(`{"kind":%q,"message":"","applied":"no","conn":"ok"}`, cells[0])
		if err := new(wire.Error).Decode([]byte(text), wire.JSON); err != nil {
			t.Errorf("%s: %v", cells[0], err)
		}
	}
	if listed != 15 {
		t.Errorf("%d kinds are listed", listed)
	}
}

func TestTheValuesOnThePageAreWhatThePackageWrites(t *testing.T) {
	code := regexp.MustCompile("`([^`]+)`")
	seen := 0
	for _, cells := range rowsIn(section(t, "Values")) {
		if len(cells) != 4 || cells[0] == "kind" {
			continue
		}
		kind := ""
		if cells[0] != "" {
			kind = cells[0][:1]
		}
		for _, m := range code.FindAllStringSubmatch(cells[2], -1) {
			rows, err := rowsOf(new(wire.RowsDecoder), columns(kind + "\x00")[:1], wire.JSON, []byte(`{"r":[[`+m[1]+`]]}`))
			if err != nil || kind != "" && !fitting(kind, rows[0][0]) {
				t.Errorf("kind %q, %s: %v, %v", kind, m[1], rows, err)
				continue
			}
			if _, body := row(t, wire.Kind((kind + "\x00")[0]), wire.JSON, rows[0][0]); string(body) != `{"r":[[`+m[1]+`]]}` {
				t.Errorf("%s is written as %s", m[1], body)
			}
			seen++
		}
		for _, m := range code.FindAllStringSubmatch(cells[3], -1) {
			if m[1] == "." || m[1] == "e" {
				continue
			}
			var s wire.Statement
			if err := s.Decode([]byte(`{"sid":1,"args":[`+m[1]+`]}`), wire.JSON); err != nil || kind != "" && !fitting(kind, s.Args[0].Value) {
				t.Errorf("kind %q, %s: %v, %v", kind, m[1], s.Args, err)
			}
			seen++
		}
	}
	if seen < 25 {
		t.Errorf("only %d values were found", seen)
	}
}

func TestTheObjectsOnThePageAreArguments(t *testing.T) {
	seen := 0
	for _, m := range regexp.MustCompile("`({[^`…]+})`").FindAllStringSubmatch(section(t, "Values"), -1) {
		var s wire.Statement
		if err := s.Decode([]byte(`{"sid":1,"args":[`+m[1]+`]}`), wire.JSON); err != nil || len(s.Args) != 1 {
			t.Errorf("%s: %v", m[1], err)
		}
		seen++
	}
	if seen < 15 {
		t.Errorf("only %d objects were found", seen)
	}
}

// fitting says whether a value is of a kind; one of bytes is of both.
func fitting(kind string, v driver.Value) bool {
	k := wire.KindOf(v)
	return kind == string(byte(k)) || kind == "b" && k == wire.KindText
}

func TestThePageNamesTheLimits(t *testing.T) {
	text := section(t, "Limits")
	for _, n := range []int{wire.LoginLimit, wire.DefaultFrame, wire.DefaultMessage, wire.DefaultWindow, wire.LeastWindow, wire.RowsTarget, wire.MaxArgs, wire.MaxColumns, wire.MaxListed} {
		if !strings.Contains(text, "| "+strconv.Itoa(n)) && !strings.Contains(text, " "+strconv.Itoa(n)+" bytes") {
			t.Errorf("%d is not named", n)
		}
	}
}
