// This file is the kit of these tests: a gateway on a port of its own, and a client that is nothing but frames.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

const token = "a long and random token"

// connector is Fluxor's connector for a DSN, closed with the test.
func connector(t *testing.T, dsn string, change ...func(*fluxor.RuntimeConfig)) *fluxor.Connector {
	t.Helper()
	c := fluxor.RuntimeConfig{DSN: dsn, Logger: silent()}
	for _, f := range change {
		f(&c)
	}
	db, err := fluxor.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// config serves db as "erp" to the user "app" with the token.
func config(db gateway.Database) gateway.Config {
	return gateway.Config{
		Databases: map[string]gateway.Database{"erp": db},
		Users:     []gateway.User{{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}}},
		Logger:    silent(),
	}
}

// served is a gateway that runs.
type served struct {
	*gateway.Server
	address string
}

// serve runs a gateway on a loopback port until the test ends.
func serve(t testing.TB, c gateway.Config) *served {
	t.Helper()
	s, err := gateway.New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, gateway.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return &served{s, l.Addr().String()}
}

// sqlite serves a new SQLite database.
func sqlite(t *testing.T, change ...func(*gateway.Config)) *served {
	t.Helper()
	c := config(connector(t, dbtest.SQLite(t, "_pragma=busy_timeout(5000)")))
	for _, f := range change {
		f(&c)
	}
	return serve(t, c)
}

// client is a raw client: it says exactly what a test says.
type client struct {
	t     testing.TB
	conn  net.Conn
	r     *wire.Reader
	out   wire.Buffer
	codec wire.Codec
	last  uint32
	hello wire.Welcome
}

// dial connects without a word.
func dial(t testing.TB, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return over(t, conn)
}

func over(t testing.TB, conn net.Conn) *client {
	t.Cleanup(func() { _ = conn.Close() })
	limit := time.Minute // no test hangs
	if soaking() {
		limit = time.Hour
	}
	_ = conn.SetDeadline(time.Now().Add(limit))
	return &client{t: t, conn: conn, r: wire.NewReader(conn, wire.Limits{})}
}

// login logs in as app with the token.
func login(t testing.TB, s *served, change ...func(*wire.Hello)) *client {
	t.Helper()
	c := dial(t, s.address)
	hello := wire.Hello{User: "app", DB: "erp", Token: token}
	for _, f := range change {
		f(&hello)
	}
	c.greet(&hello)
	c.welcomed()
	return c
}

// greet sends the preamble and hello.
func (c *client) greet(hello *wire.Hello) {
	c.t.Helper()
	c.write([]byte(wire.Preamble))
	c.send(wire.TypeHello, 0, hello)
}

// welcomed waits for the end of the login.
func (c *client) welcomed() {
	c.t.Helper()
	m := c.next()
	if m.Type != wire.TypeWelcome {
		c.t.Fatalf("got %s %s, want welcome", m.Type, m.Body)
	}
	c.decode(m, &c.hello)
	if c.hello.Codec == wire.Binary.String() {
		c.codec = wire.Binary
	}
}

func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// send sends one message.
func (c *client) send(t wire.Type, id uint32, body wire.Body) {
	c.t.Helper()
	c.out.Reset()
	c.out.Add(t, id, body, c.codec)
	c.write(c.out.Bytes())
}

// request sends a request under a new number, which it returns.
func (c *client) request(t wire.Type, body wire.Body) uint32 {
	c.t.Helper()
	c.last++
	c.send(t, c.last, body)
	return c.last
}

func (c *client) next() wire.Message {
	c.t.Helper()
	m, err := c.r.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *client) decode(m wire.Message, into interface {
	Decode(body []byte, c wire.Codec) error
},
) {
	c.t.Helper()
	if err := into.Decode(m.Body, m.Codec()); err != nil {
		c.t.Fatalf("%s %s: %v", m.Type, m.Body, err)
	}
}

// answer is all that answers one request.
type answer struct {
	sets    [][][]driver.Value
	columns [][]wire.Column
	end     wire.End
	fail    *wire.Error
	notices []string
	size    int // of bodies of rows
}

// answer collects the answer to a request.
func (c *client) answer(id uint32) *answer {
	c.t.Helper()
	a := &answer{}
	for {
		m := c.next()
		if m.Type != wire.TypeGoaway && m.ID != id {
			c.t.Fatalf("got %s for %d, want an answer for %d: %s", m.Type, m.ID, id, m.Body)
		}
		switch m.Type {
		case wire.TypeHead:
			var h wire.Head
			c.decode(m, &h)
			a.columns, a.sets = append(a.columns, h.Columns), append(a.sets, nil)
		case wire.TypeRows:
			a.size += len(m.Body)
			a.take(c, m)
		case wire.TypeEnd:
			c.decode(m, &a.end)
			if !a.end.More {
				return a
			}
		case wire.TypeError:
			a.fail = &wire.Error{}
			c.decode(m, a.fail)
			return a
		case wire.TypePong, wire.TypePrepared:
			return a
		case wire.TypeGoaway:
			a.notices = append(a.notices, "goaway")
		case wire.TypeNotice:
			var n wire.Notice
			c.decode(m, &n)
			a.notices = append(a.notices, n.Code)
		default:
			c.t.Fatalf("got %s", m.Type)
		}
	}
}

// take reads a message of rows.
func (a *answer) take(c *client, m wire.Message) {
	c.t.Helper()
	var d wire.RowsDecoder
	n := len(a.sets) - 1
	d.Reset(a.columns[n], m.Codec(), m.Body)
	for {
		row := make([]driver.Value, len(a.columns[n]))
		more, err := d.Next(row)
		if err != nil {
			c.t.Fatal(err)
		}
		if !more {
			return
		}
		a.sets[n] = append(a.sets[n], row)
	}
}

// value is the first value of the first result set.
func (a *answer) value(t *testing.T) any {
	t.Helper()
	if a.fail != nil {
		t.Fatal(a.fail)
	}
	if len(a.sets) == 0 || len(a.sets[0]) == 0 {
		t.Fatal("there is no row")
	}
	return a.sets[0][0][0]
}

func arguments(args []any) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
		if n, ok := a.(driver.NamedValue); ok {
			named[i].Name, named[i].Value = n.Name, n.Value
		}
	}
	return named
}

func (c *client) query(text string, args ...any) *answer {
	c.t.Helper()
	return c.answer(c.request(wire.TypeQuery, &wire.Statement{SQL: text, Args: arguments(args)}))
}

func (c *client) exec(text string, args ...any) *answer {
	c.t.Helper()
	return c.answer(c.request(wire.TypeExec, &wire.Statement{SQL: text, Args: arguments(args)}))
}

// must runs statements that have to succeed.
func (c *client) must(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if a := c.exec(text); a.fail != nil {
			c.t.Fatalf("%s: %v", text, a.fail)
		}
	}
}

func (c *client) do(t wire.Type, body wire.Body) *answer {
	c.t.Helper()
	return c.answer(c.request(t, body))
}

// refused checks that an answer is an error of that kind.
func (a *answer) refused(t *testing.T, kind wire.ErrorKind) *wire.Error {
	t.Helper()
	if a.fail == nil {
		t.Fatalf("it succeeded, want an error of kind %s", kind)
	}
	if a.fail.Kind != kind {
		t.Fatalf("got %s: %s, want the kind %s", a.fail.Kind, a.fail.Message, kind)
	}
	return a.fail
}

// ended waits until the gateway closes the connection.
func (c *client) ended() {
	c.t.Helper()
	for {
		_, err := c.r.Next()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			c.t.Fatal("the connection is still open")
		case err != nil:
			return
		}
	}
}
