// This file follows a handler: by its stream, by asking again and again where there is none, and across outages.

package top

import (
	"context"
	"errors"
	"time"
)

// The pause before a handler that was lost is asked again.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

// Event is what happened to one who follows a handler.
type Event struct {
	// Update is a document; nil where the handler was lost.
	Update *Update
	// Polling says that there is no stream, and documents are asked for.
	Polling bool
	// Err is why it was lost, Pause when it is asked again.
	Err   error
	Pause time.Duration
}

// Follow hands over documents, about one per interval, until ctx ends. A handler
// that is lost is looked for again, with pauses of up to 15 s; only one that
// does not answer at the start is an error.
func (c *Client) Follow(ctx context.Context, interval time.Duration, take func(Event)) error {
	pause := firstPause
	for known := false; ; {
		u, err := c.Get(ctx)
		if err == nil {
			known, pause = true, firstPause
			err = c.session(ctx, interval, u, take)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !known {
			return err
		}
		take(Event{Err: err, Pause: pause})
		if !wait(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// session takes documents from a stream, which begins with one, or asks for those
// after first, until that fails.
func (c *Client) session(ctx context.Context, interval time.Duration, first Update, take func(Event)) error {
	err := c.Stream(ctx, interval, func(u Update) { take(Event{Update: &u}) })
	if !errors.Is(err, errNoStream) {
		return err
	}
	for take(Event{Update: &first, Polling: true}); wait(ctx, interval); {
		u, err := c.Get(ctx)
		if err != nil {
			return err
		}
		take(Event{Update: &u, Polling: true})
	}
	return ctx.Err()
}

// wait returns false where ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
