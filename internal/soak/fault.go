// This file draws the faults of a run from a seed.

package soak

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// Kind is what breaks.
type Kind int

// The kinds of faults.
const (
	KillSession Kind = iota // kill -9 of one backend, KILL of one connection where a session is a thread
	EndSessions             // an administrator ends all sessions
	Crash                   // kill -9 of the server, restarted after a while
	Shutdown                // an orderly end of the server, restarted after a while
	Freeze                  // the server stands, and goes on later
	CutAll                  // the network ends all connections
	LoseReplies             // the server executes, and the answer is cut
	Latency                 // everything takes longer
	Blackhole               // bytes vanish, connections stay
	Refuse                  // new connections are refused, old ones go on
	kinds                   // how many there are
)

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{
		"kill -9 of a session", "end of all sessions", "crash", "shutdown", "freeze", "cut of all connections",
		"lost replies", "latency", "blackhole", "refusal of connections",
	}[k]
}

// Target says whose replies are lost.
type Target int

// The targets.
const (
	Anything Target = iota
	Inserts
	Commits
	targets // how many there are
)

// Fault is one fault as it was drawn. What its Kind does not need is drawn all
// the same and has no effect.
type Fault struct {
	// Kind is what breaks.
	Kind Kind
	// For is how long: until the server is started again, goes on, or the
	// network passes again. What happens at one moment takes no time.
	For time.Duration
	// End is how a client sees its connection end.
	End faultproxy.End
	// Direction is where bytes are late or vanish.
	Direction faultproxy.Direction
	// Delay is how late bytes are.
	Delay time.Duration
	// Replies is how many replies are lost at most, Target which.
	Replies int
	Target  Target
	// Cut ends all connections after a Blackhole; without it they go on,
	// with a hole in what they carried.
	Cut bool
	// Pause is how long the network and the server are well afterwards.
	Pause time.Duration
}

// String is the fault for a log.
func (f Fault) String() string {
	end := map[faultproxy.End]string{faultproxy.FIN: "FIN", faultproxy.RST: "RST"}[f.End]
	switch f.Kind {
	case KillSession, EndSessions:
		return f.Kind.String()
	case CutAll:
		return fmt.Sprintf("%v, %s", f.Kind, end)
	case LoseReplies:
		return fmt.Sprintf("%d %v, %s, target %d, for %v", f.Replies, f.Kind, end, f.Target, f.For)
	case Latency:
		return fmt.Sprintf("%v of %v, direction %d, for %v", f.Kind, f.Delay, f.Direction, f.For)
	case Blackhole:
		return fmt.Sprintf("%v, direction %d, for %v, cut=%t", f.Kind, f.Direction, f.For, f.Cut)
	}
	return fmt.Sprintf("%v for %v", f.Kind, f.For)
}

// Draw draws the next fault. The same source draws the same faults.
func Draw(r *rand.Rand) Fault {
	return Fault{
		Kind:      Kind(r.IntN(int(kinds))),
		For:       between(r, 100*time.Millisecond, 2500*time.Millisecond),
		End:       faultproxy.End(r.IntN(2)),
		Direction: faultproxy.Direction(1 + r.IntN(3)),
		Delay:     between(r, 5*time.Millisecond, 300*time.Millisecond),
		Replies:   1 + r.IntN(30),
		Target:    Target(r.IntN(int(targets))),
		Cut:       r.IntN(2) == 0,
		Pause:     between(r, 100*time.Millisecond, time.Second),
	}
}

// between is a random duration in whole milliseconds.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64((most-least)/time.Millisecond)+1))*time.Millisecond
}
