// This file tests what is read from godror's errors, and what is left out.

package backend_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

func TestGodrorsParametersAreLeftOutAndNothingElse(t *testing.T) {
	for text, want := range map[string]string{
		`user="scott" standalone params={authMode:0 connectionClass:<nil> outNewSession:0}: ORA-01017: invalid username/password`: "ORA-01017: invalid username/password",
		`user="a\"b" standalone params={authMode:0}: ORA-12541: TNS:no listener`:                                                  "ORA-12541: TNS:no listener",
		"pool=0x7f00 stats=busy=1 open=1 max=4 params={authMode:0 pool:0x7f00}: ORA-24418: Cannot open further sessions.":         "ORA-24418: Cannot open further sessions.",
		"context deadline exceeded\n" + `user="u" standalone params={authMode:0}: ORA-12170: TNS:Connect timeout occurred`:        "context deadline exceeded\nORA-12170: TNS:Connect timeout occurred",
		`ORA-00000: DPI-1047: Cannot locate a 64-bit Oracle Client library: "libclntsh.so"`:                                       `DPI-1047: Cannot locate a 64-bit Oracle Client library: "libclntsh.so"`,
		"dpiStmt_execute: ORA-00942: table or view does not exist":                                                                "dpiStmt_execute: ORA-00942: table or view does not exist",
		"ORA-20001: params={a: b}: mine": "ORA-20001: params={a: b}: mine",
	} {
		if got := backend.OracleBrief(errors.New(text)); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", text, got, want)
		}
	}
}

// coded is an error with a number, as SQLite's; oracle has all that godror's has.
type (
	coded  int
	oracle struct{ coded }
)

func (c coded) Error() string  { return fmt.Sprintf("number %d", int(c)) }
func (c coded) Code() int      { return int(c) }
func (oracle) Message() string { return "" }
func (oracle) FunName() string { return "" }

func TestNumberIsReadFromGodrorsErrorsAlone(t *testing.T) {
	if n, ok := backend.OracleCode(fmt.Errorf("init: %w", oracle{942})); n != 942 || !ok {
		t.Errorf("got %d, %t", n, ok)
	}
	if n, ok := backend.OracleCode(coded(20)); n != 0 || ok {
		t.Errorf("SQLite's: got %d, %t", n, ok)
	}
	if _, ok := backend.OracleCode(nil); ok {
		t.Error("nil has a number")
	}
}

func TestOraclesTextStandsOnlyWhereNoStatementMadeIt(t *testing.T) {
	for n, want := range map[int]string{
		1: "ORA-00001", 3301: "ORA-03301", 20001: "ORA-20001", 1722: "ORA-01722", 3156: "ORA-03156", // a statement's
		1017: "", 12541: "", 18: "", 3113: "", 28: "", // the session's
		0: "", // ODPI-C's own
	} {
		if got := backend.OracleTerse(fmt.Errorf("call: %w", oracle{coded(n)})); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
