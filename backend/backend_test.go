// This file tests the registry, the tables of error classes and the look at a plain connection.

package backend_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/backend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStatesSayWhatTheyMeanForTheConnection(t *testing.T) {
	for code, want := range map[string]backend.Class{
		"23505": backend.ClassVerdict, "57014": backend.ClassVerdict, "40001": backend.ClassVerdict,
		"08006": backend.ClassVerdict, // a foreign table's lost connection, not ours
		"57P01": backend.ClassFatal, "25P03": backend.ClassFatal,
		"53300": backend.ClassTooMany, "57P03": backend.ClassUnavailable,
		"28P01": backend.ClassLogin, "28000": backend.ClassLogin,
		"": backend.ClassUnknown, "1": backend.ClassUnknown,
	} {
		if got := backend.SQLState(code); got != want {
			t.Errorf("SQLSTATE %q is class %d, want %d", code, got, want)
		}
	}
}

func TestMySQLNumbersSayWhatTheyMeanForTheConnection(t *testing.T) {
	for number, want := range map[uint16]backend.Class{
		1062: backend.ClassVerdict, 1064: backend.ClassVerdict, 1213: backend.ClassVerdict, 1317: backend.ClassVerdict,
		1040: backend.ClassTooMany, 1203: backend.ClassTooMany,
		1045: backend.ClassLogin, 1129: backend.ClassLogin, 1862: backend.ClassLogin, 3118: backend.ClassLogin,
		3955: backend.ClassLogin, 4150: backend.ClassLogin, 4151: backend.ClassLogin,
		1053: backend.ClassFatal, 1927: backend.ClassFatal, 1047: backend.ClassUnavailable,
		2013: backend.ClassDead, 3024: backend.ClassVerdict,
	} {
		if got := backend.MySQLNumber(number); got != want {
			t.Errorf("error %d is class %d, want %d", number, got, want)
		}
	}
}

func TestOnlyAPlainChangeIsRefusedWhole(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                 true, // a commit
		"insert into w values (1)":         true,
		"  DELETE\nfrom w;":                true,
		"drop table w":                     true,
		"insert into w values (1); call p": false,
		"call p()":                         false,
		"select f()":                       false,
		"with x as (select 1) delete from": false,
		"insert":                           false,
		"load data local infile 'x'":       false,
	} {
		if got := backend.MySQLRefusedWhole(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

type stated string

func (s stated) Error() string    { return string(s) }
func (s stated) SQLState() string { return string(s) }

func TestErrorsOfUnknownDriversAreClassifiedByWhatTheyCarry(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want backend.Class
	}{
		{fmt.Errorf("wrapped: %w", stated("23505")), backend.ClassVerdict},
		{stated("08006"), backend.ClassDead},
		{io.ErrUnexpectedEOF, backend.ClassDead},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, backend.ClassDead},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, backend.ClassUnavailable},
		{fmt.Errorf("hostname resolving error: %w", &net.DNSError{Err: "no such host", IsNotFound: true}), backend.ClassUnavailable}, // pgx's words
		{driver.ErrBadConn, backend.ClassUnknown},
		{errors.New("something else"), backend.ClassUnknown},
		{context.Canceled, backend.ClassUnknown},
	} {
		if got := backend.Common(tc.err); got != tc.want {
			t.Errorf("%v is class %d, want %d", tc.err, got, tc.want)
		}
	}
}

func message(kind byte, body string) []byte {
	n := len(body) + 4
	return append([]byte{kind, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

func TestOnlyWholeNewsKeepsAPlainPostgreSQLConnection(t *testing.T) {
	notice, status, news := message('N', "x\x00"), message('S', "TimeZone\x00UTC\x00"), message('A', "1234chan\x00")
	fatal := message('E', "SFATAL\x00")
	for name, tc := range map[string]struct {
		pending []byte
		want    bool
	}{
		"nothing":              {nil, true},
		"a notice":             {notice, true},
		"news of all kinds":    {append(append(append([]byte{}, notice...), status...), news...), true},
		"a cut off notice":     {notice[:3], true},
		"an error":             {fatal, false},
		"an error behind news": {append(append([]byte{}, news...), fatal...), false},
		"a row":                {message('D', "x"), false},
		"a crash elsewhere":    {message('N', "SWARNING\x00C57P02\x00Mterminating\x00\x00"), false},
		"a length too small":   {[]byte{'N', 0, 0, 0, 1}, false},
		"a negative length":    {[]byte{'N', 0xff, 0xff, 0xff, 0xff, 1, 2}, false},
	} {
		if got := backend.PlaintextPostgres(tc.pending); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

func FuzzPlaintextPostgres(f *testing.F) {
	f.Add(message('N', "x"))
	f.Add([]byte{'S', 0, 0, 0, 4, 'E'})
	f.Fuzz(func(t *testing.T, pending []byte) {
		if backend.PlaintextPostgres(pending) && len(pending) > 0 && pending[0] != 'N' && pending[0] != 'S' && pending[0] != 'A' {
			t.Errorf("%q keeps the connection", pending)
		}
	})
}

// plain is a driver without DriverContext.
type plain struct{}

func (plain) Open(name string) (driver.Conn, error) {
	if name == "u:M4rk" {
		return nil, errors.New("cannot parse " + name)
	}
	return nil, errPlain
}

var errPlain = errors.New("refused")

func init() { sql.Register("backendtest", plain{}) }

func TestADriverIsFoundByItsName(t *testing.T) {
	b, err := backend.ByName("backendtest", "a=b")
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Open("a=b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(t.Context()); err != errPlain { //nolint:errorlint // the driver's own
		t.Errorf("Connect: %v, want the driver's own", err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %d", c, c, c, c); strings.Contains(shown, "a=b") {
		t.Errorf("the connector shows its DSN: %s", shown)
	}
	if c, err = b.Open("u:M4rk"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(t.Context()); err == nil || strings.Contains(err.Error(), "quote\"") || strings.HasSuffix(err.Error(), "M4rk") {
		t.Errorf("Connect: %v, want an error that does not quote the DSN", err)
	}
	if _, err := backend.ByName("nobody;password=secret", ""); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a driver that nobody registered: %v", err)
	}
}

func TestRegisteringTwicePanics(t *testing.T) {
	b := backend.Backend{Name: "twice", Owns: func(d driver.Driver) bool { _, ok := d.(*plain); return ok }}
	seen := 0
	backend.Observe(func(got backend.Backend) {
		if got.Name == "twice" {
			seen++
		}
	})
	backend.Register(b)
	if seen != 1 {
		t.Errorf("an observer saw the backend %d times", seen)
	}
	if got := backend.For(&plain{}); got.Name != "twice" {
		t.Errorf("For found %q", got.Name)
	}
	if got := backend.For(plain{}); got.Owns != nil || got.ErrBadConnLies {
		t.Errorf("For of a stranger: %+v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a second backend of the same name was accepted")
		}
	}()
	backend.Register(b)
}
