// This file tests the query cache, a gateway's and a client's, beside those who have the client's own connection.

package remote_test

import (
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/netdriver"
)

// caching is a gateway that keeps answers, before a table "raw_items" whose item is
// called "one", and a client of it.
type caching struct {
	t  *testing.T
	c  *fluxor.Connector
	db *sql.DB
}

func cachingOn(t *testing.T, d conform.Database, name, options string) *caching {
	t.Helper()
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: d.Driver, DSN: d.DSN(t), Cache: "all", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	k := &caching{t, c, open(t, name, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(c)), options))}
	for _, text := range []string{
		"drop table if exists raw_items", "create table raw_items (id int primary key, name varchar(20))", "insert into raw_items values (1, 'one')",
	} {
		if _, err := k.db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// reads checks what a reader is told. The client itself keeps no answer: it does not
// know the grammar of what is behind a gateway.
func (k *caching) reads(want string) {
	k.t.Helper()
	ctx, client := fluxor.CacheInfo(k.t.Context())
	var got string
	if err := k.db.QueryRowContext(ctx, "select name from raw_items where id = 1").Scan(&got); err != nil || got != want {
		k.t.Fatalf("a reader is told %q, %v, want %q", got, err, want)
	}
	if client.Status != "" && client.Status != "bypass" {
		k.t.Errorf("the client's own cache: %+v", *client)
	}
}

// sees checks what readers are told, until one of them was told what was kept.
func (k *caching) sees(want string) {
	k.t.Helper()
	for before, n := k.c.CacheStats().Hits, 0; n < 2 || k.c.CacheStats().Hits == before; n++ {
		k.reads(want)
	}
}

func TestRemoteWritesOfTheClientsOwnConnectionInATransactionAreSeenAfterItsCommit(t *testing.T) {
	raws := map[string]func(*sql.Conn, func(any) error) error{
		netdriver.Name: (*sql.Conn).Raw,
		"fluxor":       func(c *sql.Conn, f func(any) error) error { return fluxor.Raw(t.Context(), c, f) },
	}
	options := map[string]string{"fluxor": "fluxor_cache=all"}
	for _, d := range databases() {
		if d.Dialect == conform.Oracle {
			continue // its double keeps no tables
		}
		for name, raw := range raws {
			t.Run(d.Name+"/"+name, func(t *testing.T) {
				k := cachingOn(t, d, name, options[name])
				k.sees("one")
				c, err := k.db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close() //nolint:errcheck // it was only read in
				tx, err := c.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := raw(c, func(own any) error {
					_, err := own.(driver.ExecerContext).ExecContext(t.Context(), "update raw_items set name = 'two' where id = 1", nil)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				k.reads("one")
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				k.sees("two")
			})
		}
	}
}
