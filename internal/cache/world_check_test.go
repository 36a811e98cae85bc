// This file has clients meet in every order there is, and in random ones, and wants the promise kept, and broken where half of the protocol is left out.

package cache

import (
	"math/rand/v2"
	"testing"
)

// fork is a choice that was made: one of so many.
type fork struct{ at, of int }

// everyOrder plays once for each sequence of choices, until one breaks the
// promise.
func everyOrder(play func(choose func(int) int) *world) (plays, hits int, broken string) {
	var path []fork
	for {
		depth := 0
		w := play(func(n int) int {
			if depth == len(path) {
				path = append(path, fork{0, n})
			}
			depth++
			return path[depth-1].at
		})
		plays, hits = plays+1, hits+w.hits
		for len(path) > 0 && path[len(path)-1].at == path[len(path)-1].of-1 {
			path = path[:len(path)-1]
		}
		if w.broken != "" || len(path) == 0 {
			return plays, hits, w.broken
		}
		path[len(path)-1].at++
	}
}

// one is a subject of one register.
func one(v *Versions) subject { return subject{[]int{0}, v.Tags("accounts")} }

// certainty plays a write that succeeds or fails, a client who
// reads twice, and one who reads once.
func certainty(v *Versions, c conduct) func(func(int) int) *world {
	return func(choose func(int) int) *world {
		w := newWorld(c, v, 1, one(v))
		how := ending(choose(int(certain)))
		w.come(then(w.read(0), w.read(0)))
		w.come(w.write(0, how))
		w.come(w.read(0))
		w.run(choose)
		return w
	}
}

// doubt plays a write whose answer is lost, a client who reads twice, and the
// end of the doubt.
func doubt(v *Versions, c conduct) func(func(int) int) *world {
	return func(choose func(int) int) *world {
		w := newWorld(c, v, 1, one(v))
		w.come(w.write(0, certain+ending(choose(int(endings-certain)))))
		w.come(then(w.read(0), w.read(0)))
		w.come(w.wait())
		w.run(choose)
		w.settle()
		return w
	}
}

// crowd plays many clients with several tables at random.
func crowd(v *Versions, c conduct) func(func(int) int) *world {
	a, b, both := v.Tags("a"), v.Tags("b"), v.Tags("b", "a")
	subjects := []subject{{[]int{0}, a}, {[]int{1}, b}, {[]int{0, 1}, both}, {[]int{0, 1, 2}, Everything()}}
	return func(choose func(int) int) *world {
		w := newWorld(c, v, 3, subjects...)
		w.halting = true
		for range 100 {
			w.join(choose)
			for range choose(6) {
				if len(w.clients) > 0 && w.broken == "" {
					w.advance(choose(len(w.clients)))
				}
			}
		}
		w.run(choose)
		w.settle()
		return w
	}
}

// join has a client come of any kind: most are readers.
func (w *world) join(choose func(int) int) {
	subject := choose(len(w.subjects))
	switch kind := choose(12); {
	case kind < 2:
		w.come(w.wait())
	case kind < 4:
		w.come(w.write(subject, ending(choose(int(endings)))))
	default:
		w.come(w.read(subject))
	}
}

// crowds is how many random crowds meet.
const crowds = 1000

// atRandom plays so often, until the promise is broken.
func atRandom(plays int, play func(func(int) int) *world) (hits int, broken string) {
	for seed := range plays {
		w := play(rand.New(rand.NewPCG(uint64(seed), 5)).IntN)
		if hits += w.hits; w.broken != "" {
			return hits, w.broken
		}
	}
	return hits, ""
}

func TestNoReadIsStaleInAnyOrderOfSteps(t *testing.T) {
	for name, play := range map[string]func(*Versions, conduct) func(func(int) int) *world{"certain": certainty, "doubtful": doubt} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				plays, hits, broken := everyOrder(play(open(t), right()))
				if broken != "" || hits == 0 {
					t.Errorf("after %d plays, %d hits: %s", plays, hits, broken)
				}
				t.Logf("%d orders, %d hits", plays, hits)
			})
		})
	}
}

func TestNoReadIsStaleInACrowd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hits, broken := atRandom(crowds, crowd(open(t), right()))
		if broken != "" || hits == 0 {
			t.Errorf("%d hits: %s", hits, broken)
		}
		t.Logf("%d hits", hits)
	})
}

// omission is a conduct that leaves something out.
type omission struct {
	name     string
	leaveOut func(*conduct)
	doubtful bool // it takes a doubtful write to notice
}

var omissions = []omission{
	{"the writers at work are not looked at", func(c *conduct) {
		c.capture = func(v *Versions, tags Tags) (Token, bool) { return blind(v, tags), true }
		c.holds = func(v *Versions, t Token) bool { return blind(v, t.tags).sum == t.sum }
	}, false},
	{"the writers at work are not looked at when an answer is shown", func(c *conduct) {
		c.holds = func(v *Versions, t Token) bool { return blind(v, t.tags).sum == t.sum }
	}, false},
	{"the versions are not looked at", func(c *conduct) {
		c.holds = func(v *Versions, t Token) bool {
			_, calm := v.Capture(t.tags)
			return calm
		}
	}, false},
	{"the versions are taken when the answer is here", func(c *conduct) { c.captureLate = true }, false},
	{"a write is announced when it has taken effect", func(c *conduct) { c.announceLate = true }, false},
	{"a lost write is over at once", func(c *conduct) { c.doubtful = (*Write).Done }, true},
	{"a lost write counts as refused", func(c *conduct) { c.doubtful = (*Write).Undone }, true},
	{"a lost write is in doubt for too short a time", func(c *conduct) { c.doubtful = func(w *Write) { w.Doubtful(window / 2) } }, true},
}

// blind is a token without the count of writers.
func blind(v *Versions, tags Tags) Token {
	sum, _ := v.look(tags)
	return Token{tags, sum &^ writers}
}

func TestWhateverIsLeftOutOfTheProtocolMakesAReadStale(t *testing.T) {
	for _, o := range omissions {
		t.Run(o.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := right()
				o.leaveOut(&c)
				play := certainty
				if o.doubtful {
					play = doubt
				}
				plays, _, broken := everyOrder(play(New(), c))
				if broken == "" {
					t.Errorf("nothing stale in %d orders of a few steps", plays)
				}
				if _, broken := atRandom(crowds, crowd(New(), c)); broken == "" {
					t.Error("nothing stale in a crowd")
				}
			})
		})
	}
}
