//go:build unix && cgo

// This file tests the query cache over Oracle: what ends an answer, whose session it belongs to, and what a hit costs.

package oracle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

const rateQuery = "select v from rates where id = :1"

func TestAHitMakesNoRoundTrip(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	learned(t, db)
	wantAnswer(t, db, 7, "miss", rateQuery, 1)
	trips := d.Trips(t)
	for range 100 {
		wantAnswer(t, db, 7, "hit", rateQuery, 1)
	}
	if sent := trips(); len(sent) > 0 {
		t.Errorf("100 hits made %d round trips: %v", len(sent), sent)
	}
}

func TestEachChangeOfOraclesEndsAnswers(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	learned(t, db)
	sees := func(want int, after string) {
		t.Helper()
		for range 2 {
			if n, how := answered(t, db, rateQuery, 1); n != want {
				t.Errorf("after %s: %d (%s), want %d", after, n, how, want)
			}
		}
	}
	sees(7, "nothing")
	mustExec(t, db, "update rates set v = 8 where id = 1")
	sees(8, "an update")
	mustExec(t, db, "begin update rates set v = 9 where id = 1; commit; end;")
	sees(9, "a block")

	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "update rates set v = 10 where id = 1")
	sees(9, "an update that is not committed")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	sees(10, "a commit")

	if tx, err = db.BeginTx(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "update rates set v = 11 where id = 1")
	sees(10, "an update that is not committed")
	mustExec(t, tx, "create table late (n number(9))") // commits
	sees(11, "an implicit commit")
	mustExec(t, tx, "update rates set v = 12 where id = 1")
	sees(11, "an update that is not committed")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	sees(11, "a rollback")
}

func TestOraclesSettingsOfASessionAreItsOwn(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	mustExec(t, db, "create table days (id number(9), at date)")
	mustExec(t, db, "insert into days values (1, date '2026-01-02')")
	learned(t, db)
	const text = "select to_char(at) from days where id = 1"
	usual := ""
	if err := db.QueryRowContext(t.Context(), text).Scan(&usual); err != nil {
		t.Fatal(err)
	}
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the test is over
	mustExec(t, c, "alter session set nls_date_format = 'YYYY/MM/DD'")
	for range 2 {
		var own, other string
		if err := c.QueryRowContext(t.Context(), text).Scan(&own); err != nil || own != "2026/01/02" {
			t.Errorf("its own: %q, %v", own, err)
		}
		if err := db.QueryRowContext(t.Context(), text).Scan(&other); err != nil || other != usual {
			t.Errorf("another's: %q, %v, want %q", other, err, usual)
		}
	}
}

func TestALoginOfItsOwnGetsNoKeptAnswer(t *testing.T) {
	d := dbtest.Oracle(t)
	db := withRates(t, d)
	learned(t, db)
	wantAnswer(t, db, 7, "miss", rateQuery, 1)
	wantAnswer(t, db, 7, "hit", rateQuery, 1)
	var n int
	ctx := godror.ContextWithUserPassw(context.Background(), "alice", "secret", "")
	err := db.QueryRowContext(ctx, rateQuery, 1).Scan(&n)
	var refused *fluxor.RefusalError
	if !errors.As(err, &refused) {
		t.Errorf("another user gets %d, %v", n, err)
	}
}
