// This file tests rows and connections that were closed, and how long that takes.

package netdriver

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"io"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestRowsThatAreClosedMayBeAskedForTheirColumns(t *testing.T) {
	c := held(t, open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.send(wire.TypeEnd, id, &wire.End{})
	}))
	below(c, func(cn *conn) error {
		got, err := cn.QueryContext(t.Context(), "select", nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := got.Close(); err != nil {
				t.Error(err)
			}
		}
		r := got.(*rows) //nolint:forcetypeassert // it is this driver's
		name, scan := r.ColumnTypeDatabaseTypeName(0), r.ColumnTypeScanType(0)
		_, length := r.ColumnTypeLength(0)
		_, nullable := r.ColumnTypeNullable(0)
		_, _, precision := r.ColumnTypePrecisionScale(0)
		if name != "" || scan != reflect.TypeFor[any]() || length || nullable || precision || len(r.Columns()) != 0 {
			t.Errorf("got %q, %v, %v, %v, %v, %v", name, scan, length, nullable, precision, r.Columns())
		}
		if err := r.Next(make([]driver.Value, 1)); err != io.EOF || r.HasNextResultSet() || r.NextResultSet() != io.EOF { //nolint:errorlint // the contract is identity
			t.Errorf("there is more: %v", err)
		}
		return nil
	})
}

// stuck is a connection that takes nothing more after the word.
type stuck struct {
	net.Conn
	word chan struct{}
	end  chan struct{}
}

func (s stuck) Write(b []byte) (int, error) {
	select {
	case <-s.word:
		<-s.end
		return 0, net.ErrClosed
	default:
		return s.Conn.Write(b)
	}
}

func (s stuck) Close() error {
	select {
	case <-s.end:
	default:
		close(s.end)
	}
	return s.Conn.Close()
}

func TestAConnectionOverTLSIsClosedInTimeWhereNothingGoesOut(t *testing.T) {
	a := newAuthority(t)
	addr := fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
		g.enter()
		g.drain()
	}))
	word := make(chan struct{})
	c, err := NewConnector(Config{
		User: "app", Token: "token", Hosts: []string{addr}, TLSConfig: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return stuck{deaf{nc}, word, make(chan struct{})}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	if err := held(t, db).Close(); err != nil {
		t.Fatal(err)
	}
	close(word)
	closed := make(chan struct{})
	go func() { // ends with Close
		_ = db.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("it is still open")
	}
}
