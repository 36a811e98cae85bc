// This file tests how an operation's error becomes an outcome.

package metrics_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor/metrics"
	"github.com/fluxor-db/fluxor/refusal"
)

func TestAnErrorHasAnOutcome(t *testing.T) {
	queryTimeout := fmt.Errorf("query timeout: %w", context.DeadlineExceeded)
	for name, row := range map[string]struct {
		err  error
		want metrics.Outcome
	}{
		"none":                                {nil, metrics.Success},
		"PostgreSQL's":                        {&pq.Error{Code: "23505"}, metrics.ServerError},
		"MySQL's":                             {&mysql.MySQLError{Number: 1062}, metrics.ServerError},
		"of no known type":                    {errors.New("what?"), metrics.ServerError},
		"a bad connection":                    {driver.ErrBadConn, metrics.ConnectionError},
		"an end of the stream":                {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), metrics.ConnectionError},
		"a network's":                         {&net.OpError{Op: "dial", Err: errors.New("refused")}, metrics.ConnectionError},
		"a canceled context":                  {fmt.Errorf("query: %w", context.Canceled), metrics.Canceled},
		"a deadline":                          {context.DeadlineExceeded, metrics.Timeout},
		"a wait that the caller gave up":      {&refusal.Error{Policy: "pool", Cause: context.Canceled}, metrics.Canceled},
		"a wait that was too long":            {&refusal.Error{Policy: "pool", Sentinel: refusal.ErrAcquireTimeout}, metrics.Refused},
		"a wait to the caller's deadline":     {&refusal.Error{Policy: "pool", Cause: context.DeadlineExceeded}, metrics.Refused},
		"a query that took too long":          {&refusal.Error{Policy: "timeout", Sentinel: queryTimeout}, metrics.Timeout},
		"a server that said nothing":          {&refusal.Error{Policy: "network", Sentinel: refusal.ErrNetworkTimeout}, metrics.Timeout},
		"a lost answer":                       {&refusal.IndeterminateError{Op: "exec", Cause: io.EOF}, metrics.Indeterminate},
		"a lost answer after the caller left": {&refusal.IndeterminateError{Op: "exec", Cause: context.Canceled}, metrics.Indeterminate},
	} {
		if got := metrics.OutcomeOf(row.err); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
