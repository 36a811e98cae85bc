// This file has one of several callers ask what all of them want to know.

package cache

import (
	"context"
	"sync"
	"time"
)

// Flights are the questions under way, by key. Of all who want the same answer
// at the same time one leads and asks, and the others wait for what it brings.
// A leader that gives up, because its caller did, hands the lead to one who
// waits: nobody fails because of somebody else. T is the answer. The zero value
// is ready for use. All methods are safe for concurrent use.
type Flights[T any] struct {
	mu     sync.Mutex // protects what follows, and the fields of each flight; a leaf
	flying map[string]*flight[T]
}

// flight is one question under way.
type flight[T any] struct {
	token   Token
	asked   time.Time     // when, or before; whoever takes the lead moves it
	lead    chan struct{} // holds one where nobody leads
	landed  chan struct{} // closed at the end
	waiting int
	ended   int // how many leads have ended

	answer T // set before landed is closed
	shared bool
}

// Lead is the duty of whoever asks for others. It ends with the first call of
// Land, Fail or Abort, also on a copy; later ones do nothing, so that Abort can
// be deferred. The zero value has ended.
type Lead[T any] struct {
	flights *Flights[T]
	flight  *flight[T]
	key     string
	turn    int // it lasts while as many leads of the flight have ended
}

// Joined is what became of joining a flight.
type Joined int

const (
	// Alone: the flight brought nothing that can be shared; the caller asks for
	// itself.
	Alone Joined = iota
	// Leading: the caller asks, and ends its [Lead].
	Leading
	// Served: the answer is another's.
	Served
)

// Question is what somebody wants to know.
type Question struct {
	Key string
	// Token was taken before the question is sent.
	Token Token
	// Asked is when whoever asks began to.
	Asked time.Time
	// TTL is how old the answer may be at Asked; 0 = of any age.
	TTL time.Duration
}

// Outcome is what became of joining a flight.
type Outcome[T any] struct {
	How Joined
	// Answer is another's, and was asked for at Asked or later, where it is [Served].
	Answer T
	Asked  time.Time
	// Lead is the caller's where it is [Leading].
	Lead Lead[T]
}

// Join takes part in the flight for a question, or begins one. It joins no flight
// that was begun in another state, which may lack what the caller itself has
// written, and none whose answer would be too old. While the caller waits, its
// own ctx alone ends that, with an error.
func (f *Flights[T]) Join(ctx context.Context, q Question) (Outcome[T], error) {
	fl, led := f.enter(q)
	if led {
		return Outcome[T]{How: Leading, Lead: Lead[T]{f, fl, q.Key, 0}}, nil
	}
	select {
	case <-fl.landed:
	case <-fl.lead:
		return Outcome[T]{How: Leading, Lead: Lead[T]{f, fl, q.Key, f.take(fl, q.Asked)}}, nil
	case <-ctx.Done():
		f.leave(q.Key, fl)
		return Outcome[T]{}, ctx.Err()
	}
	if !fl.shared {
		return Outcome[T]{}, nil
	}
	return Outcome[T]{How: Served, Answer: fl.answer, Asked: fl.asked}, nil
}

// enter finds the flight of a key, state and age, or begins it.
func (f *Flights[T]) enter(q Question) (fl *flight[T], led bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.flying[q.Key]; fl != nil && fl.token.Same(q.Token) && (q.TTL == 0 || q.Asked.Sub(fl.asked) < q.TTL) {
		fl.waiting++
		return fl, false
	}
	fl = &flight[T]{token: q.Token, asked: q.Asked, lead: make(chan struct{}, 1), landed: make(chan struct{})}
	if f.flying == nil {
		f.flying = map[string]*flight[T]{}
	}
	f.flying[q.Key] = fl // an older one goes on without newcomers
	return fl, true
}

// take notes that one who waited leads, who began to ask at a time, and returns
// whose turn it is.
func (f *Flights[T]) take(fl *flight[T], asked time.Time) (turn int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.waiting--
	if asked.After(fl.asked) {
		fl.asked = asked
	}
	return fl.ended
}

// leave notes that one who waited is gone. If the lead was meant for it, and
// nobody else waits, the flight is over.
func (f *Flights[T]) leave(key string, fl *flight[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.waiting--
	if fl.waiting > 0 {
		return
	}
	select {
	case <-fl.lead:
		f.forgetLocked(key, fl)
	default:
	}
}

func (f *Flights[T]) forgetLocked(key string, fl *flight[T]) {
	if f.flying[key] == fl {
		delete(f.flying, key)
	}
}

// Land ends the lead with an answer for all who wait.
func (l *Lead[T]) Land(answer T) {
	l.end(func(fl *flight[T]) {
		fl.answer, fl.shared = answer, true
		l.flights.landLocked(l.key, fl)
	})
}

// Fail ends the lead without an answer: the database refused, or what it said
// cannot be shared. All who wait ask for themselves, each as if there were no
// cache.
func (l *Lead[T]) Fail() {
	l.end(func(fl *flight[T]) { l.flights.landLocked(l.key, fl) })
}

// Abort ends the lead of a caller who gave up: one of those who wait leads now.
func (l *Lead[T]) Abort() {
	l.end(func(fl *flight[T]) {
		if fl.waiting == 0 {
			l.flights.forgetLocked(l.key, fl)
			return
		}
		fl.lead <- struct{}{} // there is room: nobody leads
	})
}

// end ends the lead, and then does what follows from it, unless it has ended.
func (l *Lead[T]) end(then func(*flight[T])) {
	if l.flights == nil {
		return
	}
	l.flights.mu.Lock()
	defer l.flights.mu.Unlock()
	if l.flight.ended == l.turn {
		l.flight.ended++
		then(l.flight)
	}
}

// landLocked ends a flight.
func (f *Flights[T]) landLocked(key string, fl *flight[T]) {
	f.forgetLocked(key, fl)
	close(fl.landed)
}

// Len is how many flights newcomers can join.
func (f *Flights[T]) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.flying)
}
