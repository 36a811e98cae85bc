// This file has writers say that they begin, and how it ended.

package cache

import "time"

// Write is a write under way. It ends with the first call of Done, Undone or
// Doubtful; later ones do nothing, so that a deferred Doubtful is what a panic
// or a forgotten case comes to. Until it ends, nothing of its tags is kept or
// shown. It must not be copied once begun, nor ended by two goroutines.
type Write struct {
	versions *Versions // nil once it has ended
	tags     Tags
}

// Begin announces a write. It is called before anything is sent that the
// database may show to others: before a statement outside a transaction, and
// before the COMMIT of a transaction, with the tags of all of its statements.
// What a transaction does before, nobody else can see.
func (v *Versions) Begin(tags Tags) Write {
	for word := range v.words(tags) {
		word.Add(writer)
	}
	return Write{v, tags}
}

// Done says that the write may have taken effect, and that it is over: from now
// on the database shows it to whoever asks, or never will. To say so late costs
// hits and no truth.
func (w *Write) Done() { w.end(bump - writer) }

// Undone says that nobody ever saw, or will see, anything of the write: nothing
// was sent, or the database refused it whole. What was kept before is still
// true and may be shown again, so that a program whose writes are often refused
// keeps its answers.
//
// It takes a database that rolls back: where a table may be in an engine without
// transactions (MySQL's MyISAM, MariaDB's Aria), or a read may see what is not
// committed (READ UNCOMMITTED), the end is Done.
func (w *Write) Undone() { w.end(^uint64(0)) } // - writer

// Doubtful says that nobody knows whether the write took effect, or whether it
// still will: its answer was lost. For the time of window nothing of its tags is
// kept or shown, as if it went on; then it is over, as with Done. A server may
// show a write a second and more after the client gave it up, so a window is
// never shorter than the longest that a server works on a statement of which
// the client is gone. It may last a tenth of a second longer. A window of 0 or
// less is Done.
func (w *Write) Doubtful(window time.Duration) {
	if w.versions == nil || window <= 0 {
		w.Done()
		return
	}
	w.versions.doubt(w.tags, time.Now().Add(window))
	w.versions = nil
}

func (w *Write) end(change uint64) {
	if w.versions == nil {
		return
	}
	for word := range w.versions.words(w.tags) {
		word.Add(change)
	}
	w.versions = nil
}

// Invalidate ends all that was kept of the tags: something wrote them that does
// not announce itself.
func (v *Versions) Invalidate(tags Tags) {
	for word := range v.words(tags) {
		word.Add(bump)
	}
}
