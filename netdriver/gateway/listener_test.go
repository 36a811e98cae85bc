// This file tests how the gateway accepts where accepting fails.

package gateway_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// failing is a listener that fails so often and is closed then.
type failing struct {
	single
	left int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.left == 0 {
		return nil, net.ErrClosed
	}
	l.left--
	return nil, syscall.EMFILE
}

func TestAcceptsThatFailAreRepeatedAfterLongerAndLongerWaits(t *testing.T) {
	t.Parallel()
	for fails, want := range map[int]time.Duration{
		0:  0,
		3:  (5 + 10 + 20) * time.Millisecond,
		10: (5+10+20+40+80+160+320+640)*time.Millisecond + 2*time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := gateway.New(config(&faulty{}))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err = s.Serve(&failing{single{closed: make(chan struct{})}, fails})
			if took := time.Since(began); !errors.Is(err, net.ErrClosed) || took != want {
				t.Errorf("%d failures took %s, want %s; then %v", fails, took, want, err)
			}
			_ = s.Close()
		})
	}
}
