// This file tests what Fluxor's own errors say and match.

package refusal_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fluxor-db/fluxor/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestARefusalMatchesItsSentinelAndItsCause(t *testing.T) {
	err := error(&refusal.Error{Policy: "pool", Reason: "all 3 connections are used", Sentinel: refusal.ErrAcquireTimeout, Cause: context.DeadlineExceeded})
	for _, want := range []error{refusal.ErrAcquireTimeout, context.DeadlineExceeded} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	if errors.Is(err, refusal.ErrClosed) || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("%v matches what it is not", err)
	}
	if got, want := err.Error(), "fluxor: all 3 connections are used: context deadline exceeded"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got := (&refusal.Error{Reason: "closed"}).Error(); got != "fluxor: closed" {
		t.Errorf("without a cause: %q", got)
	}
}

func TestAnIndeterminateErrorSaysWhatToDo(t *testing.T) {
	err := error(&refusal.IndeterminateError{Op: "commit", Cause: io.ErrUnexpectedEOF, Sentinel: refusal.ErrNetworkTimeout})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, refusal.ErrNetworkTimeout) {
		t.Errorf("%v hides its cause", err)
	}
	for _, want := range []string{"fluxor: commit was sent", "check before repeating", "unexpected EOF"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	var state interface{ SQLState() string }
	if !errors.As(err, &state) || state.SQLState() != "08007" {
		t.Error("its SQLSTATE is not 08007")
	}
	if got := (&refusal.IndeterminateError{Op: "exec"}).Unwrap(); len(got) != 0 {
		t.Errorf("without a cause it unwraps to %v", got)
	}
}
