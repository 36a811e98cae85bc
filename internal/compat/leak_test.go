// This file tests leak reports below other people's wrappers: none for what is closed, one for what is not, and its end.

package compat

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines keeps the messages that are logged.
type lines struct {
	slog.Handler
	mu  sync.Mutex
	all []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	l.all = append(l.all, text)
	return nil
}

// with returns the lines that have a word.
func (l *lines) with(word string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

func (l *lines) await(t *testing.T, word string) {
	t.Helper()
	late := time.After(10 * time.Second)
	for len(l.with(word)) == 0 {
		select {
		case <-late:
			t.Fatalf("no line %q in %q", word, l.all)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestALeakBelowAWrapperIsReportedOnceAndNothingElseIs(t *testing.T) {
	for _, w := range foreign {
		if w.name == "dd-trace" || w.name == "ocsql" {
			continue // they are opened over a connector with a logger of its own
		}
		t.Run(w.name, func(t *testing.T) {
			log := &lines{Handler: slog.DiscardHandler}
			old := slog.Default()
			slog.SetDefault(slog.New(log))
			defer slog.SetDefault(old)
			db := w.open(t, fmt.Sprintf("file:%s?fluxor_leak_detection_threshold=300ms&fluxor_leak_stack=always", filepath.Join(t.TempDir(), "x.db")))
			defer db.Close()
			for until := time.Now().Add(time.Second); time.Now().Before(until); {
				for name, operation := range operations {
					if err := operation(t.Context(), db); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
			}
			if got := log.with("held"); len(got) > 0 {
				t.Errorf("a leak where there is none: %q", got)
			}
			rows, err := db.QueryContext(t.Context(), "select 1 union select 2")
			if err != nil {
				t.Fatal(err)
			}
			log.await(t, "is something not closed?")
			rows.Close()
			log.await(t, "came back")
			got := log.with("is something not closed?")
			if len(got) != 1 || !strings.Contains(got[0], "leak_test.go") {
				t.Errorf("the leak: %q", got)
			}
		})
	}
}
