// This file follows the MySQL protocol as far as the proxy has to.

package faultproxy

import (
	"bytes"
	"encoding/binary"
)

// The commands that matter here.
const (
	mysqlQuit     = 0x01
	mysqlQuery    = 0x03
	mysqlPrepare  = 0x16
	mysqlExecute  = 0x17
	mysqlLongData = 0x18
	mysqlClose    = 0x19

	mysqlSSL = 0x800 // the client's capability that asks for TLS
)

// mysql follows one connection. Client and server take turns: the first packet
// the server sends after a command is its answer.
type mysql struct {
	up, down  frames
	encrypted *pieces
	greeted   bool // the client's first packet has passed
	waiting   bool // a command has no answer yet
	commands  int  // those that are answered
	answers   int
	preparing string            // the text whose preparation waits for its answer
	texts     map[uint32]string // by statement
}

func newMySQL() *mysql {
	return &mysql{
		up:    frames{size: mysqlSize},
		down:  frames{size: mysqlSize},
		texts: map[uint32]string{},
	}
}

func mysqlSize(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return 4 + int(b[0]) + int(b[1])<<8 + int(b[2])<<16
}

func (m *mysql) client(b []byte) []request {
	if m.encrypted != nil {
		return m.encrypted.client(b)
	}
	var requests []request
	m.up.add(b, func(packet []byte) bool {
		if text := m.packet(packet[3], packet[4:]); text != nil {
			requests = append(requests, request{text: text, answer: m.commands})
		}
		return m.encrypted == nil
	})
	return requests
}

// packet follows one packet of the client's and returns what it executes.
func (m *mysql) packet(number byte, body []byte) []byte {
	if !m.greeted {
		m.greeted = true
		if len(body) == 32 && binary.LittleEndian.Uint32(body)&mysqlSSL != 0 {
			m.encrypted = &pieces{}
		}
		return nil
	}
	if number != 0 || len(body) == 0 {
		return nil // goes on with the login, or with a packet before it
	}
	command, body := body[0], body[1:]
	if command == mysqlQuit || command == mysqlLongData || command == mysqlClose {
		return nil
	}
	m.commands++
	m.waiting, m.preparing = true, ""
	switch command {
	case mysqlQuery:
		return bytes.Clone(body)
	case mysqlPrepare:
		m.preparing = string(body)
	case mysqlExecute:
		if len(body) >= 4 {
			return withBody(m.texts[binary.LittleEndian.Uint32(body)], body)
		}
	}
	return nil
}

func (m *mysql) server(b []byte) int {
	if m.encrypted != nil {
		return m.encrypted.server(b)
	}
	m.down.add(b, func(packet []byte) bool {
		if !m.waiting {
			return true
		}
		m.waiting = false
		m.answers++
		body := packet[4:]
		if m.preparing != "" && len(body) >= 5 && body[0] == 0 {
			m.texts[binary.LittleEndian.Uint32(body[1:])] = m.preparing
		}
		return true
	})
	return m.answers
}
