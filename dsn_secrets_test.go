// This file opens DSNs that are wrong in every way, through the real drivers, and looks for the password in what comes of it.

package fluxor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fluxor-db/fluxor/backend"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	_ "github.com/fluxor-db/fluxor/drivers/postgres"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
)

// aliases are the backends behind the driver names; "" is "fluxor" itself.
var aliases = []string{"", "postgres", "pgx", "mysql", "oracle", "sqlite"}

// refusalOf opens a DSN as sql.Open does and lets the driver read it: pgx does
// that only when it connects. Nothing is dialed, the context has ended. What
// pgx says when it has understood the DSN, and names user and database, is no
// refusal.
func refusalOf(text, alias string) error {
	c, err := (&sqlDriver{alias: alias}).connector(text)
	if err != nil {
		return err
	}
	if c.main.backend.Name != "pgx" {
		return c.Close()
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	ci, err := c.main.inner.Connect(ended)
	if err == nil {
		err = ci.Close()
	}
	if errors.As(err, new(*pgconn.ConnectError)) {
		err = nil
	}
	return errors.Join(err, c.Close())
}

// printed is everything that fmt makes of an error and of what it wraps.
func printed(err error) string {
	var all strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&all, "%v %+v %#v\n", err, err, err)
	}
	return all.String()
}

func TestNoRefusalShowsThePassword(t *testing.T) {
	for _, row := range []struct{ alias, text string }{
		{"", "postgres://u:M4rk#1@h/db"},
		{"", "postgres://u:M4rk@h:port/db#x"},
		{"", "postgres://u:M4rk%x@h/db"},
		{"pgx", "host=h user=u password = M4rk sslmode=bogus"},
		{"pgx", `host=h user=u password='it\'s M4rk' sslmode=bogus`},
		{"pgx", `host=h user=u password=x\ M4rk sslmode=bogus`},
		{"pgx", "host=h user=u sslpassword=M4rk sslmode=bogus"},
		{"pgx", "postgres://u:M4rk%@h/db"},
		{"pgx", "u:M4rk pw@tcp(h)/db"},
		{"postgres", "u:M4rk pw@tcp(h)/db"},
		{"mysql", "host=h user=u password=M4rk/x dbname=d"},
		{"mysql", "postgres://u:M4rk%x@h"},
		{"", "postgres://h/db?fluxor_driver=pgx;password=M4rk"},
		{"", "postgres:///db?fluxor_driver=mysql:M4rk#x@h"},
		{"", "postgres://u:a?fluxor_preset=M4rk&x@h/db"},
		{"", "postgres://u:a?fluxor_M4rk&x@h/db"},
		{"", "oracle://u:M4rk%x@h/s"},
		{"", "oracle://u:M4rk#1@h/s?timezone=x"},
		{"", "u/x@M4rk@h/s"},
		{"", `u/"x@M4rk"@h/s?fluxor_preset=legacy`},
		{"", `user=u password="M4rk" connectString=h standaloneConnection=x fluxor_preset=legacie`},
		{"oracle", `user=u password="M4rk connectString=h`},
		{"oracle", `user=u password=M4rk" connectString=h`},
		{"oracle", "user=u connectString=h token=M4rk poolMaxSessions=x"},
		{"oracle", `user=u newPassword=M4rk connectString=h alterSession="a=M4rk\""`},
		{"mysql", `connectString=h user="/db" password="a?fluxor_M4rk&x"`},
	} {
		err := refusalOf(row.text, row.alias)
		if err == nil || strings.Contains(printed(err), "M4rk") {
			t.Errorf("%q under %q: %v", row.text, row.alias, err)
		}
	}
}

func TestRefusalKeepsItsTypeAndReason(t *testing.T) {
	for _, password := range []string{"password=M4rk", "password = M4rk", `password='it\'s M4rk'`} {
		var parse *pgconn.ParseConfigError
		err := refusalOf("host=h user=u "+password+" sslmode=bogus", "pgx")
		if !errors.As(err, &parse) || !strings.HasSuffix(parse.Error(), "failed to configure TLS (sslmode is invalid)") || parse.ConnString != "host=h user=u password=*** sslmode=bogus" {
			t.Errorf("pgx: got %v", err)
		}
	}
	err := refusalOf("postgres://u:M4rk@h/db?connect_timeout=x1", "pgx")
	if !errors.Is(err, strconv.ErrSyntax) {
		t.Errorf("pgx: got %v", err)
	}
	if err = refusalOf("postgres://u:M4rk#1@h/db", "postgres"); !errors.As(err, new(*url.Error)) {
		t.Errorf("lib/pq: got %v", err)
	}
	if err = refusalOf("postgres://u:M4rk@h/db?sslmode=bogus", "postgres"); err == nil || !strings.HasPrefix(err.Error(), `pq: wrong value for "sslmode": "bogus"`) {
		t.Errorf("lib/pq: got %v", err)
	}
}

func TestLogShowsNoPassword(t *testing.T) {
	var log bytes.Buffer
	c, err := NewConnector(RuntimeConfig{DSN: "host=h user=u password = M4rk sslmode=bogus", Driver: "pgx", WarmupConnections: 2, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ci, _ := c.Connect(t.Context())
	if err := ci.(*conn).Ping(t.Context()); err == nil || strings.Contains(err.Error(), "M4rk") {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(ci.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if log.Len() == 0 || strings.Contains(log.String(), "M4rk") {
		t.Errorf("got %s", log.String())
	}
}

func TestNothingPrintedShowsTheDSN(t *testing.T) {
	const text = "postgres://u:M4rk@h/db"
	type app struct{ Config RuntimeConfig }
	cfg := app{RuntimeConfig{DSN: text, MaxOpenConns: 3, ConnMaxLifetime: -1}}
	shown := map[string]string{}
	for name, v := range map[string]any{"config": cfg, "pointer": &cfg, "DSN as the driver": app{RuntimeConfig{Driver: text}}} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "app", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("start", "app", v)
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		shown[name] = fmt.Sprintf("%v %+v %#v %s %s", v, v, v, log.String(), data)
	}
	d := &sqlDriver{}
	ci, err := d.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	defer ci.Close() //nolint:errcheck // nothing was dialed
	shown["driver"] = fmt.Sprintf("%v %+v %#v %s %d %x", d, d, d, d, d, d)
	shown["connection"] = fmt.Sprintf("%v %+v %#v", ci, ci, ci)
	for _, b := range backend.All() {
		if b.Name != "pgx" {
			continue // the other drivers' connectors are their own
		}
		c, err := b.Open(text)
		if err != nil {
			t.Fatal(err)
		}
		shown["connector of "+b.Name] = fmt.Sprintf("%v %+v %#v %d", c, c, c, c)
	}
	for name, text := range shown {
		if strings.Contains(text, "M4rk") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if want := `{"Config":{"ConnMaxLifetime":"off","DSN":"postgres://u:***@h/db","MaxOpenConns":3}}`; !strings.Contains(shown["config"], want) {
		t.Errorf("got %s, want %s", shown["config"], want)
	}
}

// FuzzOpenShowsNoPassword is FuzzParseDSN with the drivers' own refusals.
func FuzzOpenShowsNoPassword(f *testing.F) {
	for _, part := range []string{
		"", "u", "/db", "x@h/db?fluxor_preset=", "h?fluxor_", "'", `"`, "\\", "%", "a fluxor_type=", "(", "#", "#x", ":p", "/db?sslmode=bogus", "/db?parseTime=x", "/db?fluxor_type=mysql",
		"/db?fluxor_driver=mysql", " fluxor_driver=mysql", "/x?fluxor_type=postgres", " sslmode=bogus", "/db?connect_timeout=x", "?fluxor_preset=legaci", " fluxor_max_open_conns=x fluxor_driver=pgx",
		"\nfluxor_preset=1", "%zz", ":port/db#x",
	} {
		f.Add(part, "")
		f.Add("u", part)
		f.Add(part, part)
	}
	f.Fuzz(func(t *testing.T, user, rest string) {
		for _, word := range []string{"M4rk", "service", "cert", "file", "key"} {
			if strings.Contains(user+rest, word) {
				return // names files, or the password itself
			}
		}
		texts := []string{
			"user=" + user + ` password='M4rk\'' ` + rest,
			"host=::1 user=" + user + ` password = M4rk ` + rest, // needs no name server
			"host=::1 user=" + user + ` password=M4rk/x ` + rest,
		}
		for _, password := range []string{"M4rk", "M4rk#x", "x/M4rk", "M4rk@x", "x:M4rk", "M4rk%x", "M4rk x", "M4rk[", "(M4rk)", "a?M4rk", "a?fluxor_M4rk&x"} {
			texts = append(texts, "postgres://"+user+":"+password+"@[::1]"+rest, "mysql://"+user+":"+password+"@[::1]"+rest, user+":"+password+"@tcp(h)"+rest,
				"oracle://"+user+":"+password+"@h"+rest, user+"/"+password+"@h/s"+rest, `connectString=h user="`+user+`" password="`+password+`" `+rest)
		}
		for _, text := range texts {
			for _, alias := range aliases[:5] {
				if err := refusalOf(text, alias); err != nil && strings.Contains(printed(err), "M4rk") {
					t.Errorf("%q under %q: %v", text, alias, err)
				}
			}
		}
	})
}
