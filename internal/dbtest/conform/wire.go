// This file is a recording proxy: it passes bytes on and writes down what the client sends, message by message.

package conform

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Wire is a proxy in front of a server that records the client's messages.
// Connections must be without TLS.
type Wire struct {
	// Addr is where clients connect.
	Addr string

	t       testing.TB
	server  string
	dialect Dialect
	clients sync.WaitGroup

	mu    sync.Mutex // protects conns; a leaf lock
	conns [][]string
}

// NewWire listens in front of the server at addr until the test ends.
func NewWire(t testing.TB, dialect Dialect, addr string) *Wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{Addr: l.Addr().String(), t: t, server: addr, dialect: dialect}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			n := len(w.conns)
			w.conns = append(w.conns, nil)
			w.mu.Unlock()
			w.clients.Go(func() { w.serve(c, n) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		accepting.Wait()
		w.clients.Wait()
	})
	return w
}

// Messages waits until all clients are gone and returns what each connection
// sent, in the order in which they were opened.
func (w *Wire) Messages() [][]string {
	w.clients.Wait()
	return w.SoFar()
}

// SoFar is Messages without the wait. What the server answered is in it.
func (w *Wire) SoFar() [][]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([][]string, len(w.conns))
	for i, messages := range w.conns {
		out[i] = renumber(messages)
	}
	return out
}

// renumber counts MySQL's statements from 1 for each connection; the server
// counts them for all.
func renumber(messages []string) []string {
	out := slices.Clone(messages)
	own := map[string]int{}
	for i, m := range out {
		name, id, ok := strings.Cut(m, " #")
		if !ok {
			continue
		}
		if own[id] == 0 {
			own[id] = len(own) + 1
		}
		out[i] = fmt.Sprint(name, " ", own[id])
	}
	return out
}

// serve copies both ways until either side ends.
func (w *Wire) serve(client net.Conn, n int) {
	defer client.Close()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		w.t.Error(err)
		return
	}
	defer server.Close()
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	defer answers.Wait()
	defer server.Close()
	read := w.postgres
	if w.dialect == MySQL {
		read = w.mysql
	}
	r := bufio.NewReader(client)
	for first := true; ; first = false {
		raw, text, err := read(r, first)
		if err != nil {
			return
		}
		if text != "" {
			w.mu.Lock()
			w.conns[n] = append(w.conns[n], text)
			w.mu.Unlock()
		}
		if _, err := server.Write(raw); err != nil {
			return
		}
	}
}

// postgres reads one message of PostgreSQL's protocol, version 3: a type and a
// length that counts itself; the first message has no type.
func (w *Wire) postgres(r *bufio.Reader, first bool) (raw []byte, text string, err error) {
	head := make([]byte, 5)
	if first {
		head = head[:4]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, "", err
	}
	size := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	raw = append(head, make([]byte, size)...)
	if _, err := io.ReadFull(r, raw[len(head):]); err != nil {
		return nil, "", err
	}
	body := string(raw[len(head):])
	if first {
		return raw, "startup", nil
	}
	return raw, postgresMessage(head[0], body), nil
}

// postgresMessage names a message and its texts; authentication is left out.
func postgresMessage(kind byte, body string) string {
	parts := strings.SplitN(body, "\x00", 3)
	switch kind {
	case 'p':
		return ""
	case 'Q':
		return "Query " + parts[0]
	case 'P':
		return fmt.Sprintf("Parse %q %s", parts[0], parts[1])
	case 'B':
		return fmt.Sprintf("Bind %q", parts[1])
	case 'D', 'C':
		return fmt.Sprintf("%s %c %q", map[byte]string{'D': "Describe", 'C': "Close"}[kind], parts[0][0], parts[0][1:])
	case 'E':
		return "Execute"
	case 'S':
		return "Sync"
	case 'X':
		return "Terminate"
	case 'd':
		return "CopyData"
	case 'c':
		return "CopyDone"
	case 'f':
		return "CopyFail"
	}
	return fmt.Sprintf("message %c", kind)
}

// mysqlCommands names the first byte of a command.
var mysqlCommands = map[byte]string{
	1: "Quit", 2: "InitDB", 3: "Query", 14: "Ping", 22: "Prepare", 23: "Execute", 24: "LongData", 25: "Close", 26: "Reset", 31: "ResetConnection",
}

// mysql reads one packet: three bytes of length, a sequence number, the body.
// A command is the packet with number 0; others belong to the logon.
func (w *Wire) mysql(r *bufio.Reader, first bool) (raw []byte, text string, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, "", err
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	raw = append(head, make([]byte, size)...)
	if _, err := io.ReadFull(r, raw[4:]); err != nil {
		return nil, "", err
	}
	if first {
		return raw, "startup", nil
	}
	if head[3] != 0 || size == 0 {
		return raw, "", nil
	}
	name := mysqlCommands[raw[4]]
	switch name {
	case "":
		name = fmt.Sprintf("command %d", raw[4])
	case "Query", "Prepare", "InitDB":
		name += " " + string(raw[5:])
	case "Execute", "Close", "Reset", "LongData":
		name += fmt.Sprint(" #", binary.LittleEndian.Uint32(raw[5:]))
	}
	return raw, name, nil
}
