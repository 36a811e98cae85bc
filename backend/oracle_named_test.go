// This file tests the rules for Oracle's pure Go drivers without importing them.

package backend_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

// goOra has the shape of go-ora's *network.OracleError: a field, and no method.
type goOra struct {
	ErrCode int
	ErrMsg  string
}

func (e *goOra) Error() string { return e.ErrMsg }

func TestErrorsOfOraclesPureGoDriversAreClassifiedByTheirText(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want backend.Class
	}{
		{&goOra{1017, "ORA-01017: invalid username/password; logon denied"}, backend.ClassLogin},
		{&goOra{28000, "ORA-28000"}, backend.ClassLogin},
		{&goOra{18, "ORA-18"}, backend.ClassTooMany},
		{&goOra{12514, "ORA-12514: TNS:listener does not currently know of service"}, backend.ClassUnavailable},
		{&goOra{28, "ORA-00028: your session has been killed"}, backend.ClassFatal},
		{&goOra{3135, "ORA-03135: connection lost contact"}, backend.ClassDead},
		{&goOra{1, "ORA-00001: unique constraint (SCOTT.PK) violated"}, backend.ClassVerdict},
		{&goOra{20001, "ORA-20001: the stock is empty\nORA-06512: at line 3"}, backend.ClassVerdict},
		{&goOra{1013, "ORA-01013: user requested cancel of current operation"}, backend.ClassVerdict},
		{&goOra{6413, "ORA-06413: Connection not open"}, backend.ClassDead},
		{fmt.Errorf("ORA-17800 - the channel cannot be read: %w", io.EOF), backend.ClassDead},
		{errors.New("ORA-12606: TNS: Application timeout occurred"), backend.ClassDead},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, backend.ClassUnavailable},
		{io.ErrUnexpectedEOF, backend.ClassDead},
		{errors.New("use of closed network connection"), backend.ClassUnknown},
		{context.DeadlineExceeded, backend.ClassUnknown},
		{driver.ErrBadConn, backend.ClassUnknown},
		{nil, backend.ClassUnknown},
	} {
		if got := backend.OracleText(tc.err); got != tc.want {
			t.Errorf("%v is class %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestOraclesPureGoDriversAreKnownByTheirNames(t *testing.T) {
	for _, name := range []string{"oracle", "oracledb"} {
		sql.Register(name, plain{})
		b, err := backend.ByName(name, "oracle://u:p@h/s")
		if err != nil {
			t.Fatal(err)
		}
		if b.Name != name || b.Type != "oracle" || !b.ErrBadConnLies || b.Classify(&goOra{1017, "ORA-01017: no"}) != backend.ClassLogin {
			t.Errorf("%s: got %+v", name, b)
		}
	}
	b, err := backend.ByName("backendtest", "a=b")
	if err != nil || b.Type != "" || b.ErrBadConnLies {
		t.Errorf("another driver: got %+v, %v", b, err)
	}
}
