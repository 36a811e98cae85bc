// This file is a tab: it opens the page, asks it, waits for it, and hears what the browser complains of.

package browser

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds each wait; a noisy machine needs it, a good page does not.
const patience = 60 * time.Second

// tab is one page in the browser.
type tab struct {
	t     *testing.T
	ctx   context.Context
	width int64 // of the screen: a page that is wider makes a phone's window wider

	mu         sync.Mutex // protects complaints
	complaints []string
}

// look is how a page is looked at.
type look struct {
	scheme        string // "light" or "dark"
	width, height int64
}

var desk = look{"light", 1280, 900}

// open opens a page. When the test ends nothing may have been complained of but
// what is forgiven.
func open(t *testing.T, url string, l look, forgiven ...string) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(chromium)
	ctx, stop := context.WithTimeout(ctx, 4*patience)
	b := &tab{t: t, ctx: ctx, width: l.width}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		end()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, text := range b.complaints {
			if !slices.ContainsFunc(forgiven, func(part string) bool { return strings.Contains(text, part) }) {
				t.Errorf("the browser complains: %s", text)
			}
		}
	})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.width < 600})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // each tab as if it were alone
	b.prefer(l.scheme, "no-preference")
	b.do(chromedp.Navigate(url))
	b.until(`document.body.dataset.live === "live"`)
	return b
}

// call sends a command of the protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// prefer sets what the reader prefers.
func (b *tab) prefer(scheme, motion string) {
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
}

// hear notes errors of scripts, of the network and of the page's policy.
func (b *tab) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text + " " + description(e.ExceptionDetails.Exception)
	case *runtime.EventConsoleAPICalled:
		text = fmt.Sprintf("console.%s", e.Type)
		for _, arg := range e.Args {
			text += " " + string(arg.Value)
		}
	case *log.EventEntryAdded:
		text = fmt.Sprintf("%s %s: %s %s", e.Entry.Level, e.Entry.Source, e.Entry.Text, e.Entry.URL)
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// ask evaluates an expression in the page, promises included.
func ask[T any](b *tab, expression string) (answer T) {
	b.t.Helper()
	answer, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v: %.300s", err, expression)
	}
	return answer
}

// run evaluates an expression for what it does.
func (b *tab) run(expression string) { b.do(chromedp.Evaluate[chromedp.Void](expression)) }

// until waits for an expression to be true.
func (b *tab) until(expression string) {
	b.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !ask[bool](b, expression) {
		select {
		case <-again.C:
		case <-late:
			b.t.Fatalf("not within %v: %s; the page says: %s", patience, expression, ask[string](b, `document.body.innerText.slice(0, 600)`))
		}
	}
}

// text is what an element shows.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return ask[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// press presses keys one after the other.
func (b *tab) press(keys string) { b.do(chromedp.KeyEvent(keys)) }

// pictured says whether pictures are wanted.
func pictured() bool { return os.Getenv("FLUXOR_SCREENSHOTS") != "" }

// picture leaves a picture of the whole page where that is wanted.
func (b *tab) picture(name string) {
	b.t.Helper()
	if !pictured() {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("FLUXOR_SCREENSHOTS"), name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// axeSum is the checksum of testdata/axe.min.js.
const axeSum = "5j5ln5gG165b1AiZBDsIcaUGLFRCsBs/Gj7fXq9Qv1w6cQSnJGMpO0rRt3xmGg1OQOhQ3sid6dbs5wqME6mvFw=="

// violations are what axe-core finds in the page as it is.
func (b *tab) violations() []string {
	b.t.Helper()
	script, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	if sum := sha512.Sum512(script); base64.StdEncoding.EncodeToString(sum[:]) != axeSum {
		b.t.Fatal("testdata/axe.min.js is not the file that testdata/README.md names")
	}
	b.run(string(script))
	var found struct {
		Violations []struct {
			ID, Help string
			Nodes    []struct{ HTML, FailureSummary string }
		}
		Passes []struct{ ID string }
	}
	raw := ask[string](b, `axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify({violations: r.violations, passes: r.passes}))`)
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		b.t.Fatal(err)
	}
	if len(found.Passes) < 10 {
		b.t.Fatalf("axe-core applied %d rules only", len(found.Passes))
	}
	var list []string
	for _, v := range found.Violations {
		for _, n := range v.Nodes {
			list = append(list, fmt.Sprintf("%s (%s): %s: %s", v.ID, v.Help, n.HTML, n.FailureSummary))
		}
	}
	return list
}

// description is what a thrown value says of itself.
func description(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return o.Description
}
