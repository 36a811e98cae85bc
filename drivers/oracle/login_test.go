//go:build unix && cgo

// This file tests that nobody gets a connection with another's login.

package oracle_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/godror/godror"
	"github.com/godror/godror/dsn"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestALoginOfTheContextsIsRefusedAndNobodyElseGetsIt(t *testing.T) {
	d := dbtest.Oracle(t)
	db := fluxorOn(t, d.Logfmt())
	db.SetMaxIdleConns(0)
	user := func(ctx context.Context) (name string, err error) {
		err = db.QueryRowContext(ctx, "select user from dual").Scan(&name)
		return name, err
	}
	for name, ctx := range map[string]context.Context{
		"ContextWithUserPassw": godror.ContextWithUserPassw(t.Context(), "alice", "secret", ""),
		"ContextWithParams":    godror.ContextWithParams(t.Context(), dsn.CommonParams{}, dsn.ConnParams{}),
	} {
		who, err := user(ctx)
		var refused *fluxor.RefusalError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: as %q, %v", name, who, err)
		}
		if who, err := user(t.Context()); err != nil || !strings.EqualFold(who, d.User) {
			t.Errorf("after %s nobody's query ran as %q, %v", name, who, err)
		}
	}
	if who, err := user(godror.ContextWithTraceTag(t.Context(), godror.TraceTag{Module: "m"})); err != nil || !strings.EqualFold(who, d.User) {
		t.Errorf("with a trace tag: %q, %v", who, err)
	}
}
