// This file reads and writes the terms on which answers are kept, for hints and for rules alike.

package sqltext

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Terms say how the answers of a statement are kept. What is zero was not said,
// so that the connector's options hold.
type Terms struct {
	// TTL is how long an answer is kept, where HasTTL is true; 0 means until a
	// table that it read is written.
	TTL    time.Duration
	HasTTL bool
	// Rows is how many rows an answer may have to be kept.
	Rows int
	// Tags are names under which an answer can be invalidated, beside those of
	// the tables it read. They are in lower case as those are: a tag with a
	// table's name is that of the table.
	Tags []string
	// StaleIfError and StaleWhileRevalidate are for how long after its TTL an
	// answer may be shown while the database fails, and while it is asked anew;
	// negative means never.
	StaleIfError, StaleWhileRevalidate time.Duration
}

// Off is a time of [Terms] that was written as 0 and means never.
const Off = -1

// TermKeys lists the keys that [Terms.Set] takes, for errors.
const TermKeys = "ttl=30s, rows=500, tags=a,b, stale_if_error=1m and swr=10s"

// ErrUnknownTerm is returned for a key that is none of [TermKeys]. ErrTwice is
// for one that was set before.
var (
	ErrUnknownTerm = errors.New("allowed are " + TermKeys)
	ErrTwice       = errors.New("it is said twice")
)

// The values that are right, for errors.
const (
	wantTTL   = "write a time such as 30s, 5m or 1h, or 0 for until what was read is written"
	wantStale = "write a time such as 30s, 5m or 1h, or 0 for never"
	wantRows  = "write a number of rows from 1 on"
	wantTags  = "write names of the letters a to z, digits, _ . - and :, each once, with commas between them"
)

// Set takes in one key=value. The error says what would be right; t is then as
// it was. The tags do not share the value's memory.
func (t *Terms) Set(key, value string) error {
	switch key {
	case "ttl":
		return t.setTTL(value)
	case "rows":
		return t.setRows(value)
	case "tags":
		return t.setTags(value)
	case "stale_if_error":
		return setStale(&t.StaleIfError, value)
	case "swr":
		return setStale(&t.StaleWhileRevalidate, value)
	}
	return ErrUnknownTerm
}

func (t *Terms) setTTL(value string) error {
	ttl, err := time.ParseDuration(value)
	switch {
	case err != nil || ttl < 0:
		return errors.New(wantTTL)
	case t.HasTTL:
		return ErrTwice
	}
	t.TTL, t.HasTTL = ttl, true
	return nil
}

func (t *Terms) setRows(value string) error {
	rows, err := strconv.Atoi(value)
	switch {
	case err != nil || rows < 1:
		return errors.New(wantRows)
	case t.Rows > 0:
		return ErrTwice
	}
	t.Rows = rows
	return nil
}

func (t *Terms) setTags(value string) error {
	var tags names
	for tag := range strings.SplitSeq(lower(strings.Clone(value)), ",") {
		if tag == "" || tags.has(tag) || strings.ContainsFunc(tag, notInTag) {
			return errors.New(wantTags)
		}
		tags.add(tag)
	}
	if t.Tags != nil {
		return ErrTwice
	}
	t.Tags = tags.list
	return nil
}

// notInTag reports whether r, in lower case, has no place in a tag.
func notInTag(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-:", r))
}

func setStale(to *time.Duration, value string) error {
	stale, err := time.ParseDuration(value)
	switch {
	case err != nil || stale < 0:
		return errors.New(wantStale)
	case *to != 0:
		return ErrTwice
	case stale == 0:
		stale = Off
	}
	*to = stale
	return nil
}

// String writes the terms as Set reads them, with blanks between them; "" for
// none.
func (t Terms) String() string {
	var words []string
	if t.HasTTL {
		words = append(words, "ttl="+brief(t.TTL))
	}
	if t.Rows > 0 {
		words = append(words, "rows="+strconv.Itoa(t.Rows))
	}
	if len(t.Tags) > 0 {
		words = append(words, "tags="+strings.Join(t.Tags, ","))
	}
	if t.StaleIfError != 0 {
		words = append(words, "stale_if_error="+brief(t.StaleIfError))
	}
	if t.StaleWhileRevalidate != 0 {
		words = append(words, "swr="+brief(t.StaleWhileRevalidate))
	}
	return strings.Join(words, " ")
}

// brief writes a time without the zeros at its end: 5m for 5m0s; 0 for never.
func brief(d time.Duration) string {
	s := max(d, 0).String()
	switch {
	case s == "0s":
		return "0"
	case strings.HasSuffix(s, "h0m0s"):
		return strings.TrimSuffix(s, "0m0s")
	case strings.HasSuffix(s, "m0s"):
		return strings.TrimSuffix(s, "0s")
	}
	return s
}
