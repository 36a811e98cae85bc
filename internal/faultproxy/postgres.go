// This file follows the PostgreSQL protocol, version 3, as far as the proxy has to.

package faultproxy

import (
	"bytes"
	"encoding/binary"
)

// The codes of the untyped first messages.
const (
	pgSSLRequest    = 80877103
	pgGSSENCRequest = 80877104
	pgProtocol3     = 3
)

// postgres follows one connection. Each ReadyForQuery is an answer: one comes
// after the startup, and one after each Query, FunctionCall and Sync.
type postgres struct {
	up, down  frames
	begun     bool // the client has sent something
	asked     bool // an encryption request waits for its one-byte answer
	encrypted *pieces
	expected  int // ReadyForQuery messages asked for
	answers   int
	texts     map[string]string // by prepared statement
	portals   map[string][]byte // what a portal executes
}

func newPostgres() *postgres {
	return &postgres{
		up:      frames{size: pgClientSize},
		down:    frames{size: pgServerSize},
		texts:   map[string]string{},
		portals: map[string][]byte{},
	}
}

// pgClientSize knows untyped messages by their first byte: a length below
// 16 MiB begins with a zero, a type never is one.
func pgClientSize(b []byte) int {
	if b[0] != 0 {
		return pgServerSize(b)
	}
	if len(b) < 8 {
		return 0
	}
	return int(binary.BigEndian.Uint32(b))
}

func pgServerSize(b []byte) int {
	if len(b) < 5 {
		return 0
	}
	return 1 + int(binary.BigEndian.Uint32(b[1:]))
}

func (p *postgres) client(b []byte) []request {
	if p.encrypted != nil {
		return p.encrypted.client(b)
	}
	first := !p.begun
	p.begun = true
	if first && b[0] == 0x16 { // TLS without asking
		p.encrypted = &pieces{}
		return p.encrypted.client(b)
	}
	var requests []request
	p.up.add(b, func(frame []byte) bool {
		if text, answer := p.message(frame); text != nil {
			requests = append(requests, request{text: text, answer: answer})
		}
		return true
	})
	return requests
}

// message follows one message of the client's. If it executes a statement it
// returns what is executed and the answer that completes it.
func (p *postgres) message(frame []byte) (text []byte, answer int) {
	body := frame[min(5, len(frame)):]
	switch frame[0] {
	case 0:
		p.first(frame)
	case 'Q':
		p.expected++
		return bytes.Clone(bytes.TrimSuffix(body, []byte{0})), p.expected
	case 'S', 'F':
		p.expected++
	case 'P':
		name, rest := cString(body)
		text, _ := cString(rest)
		p.texts[name] = text
	case 'B':
		portal, rest := cString(body)
		name, _ := cString(rest)
		p.portals[portal] = withBody(p.texts[name], body)
	case 'E':
		portal, _ := cString(body)
		return p.portals[portal], p.expected + 1 // with the Sync that follows
	}
	return nil, 0
}

// first follows a message that has no type.
func (p *postgres) first(frame []byte) {
	if len(frame) < 8 {
		return
	}
	code := binary.BigEndian.Uint32(frame[4:])
	switch {
	case code == pgSSLRequest || code == pgGSSENCRequest:
		p.asked = true
	case code>>16 == pgProtocol3:
		p.expected++
	}
}

func (p *postgres) server(b []byte) int {
	if p.asked && len(b) > 0 {
		p.asked = false
		if b[0] == 'S' || b[0] == 'G' {
			p.encrypted = &pieces{}
		}
		b = b[1:]
	}
	if p.encrypted != nil {
		return p.encrypted.server(b)
	}
	p.down.add(b, func(frame []byte) bool {
		if frame[0] == 'Z' {
			p.answers++
		}
		return true
	})
	return p.answers
}

// cString splits off the text before the first zero byte.
func cString(b []byte) (text string, rest []byte) {
	before, rest, _ := bytes.Cut(b, []byte{0})
	return string(before), rest
}
