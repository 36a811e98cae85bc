// This file breaks servers and networks as the seed says, and heals them.

package soak_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"time"

	"github.com/fluxor-db/fluxor/internal/soak"
)

// recoveryLimit is how long after the end of a fault the first call that began
// then must have succeeded.
const recoveryLimit = 5 * time.Second

// nemesis breaks one world. It runs in the test's own goroutine.
type nemesis struct {
	*world
	rng *rand.Rand
}

// rage commits one fault after the other until ctx ends, each healed before the
// next.
func (n *nemesis) rage(ctx context.Context) {
	for start := time.Now(); ctx.Err() == nil && !n.t.Failed(); {
		f := soak.Draw(n.rng)
		n.t.Logf("%s %6.1fs: %v", n.name, time.Since(start).Seconds(), f)
		n.commit(f)
		n.tally.Fault(f.Kind)
		n.awaitRecovery(f)
		pause(ctx, f.Pause)
	}
}

// commit commits a fault and returns when it is over and the server answers.
func (n *nemesis) commit(f soak.Fault) {
	last := context.Background() // a fault that has begun takes its time
	switch f.Kind {
	case soak.KillSession:
		n.killSession()
	case soak.EndSessions:
		n.server.EndSessions(n.t, n.target.Database)
	case soak.Crash:
		n.server.Kill(n.t)
		pause(last, f.For/2)
		n.server.Restart(n.t)
	case soak.Shutdown:
		n.server.Stop(n.t)
		pause(last, f.For/2)
		n.server.Restart(n.t)
	case soak.Freeze:
		n.server.Freeze(n.t)
		pause(last, f.For)
		n.server.Thaw()
	default:
		n.breakNetwork(f)
	}
	if !within(20*time.Second, func() bool { return n.admin.PingContext(last) == nil }) {
		n.t.Fatalf("%s: the server does not answer after %v", n.name, f)
	}
}

// breakNetwork breaks the way to the server, or every second time that to the
// gateway, where there is one. What vanishes there costs its connection, as TCP
// sees to: no statement's time is bounded by a client's options.
func (n *nemesis) breakNetwork(f soak.Fault) {
	proxy := n.proxy
	if n.way != nil && n.rng.IntN(2) == 0 {
		n.t.Logf("%s: between clients and gateway", n.name)
		proxy, f.Cut = n.way, true
	}
	switch f.Kind {
	case soak.CutAll:
		proxy.KillAll(f.End)
		return
	case soak.LoseReplies:
		proxy.CutOnReply(f.Replies, f.End, matching(f.Target))
	case soak.Latency:
		proxy.Latency(f.Direction, f.Delay)
	case soak.Blackhole:
		proxy.Blackhole(f.Direction)
	case soak.Refuse:
		proxy.RefuseNew()
	}
	pause(context.Background(), f.For)
	proxy.Pass()
	if f.Kind == soak.Blackhole && f.Cut {
		proxy.KillAll(f.End)
	}
	if !within(20*time.Second, func() bool { return proxy.AcceptNew() == nil }) {
		n.t.Fatalf("%s: the proxy's port was taken by another program", n.name)
	}
}

// matching is what the proxy looks for in a request.
func matching(target soak.Target) func(request []byte) bool {
	word := map[soak.Target]string{soak.Inserts: "insert into entries", soak.Commits: "commit"}[target]
	return func(request []byte) bool { return bytes.Contains(bytes.ToLower(request), []byte(word)) }
}

// killSession kills one session of the application's, where it has one.
func (n *nemesis) killSession() {
	sessions, err := n.sessionsOf(n.admin)
	if err != nil {
		n.t.Fatal(err)
	}
	if len(sessions) == 0 {
		return
	}
	if err := n.kill(n.admin, sessions[n.rng.IntN(len(sessions))]); err != nil {
		n.t.Fatal(err)
	}
}

// awaitRecovery waits until a call succeeds that began after the fault.
func (n *nemesis) awaitRecovery(f soak.Fault) {
	healed, stalled := time.Now(), n.late.sofar()
	if !within(4*recoveryLimit, func() bool { return n.tally.SucceededSince(healed) }) {
		n.t.Fatalf("%s: no call succeeds after %v; the breaker is %s, the pool %+v", n.name, f, n.connector.CircuitBreakerState(), n.connector.PoolStats())
	}
	took := time.Since(healed)
	n.tally.Recovered(took)
	if took <= recoveryLimit {
		return
	}
	late := n.late.settled() - stalled
	n.t.Logf("%s: the first call succeeded %v after the end of %v; the machine was %v late; last errors: %v", n.name, took, f, late, n.connector.LastErrors())
	if took-late > recoveryLimit {
		n.t.Errorf("%s: the first call succeeded %v after the end of %v", n.name, took, f)
	}
}
