// This file fuzzes what a client can say before it is known.

package gateway_test

import (
	"io"
	"net"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// said is a connection whose client has said all that it will say.
func said(f *testing.F) func(t *testing.T, bytes []byte) (answer []byte, sessions int) {
	secret, err := gateway.NewSCRAM("correct horse")
	if err != nil {
		f.Fatal(err)
	}
	c := config(&faulty{})
	c.Users[0].SCRAM = secret
	return func(t *testing.T, bytes []byte) ([]byte, int) {
		s, err := gateway.New(c)
		if err != nil {
			t.Fatal(err)
		}
		l := &single{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
		client, server := net.Pipe()
		l.conn <- server
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = s.Serve(l)
		}()
		read := make(chan []byte)
		go func() {
			all, _ := io.ReadAll(client)
			read <- all
		}()
		_, _ = client.Write(bytes)
		sessions := s.Sessions()
		_ = s.Close()
		<-ended
		_ = client.Close()
		return <-read, sessions
	}
}

// single is a listener with one connection.
type single struct {
	conn   chan net.Conn
	closed chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case c := <-s.conn:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *single) Close() error {
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	return nil
}

func (s *single) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// FuzzLogin: whatever a client says that does not know a secret, it gets no
// session, and the gateway lives.
func FuzzLogin(f *testing.F) {
	add := func(messages ...func(b *wire.Buffer)) {
		b := wire.Buffer{B: []byte(wire.Preamble)}
		for _, m := range messages {
			m(&b)
		}
		f.Add(b.Bytes())
	}
	hello := func(h wire.Hello) func(*wire.Buffer) {
		return func(b *wire.Buffer) { b.Add(wire.TypeHello, 0, &h, wire.JSON) }
	}
	response := func(data string) func(*wire.Buffer) {
		return func(b *wire.Buffer) { b.Add(wire.TypeResponse, 0, &wire.Response{Data: wire.Proof(data)}, wire.JSON) }
	}
	add(hello(wire.Hello{User: "app", DB: "erp", Token: "x"}))
	add(hello(wire.Hello{User: "app", DB: "erp", Mech: wire.AuthSCRAM, Data: wire.Proof("n,,n=,r=abcdefgh")}), response("c=biws,r=abcdefgh,p=AAAA"))
	add(hello(wire.Hello{User: "app", DB: "erp", Auth: []string{wire.AuthSCRAM}}), response("p=tls-exporter,,n=app,r=x"), response(""))
	f.Add([]byte(`{"type":"hello","user":"app","db":"erp","token":"x"}` + "\n"))
	say := said(f)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if answer, sessions := say(t, bytes); sessions != 0 {
			t.Fatalf("there is a session after %q: %q", bytes, answer)
		}
	})
}

// FuzzSCRAMSecret: what is taken for a secret is written as it was read.
func FuzzSCRAMSecret(f *testing.F) {
	secret, err := gateway.NewSCRAM("correct horse")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(secret.Secret())
	f.Fuzz(func(t *testing.T, text string) {
		s, err := gateway.ParseSCRAM(text)
		if err != nil {
			return
		}
		again, err := gateway.ParseSCRAM(s.Secret())
		if err != nil || again.Secret() != s.Secret() {
			t.Errorf("%q is written as %q: %v", text, s.Secret(), err)
		}
	})
}
