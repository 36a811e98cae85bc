// This file tests how the proxy tells requests and replies apart, message by message and however the stream is cut.

package faultproxy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// step is what one side sends, and what is to be seen of it.
type step struct {
	client  string
	server  string
	request string // executed with client's bytes, "" for none
	answers int    // complete after server's bytes
}

func pg(kind string, body ...string) string {
	b := strings.Join(body, "\x00")
	return kind + string(binary.BigEndian.AppendUint32(nil, uint32(len(b)+4))) + b
}

func pgCode(code uint32) string {
	return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), code))
}

func packet(number byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), number}) + body
}

var pgLogin = []step{
	{client: pgCode(pgSSLRequest)},
	{server: "N"},
	{client: pgCode(pgProtocol3 << 16)},
	{server: pg("R", "ok") + pg("Z", "I"), answers: 1},
}

var mysqlLogin = []step{
	{server: packet(0, "greeting")},
	{client: packet(1, "\x00\x00\x00\x00login")},
	{server: packet(2, "\x00ok")},
}

const clientTLS = "\x00\x08\x00\x00" // the capabilities of a TLS request

var trackers = map[string]struct {
	start func() tracker
	steps []step
}{
	"postgres, simple": {func() tracker { return newPostgres() }, append(slices.Clone(pgLogin),
		step{client: pg("Q", "insert", ""), request: "insert"},
		step{server: pg("C", "INSERT 0 1", ""), answers: 1},
		step{server: pg("Z", "I"), answers: 2},
	)},
	"postgres, extended": {func() tracker { return newPostgres() }, append(slices.Clone(pgLogin),
		step{client: pg("P", "s1", "insert", "..") + pg("D", "Ss1", "") + pg("S")},
		step{server: pg("1") + pg("Z", "I"), answers: 2},
		step{client: pg("B", "", "s1", "args") + pg("E", "", "....") + pg("S"), request: "insert\x00\x00s1\x00args"},
		step{server: pg("2") + pg("C", "INSERT 0 1", ""), answers: 2},
		step{server: pg("Z", "I"), answers: 3},
		step{client: pg("B", "", "s1", "more") + pg("E", "", "....") + pg("S"), request: "insert\x00\x00s1\x00more"},
		step{server: pg("E", "no") + pg("Z", "I"), answers: 4},
	)},
	"postgres, TLS on request": {func() tracker { return newPostgres() }, []step{
		{client: pgCode(pgSSLRequest)},
		{server: "S", answers: 1},
		{client: "\x16\x03\x01..", request: "\x16\x03\x01.."},
		{server: "\x16..", answers: 2},
	}},
	"postgres, direct TLS": {func() tracker { return newPostgres() }, []step{
		{client: "\x16\x03\x01..", request: "\x16\x03\x01.."},
		{server: "\x16..", answers: 1},
	}},
	"mysql, query": {func() tracker { return newMySQL() }, append(slices.Clone(mysqlLogin),
		step{client: packet(0, "\x03insert"), request: "insert"},
		step{server: packet(1, "\x00\x01"), answers: 1},
		step{client: packet(0, "\x03select"), request: "select"},
		step{server: packet(1, "\x02") + packet(2, "column") + packet(3, "row"), answers: 2},
		step{client: packet(0, "\x01")},
	)},
	"mysql, prepared": {func() tracker { return newMySQL() }, append(slices.Clone(mysqlLogin),
		step{client: packet(0, "\x16insert ?")},
		step{server: packet(1, "\x00\x07\x00\x00\x00..") + packet(2, "param"), answers: 1},
		step{client: packet(0, "\x18\x07\x00\x00\x00long")},
		step{client: packet(0, "\x17\x07\x00\x00\x00args"), request: "insert ?\x00\x07\x00\x00\x00args"},
		step{server: packet(1, "\x00\x01"), answers: 2},
		step{client: packet(0, "\x19\x07\x00\x00\x00")},
		step{client: packet(0, "\x0e")},
		step{server: packet(1, "\x00"), answers: 3},
	)},
	"mysql, TLS": {func() tracker { return newMySQL() }, []step{
		{server: packet(0, "greeting")},
		{client: packet(1, clientTLS+strings.Repeat("\x00", 28))},
		{client: "\x16\x03\x01..", request: "\x16\x03\x01.."},
		{server: "\x16..", answers: 1},
	}},
}

func TestRequestsAndRepliesAreToldApart(t *testing.T) {
	for name, tt := range trackers {
		for _, piece := range []int{1 << 20, 3, 1} {
			if strings.Contains(name, "TLS") && piece < 1<<20 {
				continue // in pieces, every piece is a request
			}
			t.Run(fmt.Sprintf("%s, %d bytes at a time", name, piece), func(t *testing.T) {
				tr := tt.start()
				for i, s := range tt.steps {
					checkStep(t, tr, i, s, piece)
				}
			})
		}
	}
}

func checkStep(t *testing.T, tr tracker, i int, s step, piece int) {
	t.Helper()
	var got string
	answer := 0
	for b := range slices.Chunk([]byte(s.client), piece) {
		for _, r := range tr.client(b) {
			got, answer = got+string(r.text), r.answer
		}
	}
	if got != s.request {
		t.Errorf("step %d: request %q, want %q", i, got, s.request)
	}
	answers := 0
	for b := range slices.Chunk([]byte(s.server), piece) {
		answers = tr.server(b)
	}
	if s.server != "" && answers != s.answers {
		t.Errorf("step %d: %d answers, want %d", i, answers, s.answers)
	}
	if s.request != "" && answer == 0 {
		t.Errorf("step %d: the request names no answer", i)
	}
}

// TestNoBytesConfuseTheTrackers feeds each tracker the other's protocol: it may
// see nonsense, but it must not fall over.
func TestNoBytesConfuseTheTrackers(t *testing.T) {
	for _, newTracker := range []func() tracker{func() tracker { return newPostgres() }, func() tracker { return newMySQL() }} {
		for _, tt := range trackers {
			tr := newTracker()
			for _, s := range tt.steps {
				if s.client != "" {
					tr.client([]byte(s.client))
				}
				if s.server != "" {
					tr.server([]byte(s.server))
				}
			}
		}
		tr := newTracker()
		tr.client([]byte("\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00"))
		tr.client([]byte("S\x00\x00\x00\x00E\x00\x00\x00\x04B\x00\x00\x00\x04"))
	}
}

// TestEachRequestNamesItsOwnAnswer sends two requests at once.
func TestEachRequestNamesItsOwnAnswer(t *testing.T) {
	tr := newPostgres()
	for _, s := range pgLogin {
		if s.client != "" {
			tr.client([]byte(s.client))
			continue
		}
		tr.server([]byte(s.server))
	}
	got := tr.client([]byte(pg("Q", "begin", "") + pg("Q", "insert", "")))
	if len(got) != 2 || got[0].answer != 2 || got[1].answer != 3 {
		t.Errorf("requests: %+v, want answers 2 and 3", got)
	}
}
