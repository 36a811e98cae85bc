// This file holds what the tests of this package share: virtual time, operations that ask, and the leak check.

package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// pass lets virtual time go by and everybody act on it.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// outcome is what an operation heard, and after how long.
type outcome struct {
	err  error
	took time.Duration
}

// ask has f admit an operation, in a goroutine that ends with it.
func ask(ctx context.Context, f func(context.Context) error) <-chan outcome {
	heard := make(chan outcome, 1)
	go func() {
		began := time.Now()
		err := f(ctx)
		heard <- outcome{err, time.Since(began)}
	}()
	synctest.Wait()
	return heard
}

// wait is a Rate's Wait with the clock read.
func (r *Rate) wait(ctx context.Context) error { return r.Wait(ctx, time.Now()) }

// refusal checks that err is a Refused for a reason.
func refusal(t testing.TB, err error, want Reason) Refused {
	t.Helper()
	var got Refused
	if !errors.As(err, &got) || got.Reason != want {
		t.Fatalf("%v, want %v", err, want)
	}
	if got.RetryAfter <= 0 {
		t.Errorf("no retry-after: %+v", got)
	}
	return got
}

// pending checks that an operation still waits.
func pending(t testing.TB, heard <-chan outcome) {
	t.Helper()
	synctest.Wait()
	select {
	case o := <-heard:
		t.Fatalf("an operation that should wait heard %+v", o)
	default:
	}
}

// gotThrough checks that an operation got through, and when.
func gotThrough(t testing.TB, heard <-chan outcome, after time.Duration) {
	t.Helper()
	synctest.Wait()
	select {
	case o := <-heard:
		if o.err != nil || o.took != after {
			t.Fatalf("an operation heard %+v, want that it gets through after %v", o, after)
		}
	default:
		t.Fatal("an operation waits that should have got through")
	}
}

// turnedAway checks that an operation was refused, and when.
func turnedAway(t testing.TB, heard <-chan outcome, want Reason, after time.Duration) Refused {
	t.Helper()
	synctest.Wait()
	select {
	case o := <-heard:
		if o.took != after {
			t.Errorf("refused after %v, want %v", o.took, after)
		}
		return refusal(t, o.err, want)
	default:
		t.Fatal("an operation waits that should have been refused")
		return Refused{}
	}
}
