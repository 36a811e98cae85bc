// This file is the live screen: what happens to it, and the keys.

package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// Terminal is where a live screen is shown.
type Terminal struct {
	// In are the keys, Out the screen.
	In  io.Reader
	Out io.Writer
	// Env are the variables that say what the terminal can do, as NAME=value.
	Env []string
	// Palette says how looks are shown.
	Palette Palette
}

// usualHeight is how many lines a terminal has that does not say.
const usualHeight = 24

// model is the state of the screen.
type model struct {
	frame    Frame
	palette  Palette
	address  string
	interval time.Duration

	width, height int
	now           time.Time
	known         *admin.Document // the newest, which is not shown while paused
	polling       bool
	paused        bool
	moved         bool // the user chose the connector
	lost          *Event
	lostAt        time.Time
	retryAt       time.Time
}

var _ tea.Model = (*model)(nil)

// tick tells the time.
type tick time.Time

// Live follows a handler on a terminal until the user quits or ctx ends. It owns
// two goroutines, which end with it.
func Live(ctx context.Context, c *Client, interval time.Duration, on Terminal) error {
	ctx, cancel := context.WithCancel(ctx)
	m := &model{palette: on.Palette, address: c.address.page(c.path, "").Redacted(), interval: interval, now: time.Now()}
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithOutput(on.Out), tea.WithEnvironment(on.Env), tea.WithoutSignalHandler(), tea.WithWindowSize(term.Width, usualHeight)}
	if on.In != os.Stdin { // else the terminal's keys are found also where standard input is a pipe
		options = append(options, tea.WithInput(on.In))
	}
	program := tea.NewProgram(m, options...)
	var failed error
	var group sync.WaitGroup
	group.Go(func() {
		failed = c.Follow(ctx, interval, func(e Event) { program.Send(e) })
		cancel()
	})
	group.Go(func() {
		for wait(ctx, time.Second) {
			program.Send(tick(time.Now()))
		}
	})
	_, err := program.Run()
	asked := ctx.Err() == nil // by a key
	cancel()
	group.Wait()
	switch {
	case asked:
		return nil
	case failed != nil && !errors.Is(failed, context.Canceled):
		return failed
	}
	return err
}

// Init starts nothing: all that happens is sent by Live.
func (m *model) Init() tea.Cmd { return nil }

// Update takes what happened.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	case tick:
		m.now = time.Time(msg)
	case Event:
		m.take(msg)
	}
	return m, nil
}

// key does what a key says.
func (m *model) key(name string) tea.Cmd {
	switch name {
	case "q", "Q", "ctrl+c", "ctrl+d":
		return tea.Quit
	case "esc":
		if !m.frame.Help {
			return tea.Quit
		}
		m.frame.Help = false
	case "?", "h":
		m.frame.Help = !m.frame.Help
	case "p", "space":
		m.paused = !m.paused
		m.frame.Before, m.frame.Document = nil, m.known
	case "tab", "right", "down":
		m.moved = true
		m.frame.Chosen++
	}
	return nil
}

// take takes a document, or the loss of the handler.
func (m *model) take(e Event) {
	m.now = time.Now()
	if e.Update == nil {
		if m.lost == nil {
			m.lostAt = m.now
		}
		m.lost, m.retryAt = &e, m.now.Add(e.Pause)
		return
	}
	m.lost, m.polling, m.known = nil, e.Polling, &e.Update.Document
	if m.paused {
		return
	}
	m.frame.Before, m.frame.Document = m.frame.Document, m.known
	if !m.moved {
		m.frame.Chosen = worst(m.known.Connectors)
	}
}

// worst is the number of the first connector in the worst state.
func worst(list []admin.Connector) int {
	for _, state := range []string{admin.Down, admin.Failing, admin.Saturated} {
		if i := slices.IndexFunc(list, func(c admin.Connector) bool { return c.State == state }); i >= 0 {
			return i
		}
	}
	return 0
}

// View draws the screen.
func (m *model) View() tea.View {
	f := m.frame
	f.Status = m.status()
	if m.lost != nil {
		f.Lost = fmt.Sprintf("for %v, trying again in %v: %s", secondsOf(m.now.Sub(m.lostAt)), secondsOf(m.retryAt.Sub(m.now)), clean(m.lost.Err.Error()))
	}
	var rows []string
	for _, l := range view(f, m.width, m.height) {
		rows = append(rows, m.palette.show(l))
	}
	v := tea.NewView(strings.Join(rows, "\n"))
	v.AltScreen, v.WindowTitle = true, "fluxor top"
	return v
}

// secondsOf is a duration in whole seconds, for people.
func secondsOf(d time.Duration) time.Duration { return max(d, 0).Round(time.Second) }

// status is the screen's foot.
func (m *model) status() string {
	text := "q quit  p pause  ? help"
	if m.known != nil && len(m.known.Connectors) > 1 {
		text += "  tab next"
	}
	text += "  " + clean(m.address)
	if m.polling {
		text += fmt.Sprintf("  no stream: asked every %v", m.interval)
	}
	if m.paused && m.frame.Document != nil {
		text = "PAUSED at " + m.frame.Document.Time.Local().Format(time.TimeOnly) + "  " + text
	}
	return text
}
