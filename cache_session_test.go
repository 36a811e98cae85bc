// This file tests the query cache in sessions that are told something of their own: they read what the bare driver reads.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/fluxor-db/fluxor"
)

func TestASessionOfItsOwnReadsWhatTheBareDriverReads(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		if k.b.name == "pgx" { // whose own statements refuse another search_path
			return
		}
		k.exec(k.db, "create schema other")
		k.exec(k.db, "create table other.items (id int primary key, name text)")
		k.exec(k.db, "insert into other.items values (1, 'other')")
		k.learned()
		bare, err := k.bare.Conn(k.t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		defer bare.Close() //nolint:errcheck // it is the test's end
		c := k.conn()
		for _, text := range []string{
			"select 1", "set search_path = other", "set search_path = public", "set search_path = 'other'", "reset search_path",
			"create table pg_temp.items as select 1 as id, 'temporary' as name", "drop table pg_temp.items",
			"create table pg_temp.items (id int, name text)", "insert into pg_temp.items values (1, 'temporary')", "drop table pg_temp.items",
			"create temp table items as select 1 as id, 'temporary' as name", "discard temp",
			"prepare p as select name from items", "begin", "set local search_path = other", "savepoint a", "rollback to a", "rollback",
			"do $$ begin perform set_config('search_path', 'other', false); end $$", "discard all",
			"begin", "declare c cursor for select name from items", "fetch c", "lock table items in share mode", "commit", "select pg_advisory_lock_shared(1)", "listen x", "notify x", "unlisten *",
		} {
			for on, db := range map[string]*sql.Conn{"bare": bare, "Fluxor": c} {
				if _, err := db.ExecContext(k.t.Context(), text); err != nil {
					k.t.Fatalf("%s: %s: %v", on, text, err)
				}
			}
			var want string
			wantErr := bare.QueryRowContext(k.t.Context(), "select name from items where id = $1", 1).Scan(&want)
			for range 2 {
				var got string
				err := c.QueryRowContext(k.t.Context(), "select name from items where id = $1", 1).Scan(&got)
				if got != want || (err == nil) != (wantErr == nil) {
					k.t.Errorf("after %q: %q, %v; the bare driver: %q, %v", text, got, err, want, wantErr)
				}
			}
			if got, how := k.name(k.db, 1); got != "one" {
				k.t.Errorf("after %q another session reads %q (%s)", text, got, how)
			}
		}
	})
}

func TestAContextThatIsOverGetsNoKeptAnswer(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.sees("one")
		c := k.conn()
		ctx, cancel := context.WithCancel(k.t.Context())
		cancel()
		_, err := c.QueryContext(ctx, "select name from items where id = "+k.b.placeholder, 1) //nolint:rowserrcheck,sqlclosecheck // there are none
		if !errors.Is(err, context.Canceled) {
			k.t.Errorf("%v", err)
		}
	})
}

func TestASettingThatSaysSomethingElseEachTimeMakesItsSessionUnknown(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		for text, want := range map[string]string{
			"set @x = (select max(id) from items)":       "unknown",
			"set time_zone = @x":                         "unknown",
			"set completion_type = 'CHAIN'":              "unknown",
			"set tx_isolation = 'READ-UNCOMMITTED'":      "unknown",
			"set @@tx_isolation = 'READ-UNCOMMITTED'":    "unknown",
			"set system_versioning_asof = localtime":     "unknown",
			"set time_zone = '+00:00'":                   "sets",
			"create /*!50000TEMPORARY*/ table t (n int)": "unknown",
		} {
			if got := k.c.ExplainCache(text).Session; got != want {
				k.t.Errorf("%s: %s, want %s", text, got, want)
			}
		}
	})
}

func TestAnArgumentThatReadsTheClockIsAnsweredByTheDatabase(t *testing.T) {
	type word string
	now := "now"
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			return
		}
		const text = "select $1::text::timestamptz::text from items where id = 1"
		for arg, kept := range map[any]bool{"2026-01-02": true, "now": false, any(word("Today")): false, any(&now): false, sql.NullString{String: "now", Valid: true}: false} {
			ctx, info := fluxor.CacheInfo(t.Context())
			var at string
			if err := k.db.QueryRowContext(ctx, text, arg).Scan(&at); err != nil {
				k.t.Errorf("%v: %v", arg, err)
			}
			if want := "miss not-there"; kept && info.Status+" "+info.Why != want {
				k.t.Errorf("%v: %s %s, want %s", arg, info.Status, info.Why, want)
			}
			if want := "bypass reads-clock"; !kept && info.Status+" "+info.Why != want {
				k.t.Errorf("%v: %s %s, want %s", arg, info.Status, info.Why, want)
			}
		}
	})
}

func TestWhoSeesWhatIsNotCommittedKeepsNothingOfIt(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k = k.with(fluxor.RuntimeConfig{}, "tx_isolation=%27READ-UNCOMMITTED%27")
		tx := k.begin(k.db)
		k.exec(tx, updateItem)
		for range 2 {
			if name, how := k.name(k.db, 1); name != "NEW" {
				k.t.Errorf("%q (%s)", name, how)
			}
		}
		if err := tx.Rollback(); err != nil {
			k.t.Fatal(err)
		}
		k.sees("one")
	})
}
