// This file reads the stream of events in virtual time, over connections within the process.

package admin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/admin"
)

// pipes is a listener whose connections are pipes: what is written waits until
// it is read.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialed:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p pipes) Close() error {
	close(p.closed)
	return nil
}

// serve serves a handler over pipes, until the test ends.
func serve(t *testing.T, h http.Handler) (pipes, *http.Server) {
	t.Helper()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(p) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return p, server
}

// reader is one who reads events.
type reader struct {
	net.Conn
	*http.Response
	lines *bufio.Scanner
}

// ask sends a request for a stream and reads the head of the answer.
func (p pipes) ask(t *testing.T, query string) *reader {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close() })
	p.dialed <- server
	if _, err := fmt.Fprintf(client, "GET /api/events%s HTTP/1.1\r\nHost: h\r\n\r\n", query); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(client), nil) //nolint:bodyclose // it is read to its end or left with its pipe
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &reader{client, answer, lines}
}

// line is the next line that is not empty; "" at the end.
func (r *reader) line() string {
	for r.lines.Scan() {
		if text := r.lines.Text(); text != "" {
			return text
		}
	}
	return ""
}

func TestEventsComeAtOnceAndAtTheInterval(t *testing.T) {
	t.Parallel()
	for query, interval := range map[string]time.Duration{"": time.Second, "?interval=250ms": 250 * time.Millisecond, "?interval=5s": 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := serve(t, admin.New(admin.Named{Name: "orders", Source: newSource(closed())}))
			start := time.Now()
			r := p.ask(t, query)
			if kind := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || kind != "text/event-stream" || r.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d, %v", r.StatusCode, r.Header)
			}
			if got := r.line(); got != "retry: 2000" {
				t.Errorf("the first line is %q", got)
			}
			for n := range 20 {
				if got, want := r.line(), fmt.Sprintf("id: %d", n+1); got != want {
					t.Fatalf("got %q, want %q", got, want)
				}
				var d admin.Document
				data, _ := strings.CutPrefix(r.line(), "data: ")
				if err := json.Unmarshal([]byte(data), &d); err != nil || d.Connectors[0].Name != "orders" {
					t.Fatalf("%v: %s", err, data)
				}
				if passed := time.Since(start); passed != time.Duration(n)*interval {
					t.Fatalf("event %d came after %v", n, passed)
				}
			}
		})
	}
}

func TestALongSilenceIsBrokenByComments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, admin.New())
		start := time.Now()
		r := p.ask(t, "?interval=1m")
		var got []string
		for range 8 {
			text := r.line()
			word, _, _ := strings.Cut(text, ": ")
			got = append(got, fmt.Sprintf("%v %s", time.Since(start), word))
		}
		want := "0s retry|0s id|0s data|15s |30s |45s |1m0s id|1m0s data"
		if strings.Join(got, "|") != want {
			t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
		}
	})
}

func TestAReaderWhoStopsReadingIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.New(admin.Named{Source: newSource(closed())})
		p, _ := serve(t, h)
		var slow []*reader
		for range admin.MaxStreams {
			slow = append(slow, p.ask(t, ""))
		}
		refused := p.ask(t, "")
		if body, _ := io.ReadAll(refused.Body); refused.StatusCode != http.StatusServiceUnavailable || refused.Header.Get("Retry-After") != "2" || !strings.Contains(string(body), "/api/state") {
			t.Errorf("%d, %v, %s", refused.StatusCode, refused.Header, body)
		}
		<-time.After(11 * time.Second)
		r := p.ask(t, "")
		if r.StatusCode != http.StatusOK || r.line() != "retry: 2000" {
			t.Errorf("%d although all others stopped reading", r.StatusCode)
		}
		for _, s := range slow {
			if _, err := io.Copy(io.Discard, s.Conn); err != nil {
				t.Errorf("the connection of a dropped reader: %v", err)
			}
		}
	})
}

func TestAReaderWhoLeavesFreesItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, admin.New())
		for range 3 * admin.MaxStreams {
			r := p.ask(t, "")
			if r.StatusCode != http.StatusOK {
				t.Fatalf("%d", r.StatusCode)
			}
			_ = r.Conn.Close()
			synctest.Wait()
		}
	})
}

func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.New()
		p, server := serve(t, h)
		server.RegisterOnShutdown(h.Close)
		r := p.ask(t, "")
		ended := make(chan time.Duration)
		start := time.Now()
		go func() {
			for r.line() != "" { //nolint:revive // reads to the end
			}
			ended <- time.Since(start)
		}()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := <-ended; took > time.Second {
			t.Errorf("the stream ended after %v", took)
		}
		h.Close()
		if w := get(t, h, http.MethodGet, "/api/events"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "shutting down") {
			t.Errorf("%d, %s", w.Code, w.Body)
		}
		if w := get(t, h, http.MethodGet, "/api/state"); w.Code != http.StatusOK {
			t.Errorf("/api/state: %d", w.Code)
		}
	})
}

func TestAWrongIntervalIsRefusedWithItsBounds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1", "249ms", "61s", "-1s", "x", "9999999h", strings.Repeat("9", 5000)} {
		w := get(t, admin.New(), http.MethodGet, "/api/events?interval="+text)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "250ms to 1m0s") || w.Body.Len() > 3000 {
			t.Errorf("%s: %d, %s", text, w.Code, w.Body)
		}
	}
}

func TestHeadOfAStreamEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := get(t, admin.New(), http.MethodHead, "/api/events")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" || w.Body.Len() > 0 {
		t.Errorf("%d, %v, %q", w.Code, w.Header(), w.Body)
	}
}
