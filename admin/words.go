// This file writes durations and rates for people.

package admin

import (
	"fmt"
	"strings"
	"time"
)

// Seconds is a duration, in JSON a number.
type Seconds float64

// Rate is how often something was, per second.
type Rate float64

// String writes two digits or three and a unit: 410 µs, 4.1 ms, 12 s, 3m20s.
func (s Seconds) String() string {
	n := float64(s)
	switch {
	case n == 0:
		return "0 s"
	case n < 999.5e-6:
		return fmt.Sprintf("%.0f µs", n*1e6)
	case n < 9.95e-3:
		return whole(fmt.Sprintf("%.1f", n*1e3)) + " ms"
	case n < 999.5e-3:
		return fmt.Sprintf("%.0f ms", n*1e3)
	case n < 9.95:
		return whole(fmt.Sprintf("%.1f", n)) + " s"
	case n < 59.5:
		return fmt.Sprintf("%.0f s", n)
	case n < time.Duration(1<<62).Seconds():
		return time.Duration(n * float64(time.Second)).Round(time.Second).String()
	}
	return "for ever"
}

// String writes a digit behind the point where the rate is low.
func (r Rate) String() string {
	if r < 9.95 {
		return whole(fmt.Sprintf("%.1f", float64(r)))
	}
	return fmt.Sprintf("%.0f", float64(r))
}

// whole leaves out a zero behind the point.
func whole(text string) string { return strings.TrimSuffix(text, ".0") }
