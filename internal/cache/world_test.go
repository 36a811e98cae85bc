// This file is a database of registers, a cache over it, and clients who take single steps in whatever order somebody chooses.

package cache

import (
	"fmt"
	"slices"
	"time"
)

// conduct is how clients go about it: the right way, or one that leaves
// something out.
type conduct struct {
	capture  func(*Versions, Tags) (Token, bool)
	holds    func(*Versions, Token) bool
	doubtful func(*Write)

	captureLate  bool // when the answer is here
	announceLate bool // when the write has taken effect
}

// right is what the package says that its users do.
func right() conduct {
	return conduct{
		capture:  (*Versions).Capture,
		holds:    (*Versions).Holds,
		doubtful: func(w *Write) { w.Doubtful(window) },
	}
}

// ending is how a write goes.
type ending int

const (
	succeeds ending  = iota
	fails            // the database refuses it
	loses            // it takes effect, and its answer is lost
	lags             // its answer is lost, and it takes effect later
	vanishes         // its answer is lost, and it never takes effect
	endings          // how many there are
	certain  = loses // the endings before it are not doubtful
)

// subject is what a statement is about: registers, and their tags.
type subject struct {
	registers []int
	tags      Tags
}

// answer is what a read shows of its registers, and the token it was asked for
// under.
type answer struct {
	values []int
	token  Token
}

// delayed is a lost write that has not yet taken effect, and does until a
// moment.
type delayed struct {
	subject int
	until   time.Time
}

// step is the next thing that a client does; it returns the one after it, nil
// at the end.
type step func() step

// world is where clients meet. It counts up a value per write, so that of two
// values of a register the greater one is the newer.
type world struct {
	conduct
	versions *Versions
	subjects []subject
	halting  bool // others may act between the last look at a token and keeping the answer

	value  int
	stored []int          // what the database shows of each register
	cache  map[int]answer // by subject

	clients []step
	late    []*delayed

	hits   int
	broken string // the first promise that was broken
}

func newWorld(c conduct, v *Versions, registers int, subjects ...subject) *world {
	return &world{
		conduct: c, versions: v, subjects: subjects,
		stored: make([]int, registers), cache: map[int]answer{},
	}
}

// run lets clients take steps until all are through: after each step any of them
// may be next.
func (w *world) run(choose func(int) int) {
	for len(w.clients) > 0 && w.broken == "" {
		w.advance(choose(len(w.clients)))
	}
}

// advance has one client take its next step.
func (w *world) advance(i int) {
	if next := w.clients[i](); next != nil {
		w.clients[i] = next
		return
	}
	w.clients = append(w.clients[:i], w.clients[i+1:]...)
}

// come adds a client.
func (w *world) come(first step) { w.clients = append(w.clients, first) }

// read is a read through the cache. It begins as late as it can, with the look
// into the cache, and then has to show what the database showed to others by
// then: somebody may have told it.
func (w *world) read(subject int) step {
	return func() step {
		floor := slices.Clone(w.stored)
		kept, found := w.cache[subject]
		if !found {
			return w.ask(subject, floor)
		}
		return func() step {
			if w.holds(w.versions, kept.token) {
				w.hits++
				w.show(subject, kept, floor)
				return nil
			}
			return w.ask(subject, floor)
		}
	}
}

// ask has the database answer, and keeps the answer if it may.
func (w *world) ask(subject int, floor []int) step {
	var token Token
	var ok bool
	capture := func() { token, ok = w.capture(w.versions, w.subjects[subject].tags) }
	keep := func(a answer) step {
		return func() step {
			if w.captureLate {
				capture()
			}
			a.token = token
			last := w.last(subject, a, floor, ok && w.holds(w.versions, token))
			if w.halting {
				return last
			}
			return last()
		}
	}
	query := func() step { return keep(answer{values: w.look(subject)}) }
	if w.captureLate {
		return query
	}
	return func() step { capture(); return query }
}

// last is the end of a read that asked the database.
func (w *world) last(subject int, a answer, floor []int, keep bool) step {
	return func() step {
		if keep {
			w.cache[subject] = a
		}
		w.show(subject, a, floor)
		return nil
	}
}

// look is what the database answers.
func (w *world) look(subject int) []int {
	var values []int
	for _, r := range w.subjects[subject].registers {
		values = append(values, w.stored[r])
	}
	return values
}

// show ends a read that had to show at least floor.
func (w *world) show(subject int, a answer, floor []int) {
	for i, r := range w.subjects[subject].registers {
		if a.values[i] < floor[r] && w.broken == "" {
			w.broken = fmt.Sprintf("register %d: a read showed %d, although %d was there before it began", r, a.values[i], floor[r])
		}
	}
}

// write is a write of all registers of a subject, at once.
func (w *world) write(subject int, how ending) step {
	if w.announceLate && how == succeeds {
		return func() step { w.store(subject); return w.send(subject, how) }
	}
	return w.send(subject, how)
}

// send announces a write, and has it go as it goes.
func (w *world) send(subject int, how ending) step {
	return func() step {
		pending := w.versions.Begin(w.subjects[subject].tags)
		end := func() step { pending.Done(); return nil }
		switch {
		case how == fails:
			return func() step { pending.Undone(); return nil }
		case how == vanishes, how == lags:
			return w.lose(subject, how, &pending)
		case how == loses:
			end = func() step { w.doubtful(&pending); return nil }
		case w.announceLate:
			return end
		}
		return func() step { w.store(subject); return end }
	}
}

// lose has the answer of a write get lost while the database may still carry it
// out.
func (w *world) lose(subject int, how ending, pending *Write) step {
	return func() step {
		w.doubtful(pending)
		if how == vanishes {
			return nil
		}
		late := &delayed{subject, time.Now().Add(window)}
		w.late = append(w.late, late)
		return func() step { w.carryOut(late); return nil }
	}
}

// carryOut has a lost write take effect, once.
func (w *world) carryOut(late *delayed) {
	if i := slices.Index(w.late, late); i >= 0 {
		w.late = slices.Delete(w.late, i, i+1)
		w.store(late.subject)
	}
}

// store has a write take effect: from here on whoever asks the database sees it.
func (w *world) store(subject int) {
	w.value++
	for _, r := range w.subjects[subject].registers {
		w.stored[r] = w.value
	}
}

// wait lets time pass: half of a window, and then, when others may have acted, as
// much as ends all doubts.
func (w *world) wait() step {
	return func() step {
		w.overtake(window / 2)
		pass(window / 2)
		return func() step {
			w.settle()
			return nil
		}
	}
}

// settle lets all doubts pass.
func (w *world) settle() {
	w.overtake(window)
	if w.versions.Doubts() > 0 {
		pass(window)
	}
}

// overtake has those lost writes take effect that can do so only before d has
// passed.
func (w *world) overtake(d time.Duration) {
	for _, late := range slices.Clone(w.late) {
		if !late.until.After(time.Now().Add(d)) {
			w.carryOut(late)
		}
	}
}

// then has a client go on when it is through with first.
func then(first, second step) step {
	if first == nil {
		return second
	}
	return func() step { return then(first(), second) }
}
