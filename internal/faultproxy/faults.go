// This file is the faults a proxy can be told to commit.

package faultproxy

import "time"

// End is how a client sees its connection end.
type End int

// The two ends of a TCP connection.
const (
	FIN End = iota // end of stream, as when the server process exits
	RST            // reset, as when its machine has forgotten the connection
)

// Direction is where bytes go. Both is ToServer|ToClient.
type Direction int

// The directions of a connection.
const (
	ToServer Direction = 1 << iota
	ToClient
	Both = ToServer | ToClient
)

// faults is what the proxy is told at the moment.
type faults struct {
	swallow Direction
	latency [2]time.Duration // by lane
	rate    [2]int           // by lane, bytes per second
	order   *order
	changed chan struct{} // closed by the next change
}

// order says whose replies are to be lost. Its count is protected by the
// proxy's lock.
type order struct {
	left  int
	end   End
	match func(request []byte) bool
	keep  func(reply []byte) []byte // what the client is told of the reply; nil for nothing
}

// lane is a direction as an index.
type lane int

const (
	up   lane = iota // to the server
	down             // to the client
)

func (d Direction) has(n lane) bool { return d&(1<<n) != 0 }

// change applies f to the faults and wakes whoever waits by the old ones.
func (p *Proxy) change(f func(*faults)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.faults)
	close(p.faults.changed)
	p.faults.changed = make(chan struct{})
}

func (p *Proxy) current() faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

// Pass ends every fault but RefuseNew: bytes go on at once, and no reply is
// lost any more. Bytes that were swallowed stay lost: as no connection has a hole,
// the next that would be passed on behind them end it with a reset, as where a
// firewall has forgotten it.
func (p *Proxy) Pass() {
	p.change(func(f *faults) { *f = faults{changed: f.changed} })
}

// CutOnReply loses the replies to the next n requests for which match is true;
// a nil match takes any. The request goes to the server, the server's reply is
// awaited to its end and dropped, and then the client sees end instead of it.
// What a request and a reply are depends on how the proxy was started. match
// is called from the proxy's goroutines, must not keep the slice, and is asked
// no more once n requests are taken; a request whose reply never comes gives
// its place back. n of 0 ends the fault. Each cut is counted in
// [Counters.Cuts] before the client can notice it.
func (p *Proxy) CutOnReply(n int, end End, match func(request []byte) bool) {
	p.CutInReply(n, end, match, nil)
}

// CutInReply is CutOnReply, but the client is told what keep makes of the whole
// reply before it sees end: the reply's first messages, or others in its place.
// After RST it may miss them. keep is called from the proxy's goroutines; nil
// keeps nothing.
func (p *Proxy) CutInReply(n int, end End, match func(request []byte) bool, keep func(reply []byte) []byte) {
	if match == nil {
		match = func([]byte) bool { return true }
	}
	p.change(func(f *faults) { f.order = &order{left: n, end: end, match: match, keep: keep} })
}

// Blackhole swallows what comes in the directions d while connections stay
// open and new ones are accepted; the end of a stream is swallowed too. Other
// directions pass; d of 0 ends the fault.
func (p *Proxy) Blackhole(d Direction) {
	p.change(func(f *faults) { f.swallow = d })
}

// Latency passes everything that comes in the directions d on after delay, one
// piece of at most 64 KiB after the other. A delay of 0 ends the fault.
func (p *Proxy) Latency(d Direction, delay time.Duration) {
	p.change(func(f *faults) { setLanes(&f.latency, d, delay) })
}

// Throttle passes at most bytesPerSecond on in each of the directions d, per
// connection. 0 ends the fault.
func (p *Proxy) Throttle(d Direction, bytesPerSecond int) {
	p.change(func(f *faults) { setLanes(&f.rate, d, bytesPerSecond) })
}

func setLanes[T any](lanes *[2]T, d Direction, v T) {
	for n := range lanes {
		if d.has(lane(n)) {
			lanes[n] = v
		}
	}
}

// take takes a place of the order in force if match likes the request.
func (p *Proxy) take(request []byte) *order {
	p.mu.Lock()
	o := p.faults.order
	some := o != nil && o.left > 0
	p.mu.Unlock()
	if !some || !o.match(request) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.left <= 0 {
		return nil
	}
	o.left--
	return o
}

// giveBack returns a place whose request was never answered.
func (p *Proxy) giveBack(o *order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o.left++
}
