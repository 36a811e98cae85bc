// This file follows what passes a connection, so that the proxy can tell one request and its reply from the next.

package faultproxy

// tracker follows one connection from its first byte. The link's lock protects
// it.
type tracker interface {
	// client takes bytes on their way to the server and returns the requests
	// that are complete with them.
	client(b []byte) []request
	// server takes bytes on their way to the client and returns how many
	// answers are complete since the beginning.
	server(b []byte) int
}

// request is one request and the number of the answer that completes it.
type request struct {
	text   []byte
	answer int
}

// pieces is the tracker that knows no protocol.
type pieces struct{ answers int }

func (p *pieces) client(b []byte) []request {
	return []request{{text: b, answer: p.answers + 1}}
}

func (p *pieces) server([]byte) int {
	p.answers++
	return p.answers
}

// frames cuts a stream into the frames of a protocol.
type frames struct {
	rest []byte
	size func(b []byte) int // of the frame at the start of b; 0 while unknown
}

// add takes bytes and calls f for each frame that is complete. f must not keep
// the frame, and returns false to stop: the protocol has ended.
func (s *frames) add(b []byte, f func(frame []byte) bool) {
	s.rest = append(s.rest, b...)
	at := 0
	for at < len(s.rest) {
		n := s.size(s.rest[at:])
		if n == 0 || at+n > len(s.rest) {
			break
		}
		frame := s.rest[at : at+n]
		at += n
		if !f(frame) {
			break
		}
	}
	s.rest = append(s.rest[:0], s.rest[at:]...)
}

// withBody joins a statement's text and the message that executes it.
func withBody(text string, body []byte) []byte {
	b := make([]byte, 0, len(text)+1+len(body))
	b = append(b, text...)
	b = append(b, 0)
	return append(b, body...)
}
