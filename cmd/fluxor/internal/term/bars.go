// This file draws progress: bars that grow in place, or a line at each quarter where nothing can be drawn in place.

package term

import (
	"fmt"
	"strings"
	"time"
)

// frame is the least time between two drawings: faster than that nobody sees.
const frame = 50 * time.Millisecond

const barColumns = 30

// Bar is the state of one piece of work.
type Bar struct {
	// Label says what works.
	Label string
	// Done of Total are finished.
	Done, Total int
	// Note stands behind the bar, for example a rate.
	Note string
}

// drawing is what stands on the screen and may still change.
type drawing struct {
	bars     []Bar
	lines    int       // of the terminal, to be drawn over
	at       time.Time // of the last frame
	quarters []int     // of each bar, the last that was written
}

// Draw shows bars in place of those drawn before.
func (s *Screen) Draw(bars ...Bar) {
	s.drawn.bars = append(s.drawn.bars[:0], bars...)
	if s.mode == Plain {
		s.quarters()
		return
	}
	if time.Since(s.drawn.at) >= frame {
		s.paint()
	}
}

// Settle leaves the bars as they are and goes on below them.
func (s *Screen) Settle() {
	if s.mode == Live && len(s.drawn.bars) > 0 {
		s.paint()
	}
	s.drawn = drawing{}
}

// paint writes one frame. Lines that the terminal is too narrow for are cut
// (DECAWM off) instead of wrapped, or the next frame would begin at the wrong
// line; that ends with the frame, so nothing is left to undo.
func (s *Screen) paint() {
	var b strings.Builder
	if s.drawn.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn.lines)
	}
	b.WriteString("\x1b[?7l")
	for _, bar := range s.drawn.bars {
		b.WriteString("\r\x1b[K" + s.row(bar) + "\n")
	}
	b.WriteString("\x1b[?7h")
	s.write(b.String())
	s.drawn.lines, s.drawn.at = len(s.drawn.bars), time.Now()
}

func (s *Screen) row(b Bar) string {
	full := barColumns * b.Done / max(b.Total, 1)
	return fmt.Sprintf("  %-13s %s%s %3d %%  %s", b.Label,
		s.style(green, strings.Repeat("█", full)), s.style(dim, strings.Repeat("░", barColumns-full)),
		b.percent(), b.Note)
}

func (b Bar) percent() int { return 100 * b.Done / max(b.Total, 1) }

// quarters writes a line for each bar that has passed a further quarter.
func (s *Screen) quarters() {
	for i, b := range s.drawn.bars {
		if i == len(s.drawn.quarters) {
			s.drawn.quarters = append(s.drawn.quarters, 0)
		}
		if q := 4 * b.Done / max(b.Total, 1); q > s.drawn.quarters[i] {
			s.drawn.quarters[i] = q
			s.write(strings.TrimRight(fmt.Sprintf("  %-13s %3d %%  %s", b.Label, b.percent(), b.Note), " ") + "\n")
		}
	}
}
