// This file tests what strangers may hold at the operators' listener.

package gate

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects from nowhere in particular.
func (p pipes) dial(t *testing.T) net.Conn {
	near, far := net.Pipe()
	p <- far
	t.Cleanup(func() { _ = near.Close() })
	return near
}

// waits answers when the request is over, or after an hour.
func waits(w http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadAll(r.Body)
	select {
	case <-r.Context().Done():
	case <-time.After(time.Hour):
	}
	_, _ = io.WriteString(w, "done")
}

func TestWhatAStrangerHoldsAtTheOperatorsListenerEndsInTime(t *testing.T) {
	for name, row := range map[string]struct {
		say         string
		heard       string // before the end
		least, most time.Duration
	}{
		"nothing":                       {"", "", partWithin, partWithin},
		"half a head":                   {"GET / HTTP/1.1\r\nHost: x\r\n", "", partWithin, partWithin},
		"a head without its body":       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "400 Bad Request", partWithin, partWithin + time.Second},
		"half a body":                   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", "400 Bad Request", partWithin, partWithin + time.Second},
		"a body too large":              {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("x", 20_000), "400 Bad Request", 0, time.Second},
		"a head too large":              {"GET / HTTP/1.1\r\nHost: " + strings.Repeat("x", 25_000) + "\r\n\r\n", "431 Request Header", 0, time.Second},
		"an answer, and nothing behind": {"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", idleFor, idleFor},
		"what takes long":               {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "200 OK", time.Hour + idleFor, time.Hour + idleFor},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, mux := make(pipes), http.NewServeMux()
				mux.HandleFunc("/livez", func(http.ResponseWriter, *http.Request) {})
				mux.HandleFunc("/", waits)
				server := operators(mux, slog.New(slog.DiscardHandler))
				go func() { _ = server.Serve(newGuests(l, mostGuests)) }() // ends with l
				defer close(l)
				began, c := time.Now(), l.dial(t)
				go func() { _, _ = io.WriteString(c, row.say) }() // ends with the connection
				heard, _ := io.ReadAll(c)
				if took := time.Since(began); took < row.least || took > row.most {
					t.Errorf("it ended after %v, want %v to %v", took, row.least, row.most)
				}
				if !strings.Contains(string(heard), row.heard) {
					t.Errorf("it heard %q, want %q", heard, row.heard)
				}
			})
		})
	}
}

func TestWhoTakesNoAnswerIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(pipes)
		server := operators(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slog.New(slog.DiscardHandler))
		gone := make(chan struct{})
		server.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				close(gone)
			}
		}
		go func() { _ = server.Serve(newGuests(l, mostGuests)) }() // ends with l
		defer close(l)
		began, c := time.Now(), l.dial(t)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-gone
		if took := time.Since(began); took > partWithin+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// answered asks over a connection, and reports whether there was an answer.
func answered(c net.Conn) bool {
	if _, err := io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	return r.StatusCode == http.StatusOK
}

func TestWhoHoldsVeryManyConnectionsShutsOutNobody(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const most = 8
	in := newGuests(l, most)
	server := operators(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(in) }() // ends with Close
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	from := func(address string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	operator := from("127.0.0.2")
	if !answered(operator) {
		t.Fatal("an operator is not answered")
	}
	var crowd []net.Conn
	for range 3 * most {
		crowd = append(crowd, from("127.0.0.1"))
		if !answered(crowd[len(crowd)-1]) {
			t.Fatal("who came last is not answered")
		}
	}
	if !answered(operator) {
		t.Error("a crowd from elsewhere shut the operator out")
	}
	there := 0
	for _, c := range crowd {
		if answered(c) {
			there++
		}
	}
	if there != most-1 {
		t.Errorf("%d of the crowd are there, want %d", there, most-1)
	}
}
