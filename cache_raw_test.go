// This file tests the query cache beside functions that have the driver's own connection.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
)

func TestACallThatIsGivenUpByAContextOfItsOwnMayTakeEffectLater(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_doubt=3s"}, func(k *shelf) {
		if k.b.name == "pq" {
			return // which has the server's word that the statement is cancelled
		}
		k.sees("one")
		lock := k.begin2()
		c := k.conn()
		err := fluxor.Raw(k.t.Context(), c, func(dc any) error {
			ctx, cancel := context.WithTimeout(k.t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := dc.(driver.ExecerContext).ExecContext(ctx, updateItem, nil); err == nil {
				return errors.New("the call was not given up")
			}
			return nil // it tried
		})
		if err != nil {
			k.t.Fatal(err)
		}
		_ = c.Close()
		k.doubted(func() { _ = lock.Rollback() })
	})
}

func TestAnErrorOfAFunctionsOwnLeavesNothingInDoubt(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for _, own := range []error{nil, sql.ErrNoRows, errors.New("there is no order of that number")} {
			c := k.conn()
			if err := fluxor.Raw(k.t.Context(), c, func(any) error { return own }); !errors.Is(err, own) {
				k.t.Fatal(err)
			}
			if doubts := k.c.CacheStats().Doubts; doubts != 0 {
				k.t.Errorf("%v: %d doubts", own, doubts)
			}
			if err := c.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) { // its state ends with it
				k.t.Fatal(err)
			}
			_ = c.Close()
			k.learned()
			k.sees("one")
			k.want("one", "hit")
		}
	})
}

func TestAnErrorThatSaysThatACallDidNotEndLeavesItInDoubt(t *testing.T) {
	for _, says := range []error{context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, &fluxor.IndeterminateError{}} {
		onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_doubt=1s"}, func(k *shelf) {
			k.sees("one")
			c := k.conn()
			_ = fluxor.Raw(k.t.Context(), c, func(any) error { return says })
			_ = c.Raw(func(any) error { return driver.ErrBadConn }) // its state ends with it
			_ = c.Close()
			k.doubted(func() {})
		})
	}
}
