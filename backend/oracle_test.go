// This file tests the classes of Oracle's numbers, row by row.

package backend

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// numbered is an error as godror makes them.
type numbered int

func (n numbered) Error() string { return fmt.Sprintf("ORA-%05d: ...", int(n)) }
func (n numbered) Code() int     { return int(n) }

func (n numbered) Message() string { return n.Error() }
func (n numbered) FunName() string { return "dpiStmt_execute" }

func TestOracleNumbersHaveTheirClass(t *testing.T) {
	for class, numbers := range map[Class][]int{
		ClassTooMany:     {18, 20, 2391, 12516, 12518, 12519, 12520, 24418, 24457, 24459, 24496},
		ClassLogin:       {1005, 1017, 1045, 28000, 28001, 28009, 28030, 28040},
		ClassUnavailable: {1033, 1034, 1089, 1090, 12154, 12170, 12203, 12500, 12505, 12514, 12521, 12526, 12527, 12528, 12541, 12543, 12545, 12560, 16456},
		ClassFatal:       {22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1041, 1043, 1092, 2396, 2399},
		ClassDead:        {3106, 3113, 3114, 3122, 3135, 3136, 12153, 12157, 12161, 12537, 12547, 12570, 12571, 12583, 12757, 25408, 27146, 28511, 28547, 56600},
		ClassUnknown:     {3156},
		ClassSick:        {376, 1115, 4031, 4036},
		ClassVerdict:     {1, 40, 54, 60, 900, 904, 942, 1000, 1013, 1031, 1400, 1403, 1555, 1722, 2049, 2290, 2291, 2292, 3111, 4061, 4065, 4068, 6502, 6550, 8177, 12899, 20000, 30006, 20999},
	} {
		for _, n := range numbers {
			if got := Oracle(fmt.Errorf("dpiStmt_execute: %w", numbered(n))); got != class {
				t.Errorf("ORA-%05d is of class %d, want %d", n, got, class)
			}
		}
	}
}

func TestAnErrorWithoutANumberIsOfTheCommonClasses(t *testing.T) {
	if got := Oracle(fmt.Errorf("getImplicitResult: %w", io.EOF)); got != ClassUnknown {
		t.Errorf("no further result is of class %d", got)
	}
	for _, err := range []error{numbered(0), driver.ErrBadConn, context.DeadlineExceeded, errors.New("odd")} {
		if got, want := Oracle(err), Common(err); got != want {
			t.Errorf("%v is of class %d, want %d", err, got, want)
		}
	}
}

func TestGodrorsCallsAreBrokenOffAndTimed(t *testing.T) {
	d := OracleDetached()
	if !d.Broken(numbered(1013)) || d.Broken(numbered(3156)) || d.Broken(errors.New("odd")) {
		t.Error("only ORA-01013 is the answer to a break")
	}
	for n, want := range map[int]bool{3136: true, 3156: true, 12161: true, 1013: false, 3113: false} {
		if got := d.TimedOut(numbered(n)); got != want {
			t.Errorf("ORA-%05d is a call timeout: %t", n, got)
		}
	}
	if longest := time.Duration(1<<32-1) * time.Millisecond; d.Deadline <= 0 || d.Deadline > longest {
		t.Errorf("a deadline of %v is not one that the library can count", d.Deadline)
	}
	for _, f := range []func(driver.Conn) error{d.Break, d.Forget} {
		if err := f(nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a connection that cannot: %v", err)
		}
	}
}
