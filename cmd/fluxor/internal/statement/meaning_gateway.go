// This file says what an error that came from a gateway means: the gateway knows whether the statement took effect.

package statement

import (
	"cmp"
	"errors"

	"github.com/fluxor-db/fluxor/netdriver"
)

// gatewayCode is the code in an error of a gateway's, in the form of the database
// behind it; "" where it has none but a SQLSTATE, or is no such error.
func gatewayCode(err error) string {
	var e *netdriver.Error
	switch {
	case !errors.As(err, &e) || e.Code == "":
		return ""
	case e.Dialect == "mysql" && e.State != "":
		return "error " + e.Code + ", SQLSTATE " + e.State
	case e.Dialect == "mysql":
		return "error " + e.Code
	case e.Dialect == "sqlite":
		return "SQLite result code " + e.Code
	}
	return ""
}

// ofGateway is repeat for what a gateway says of a statement; "" where it says no
// more than the database's own error does.
func ofGateway(err error) string {
	var e *netdriver.Error
	switch {
	case !errors.As(err, &e) || e.Kind == "auth":
		return ""
	case e.Applied == netdriver.AppliedYes:
		return "it took effect; do not repeat it"
	case e.Applied == netdriver.AppliedUnknown:
		return outcomeUnknown
	case e.Retryable:
		return "nothing took effect; repeating it later may succeed"
	case e.Kind == "denied", e.Kind == "read_only", e.Kind == "too_large", e.Kind == "protocol":
		return "the gateway refused it and nothing took effect; repeating it unchanged gives the same answer"
	case e.Kind == "db" && e.Code == "" && e.State == "": // the driver's words: it may have dialed in vain
		return "nothing took effect; whether repeating helps is not known"
	}
	return ""
}

// notLetIn is repeat where no gateway let the client in: nothing was sent to a
// database, whatever became of the connections.
func notLetIn(err error) string {
	if errors.As(err, new(*netdriver.Error)) {
		return cmp.Or(ofGateway(err), meanings[classOf(err)])
	}
	return "no gateway let the client in and nothing was sent; repeat it once that is mended"
}
