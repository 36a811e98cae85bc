// This file uses the live screen: its keys, what it says, and a whole program over pipes.

package top

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/metrics"
)

// nothing is a connector that does nothing.
type nothing struct{}

func (nothing) Diagnostics() health.Diagnostics { return health.Diagnostics{At: time.Now()} }
func (nothing) Snapshot() metrics.Snapshot      { return metrics.Snapshot{At: time.Now()} }

// screen is a model on a terminal of 80 by 24.
func screen() *model {
	m := &model{address: "http://localhost:6060", interval: time.Second}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	return m
}

// press presses a key, and says whether that quits.
func press(m *model, key tea.Key) bool {
	_, cmd := m.Update(tea.KeyPressMsg(key))
	if cmd == nil {
		return false
	}
	_, quit := cmd().(tea.QuitMsg)
	return quit
}

func letter(r rune) tea.Key { return tea.Key{Code: r, Text: string(r)} }

func (m *model) shows(t *testing.T, want ...string) {
	t.Helper()
	got := m.View().Content
	for _, text := range want {
		if !strings.Contains(got, text) {
			t.Errorf("the screen lacks %q:\n%s", text, got)
		}
	}
}

func document(connectors ...admin.Connector) Event {
	return Event{Update: &Update{Document: *documentOf(connectors...)}}
}

func TestKeysQuit(t *testing.T) {
	t.Parallel()
	for _, key := range []tea.Key{letter('q'), {Code: tea.KeyEscape}, {Code: 'c', Mod: tea.ModCtrl}} {
		if !press(screen(), key) {
			t.Errorf("%v does not quit", key)
		}
	}
	m := screen()
	if press(m, letter('x')) || press(m, letter('?')) {
		t.Error("another key quits")
	}
	m.shows(t, "Ctrl-C   quit")
	if press(m, tea.Key{Code: tea.KeyEscape}) || m.frame.Help {
		t.Error("escape leaves more than the help")
	}
}

func TestAPausedScreenStandsAndGoesOnWithTheNewest(t *testing.T) {
	t.Parallel()
	m, later := screen(), well("orders")
	later.Summary = "49 of 50 connections used"
	m.Update(document(well("orders")))
	press(m, letter('p'))
	m.Update(document(later))
	m.shows(t, "12 of 50 connections used", "PAUSED at 05:20:12")
	press(m, letter('p'))
	m.shows(t, "49 of 50 connections used")
	if strings.Contains(m.View().Content, "PAUSED") {
		t.Error("still paused")
	}
}

func TestTheWorstConnectorIsShownUntilSomebodyChooses(t *testing.T) {
	t.Parallel()
	m := screen()
	m.Update(document(well("orders"), well("billing")))
	m.shows(t, "> orders")
	m.Update(document(well("orders"), sick("billing")))
	m.shows(t, "> billing  DOWN", "tab next")
	press(m, tea.Key{Code: tea.KeyTab})
	m.Update(document(well("orders"), sick("billing")))
	m.shows(t, "> orders")
}

func TestALostHandlerIsToldAboveWhatWasKnown(t *testing.T) {
	t.Parallel()
	m := screen()
	m.shows(t, "asking ...")
	m.Update(Event{Update: document(well("orders")).Update, Polling: true})
	m.shows(t, "no stream: asked every 1s")
	m.Update(Event{Err: errors.New("connection\nrefused"), Pause: 8 * time.Second})
	m.Update(tick(m.now.Add(5 * time.Second)))
	m.shows(t, "NO ANSWER for 5s, trying again in 3s: connection refused", "12 of 50 connections used")
	m.Update(document(well("orders")))
	if strings.Contains(m.View().Content, "NO ANSWER") {
		t.Error("still lost")
	}
}

func TestAResizedScreenFits(t *testing.T) {
	t.Parallel()
	m := screen()
	m.Update(document(sick("orders")))
	for _, size := range [][2]int{{40, 10}, {20, 3}, {200, 60}, {1, 1}} {
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		if n := strings.Count(m.View().Content, "\n") + 1; n > size[1] {
			t.Errorf("%d lines on %d", n, size[1])
		}
	}
}

// terminal is an output that tells when a text has been written.
type terminal struct {
	mu      sync.Mutex
	written bytes.Buffer
	awaited string
	seen    chan struct{}
}

func (w *terminal) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written.Write(p)
	if w.awaited != "" && strings.Contains(w.written.String(), w.awaited) {
		w.awaited = ""
		close(w.seen)
	}
	return len(p), nil
}

func TestTheLiveScreenShowsAHandlerAndQuits(t *testing.T) {
	t.Parallel()
	h := admin.New(admin.Named{Name: "orders", Source: nothing{}})
	defer h.Close()
	c := clientOf(t, h)
	for name, end := range map[string]func(keys io.Writer, cancel func()){
		"a key":       func(keys io.Writer, _ func()) { _, _ = io.WriteString(keys, "q") },
		"the context": func(_ io.Writer, cancel func()) { cancel() },
	} {
		ctx, cancel := context.WithCancel(bounded(t))
		keys, typed := io.Pipe()
		out := &terminal{awaited: "no queries yet", seen: make(chan struct{})}
		ended := make(chan error)
		go func() {
			ended <- Live(ctx, c, 250*time.Millisecond, Terminal{In: keys, Out: out, Env: []string{"TERM=xterm"}})
		}()
		select {
		case <-out.seen:
		case <-ctx.Done():
			t.Fatalf("%s: nothing is shown", name)
		}
		end(typed, cancel)
		if err := <-ended; (err == nil) != (name == "a key") || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		_ = typed.Close()
		cancel()
	}
}
