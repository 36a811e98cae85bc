// This file tests the words of an error where no gateway let the client in.

package netdriver

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestTheErrorNamesTLSWhereOneSideAloneSpeaksIt(t *testing.T) {
	a := newAuthority(t)
	for name, one := range map[string]struct{ dsn, want string }{
		"the client": {"tcp://app:token@" + fakeLocal(t, func(g *gateway) { _ = g.r.Accept() }) + "/erp" + a.options(), "most likely the gateway speaks no TLS: set tls=disable"},
		"the gateway": {
			"tcp://app:token@" + fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) { g.enter() })) + "/erp?tls=disable",
			"most likely the gateway wants TLS: set tls=verify-full",
		},
	} {
		err := pool(t, one.dsn).PingContext(within(t, 10*time.Second))
		if err == nil || !strings.Contains(err.Error(), one.want) || !strings.Contains(err.Error(), "nothing was sent to a database") {
			t.Errorf("only %s speaks TLS: got %v", name, err)
		}
		if !errors.Is(err, ErrNoGateway) || classify(err) != backend.ClassUnavailable {
			t.Errorf("it is of class %v: %v", classify(err), err)
		}
	}
}

func TestTheErrorOfSeveralGatewaysIsOneLineAndHasItsPrefixOnce(t *testing.T) {
	all := unreached{of("a", io.EOF), of("b", refuse("no"))}
	if got := all.Error(); strings.Contains(got, "\n") || strings.Count(got, "fluxor:") != 1 {
		t.Errorf("got %q", got)
	}
	var wrong interface{ Unwrap() error }
	if !errors.Is(all, io.EOF) || !errors.Is(all, ErrNoGateway) || !errors.As(all, &wrong) {
		t.Errorf("its parts are not found in %v", all)
	}
}

func TestAnErrorHasItsPrefixOnce(t *testing.T) {
	for name, cause := range map[string]error{
		"what the gateway said":         &Error{Kind: "protocol", Message: refuse("no").Error(), Applied: AppliedNo},
		"what the gateway did":          refuse("no"),
		"what became of the stream":     &wire.ProtocolError{Reason: "it ends within a frame", Err: io.ErrUnexpectedEOF},
		"what became of the connection": io.EOF,
	} {
		if got := broken("exec", cause, nil, false).Error(); strings.Count(got, "fluxor:") != 1 {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
