// This file uses the page: filters, keys, actions, a prefix, a program that goes away.

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/fluxor-db/fluxor/admin"
)

func TestFiltersStandInTheAddressAndTheBackButtonUndoesThem(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk)
	b.do(chromedp.SetValue("#connector", "billing"))
	b.run(`document.getElementById("connector").dispatchEvent(new Event("change"))`)
	b.do(chromedp.SendKeys("#q", "MONTH"))
	b.until(`location.search === "?connector=billing&q=MONTH" && document.querySelectorAll("#leaks tbody tr").length === 1`)
	b.run(`document.querySelector("#statements th:nth-child(3) button").click()`)
	b.until(`new URLSearchParams(location.search).get("sort") === "count"`)
	if rows := jsonRows(t, b, "#leaks .json"); len(rows) != 1 || !strings.Contains(rows[0], "report/month.go:88") {
		t.Errorf("the JSON has %q", rows)
	}

	shared := open(t, ask[string](b, "location.href"), desk)
	shared.until(`document.querySelectorAll("#leaks tbody tr").length === 1`)
	if q, name := ask[string](shared, `document.getElementById("q").value`), ask[string](shared, `document.getElementById("connector").value`); q != "MONTH" || name != "billing" {
		t.Errorf("the shared page has %q and %q", q, name)
	}

	for left := 2; left >= 0; left-- { // the order, the text as one, the connector
		b.run("history.back()")
		b.until(fmt.Sprintf("new URLSearchParams(location.search).size === %d", left))
	}
	b.until(`document.getElementById("q").value === "" && document.querySelectorAll("#statements tbody tr").length === 3`)
}

// jsonRows follows a link of the page's to its rows.
func jsonRows(t *testing.T, b *tab, link string) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ask[string](b, `document.querySelector("`+link+`").href`), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var view struct{ Rows []json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&view); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range view.Rows {
		rows = append(rows, string(row))
	}
	return rows
}

func TestThePageAndItsJSONHaveTheSameRows(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL+"/?connector=billing", desk)
	b.until(`document.querySelectorAll("#leaks tbody tr").length === 2`)
	for view, rows := range map[string]string{"statements": "tbody tr", "leaks": "tbody tr", "clients": "tbody tr", "options": "tbody tr", "findings": "li"} {
		shown := ask[int](b, `document.querySelectorAll("#`+view+` `+rows+`").length`)
		if got := jsonRows(t, b, "#"+view+" .json"); len(got) != shown || shown == 0 {
			t.Errorf("%s: the page has %d rows, the JSON %d", view, shown, len(got))
		}
	}
}

func TestTheKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL+"/?connector=billing", desk)
	b.until(`document.querySelectorAll("#leaks tbody tr").length === 2`)
	b.run(`[...document.querySelectorAll("a, button, input, select, summary")].filter((e) => e.checkVisibility()).forEach((e, i) => { e.dataset.stop = i; })`)
	want := ask[int](b, `document.querySelectorAll("[data-stop]").length`)
	seen := []string{}
	for range want + 5 {
		b.press(kb.Tab)
		at := ask[[]string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e); return [e.dataset.stop ?? "", s.outlineStyle === "none" ? "" : s.outlineWidth, e.outerHTML.slice(0, 80)]; })()`)
		if at[0] == "" {
			break // around once
		}
		if at[1] == "" || at[1] == "0px" {
			t.Errorf("nobody sees that %s has the focus", at[2])
		}
		if !slices.Contains(seen, at[0]) {
			seen = append(seen, at[0])
		}
	}
	if len(seen) != want {
		t.Errorf("tab reaches %d of %d", len(seen), want)
	}
	b.run(`document.querySelector("#leaks summary").focus()`)
	b.press(kb.Enter)
	b.until(`document.querySelector("#leaks details").open && document.querySelectorAll("#leaks ol li").length === 3`)
	b.run(`window.unfolded = document.querySelector("#leaks details"); window.asOf = document.getElementById("live").textContent`)
	b.until(`document.getElementById("live").textContent !== window.asOf`)
	if !ask[bool](b, `window.unfolded.isConnected && window.unfolded.open && document.activeElement.closest("details") === window.unfolded`) {
		t.Error("a new document takes away the focus, or folds what was unfolded")
	}
}

func TestThePageWorksBelowAPrefix(t *testing.T) {
	t.Parallel()
	p := serve(t, "/debug/fluxor", usual()...)
	b := open(t, p.URL+"/debug/fluxor?connector=orders", desk) // without the slash
	if got := ask[string](b, "location.pathname + location.search"); got != "/debug/fluxor/?connector=orders" {
		t.Errorf("at %s", got)
	}
	b.until(`document.querySelectorAll("#statements tbody tr").length === 3`)
	if rows := jsonRows(t, b, "#pool .json"); len(rows) != 1 {
		t.Errorf("the JSON has %q", rows)
	}
}

func TestALostProgramIsSaidAndFoundAgain(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk, "502", "ERR_INCOMPLETE_CHUNKED_ENCODING")
	p.cut()
	b.until(`!document.getElementById("lost").hidden`)
	if text := b.text("#lost"); !strings.Contains(text, "No connection since") || !strings.Contains(text, "502") {
		t.Errorf("the page says %q", text)
	}
	for _, v := range b.violations() {
		t.Error(v)
	}
	b.picture("lost")
	p.back(usual()...)
	b.until(`document.getElementById("lost").hidden && document.body.dataset.live === "live"`)
	b.run(`document.getElementById("pause").click()`)
	b.until(`document.body.dataset.live === "paused" && document.getElementById("live").textContent.startsWith("Paused, as of")`)
	b.run(`document.getElementById("pause").click()`)
	b.until(`document.body.dataset.live === "live"`)
}

// keptBy answers for the history as a program that recorded three minutes of it.
func keptBy(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/history.json" {
			h.ServeHTTP(w, r)
			return
		}
		type row struct {
			Connector string `json:"connector"`
			admin.Sample
		}
		view, now := admin.View{SchemaVersion: admin.SchemaVersion, Time: time.Now()}, time.Now()
		for ago := 3 * time.Minute; ago > 0; ago -= 5 * time.Second {
			s := admin.Sample{Time: now.Add(-ago), Seconds: 5, PerSecond: 4321, Used: 7, MaxOpen: 50}
			if ago == time.Minute {
				s.Waiting = 77
			}
			view.Rows = append(view.Rows, row{"orders", s})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(view) // the browser left
	})
}

func TestPlotsShowWhatWasBeforeThePageWasOpened(t *testing.T) {
	t.Parallel()
	h := admin.New(usual()...)
	server := httptest.NewServer(keptBy(h))
	t.Cleanup(func() {
		h.Close()
		server.Close()
	})
	b := open(t, server.URL+"/?span=5m", desk)
	label := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll("#traffic .plot svg[role=img]")[%d].getAttribute("aria-label")`, n)
	}
	b.until(label(0) + `.includes("most 4,321")`)
	b.until(label(2) + `.includes("waiting: now 0, least 0, most 77")`)
	if text := ask[string](b, label(0)); !strings.Contains(text, "last 3m") && !strings.Contains(text, "last 2m5") {
		t.Errorf("the plot says %q, and the program knows of 3 minutes", text)
	}
	path := `document.querySelector("#traffic .plot path.line-0").getAttribute("d").match(/M/g).length`
	if lines := ask[int](b, path); lines != 1 {
		t.Errorf("the line of all queries has %d parts", lines)
	}
	b.run(`document.getElementById("span").value = "1m"; document.getElementById("span").dispatchEvent(new Event("change"))`)
	b.until(label(0) + `.includes("last 1m")`)
	b.picture("history")
}

// fakeStreams has the page's own code follow streams that a test ends, and answers
// that come when the test wants.
const fakeStreams = `import("./stream.js").then(async ({ follow }) => {
	const real = { EventSource, fetch };
	const streams = [], said = [];
	let answer;
	window.EventSource = class { constructor() { streams.push(this); } close() { this.closed = true; } };
	window.fetch = () => new Promise((resolve) => { answer = () => resolve({ ok: STATUS === 200, status: STATUS, text: async () => '{"n":2}' }); });
	const followed = follow({ heard: (d) => said.push("heard " + d.n), lost: (_, why) => said.push(why) });
	streams[0].onmessage({ data: '{"n":1}' });
	const ended = streams[0].onerror();
	if (PAUSED) followed.stop();
	answer();
	await ended;
	followed.stop();
	Object.assign(window, real);
	return [...said, streams.length + " stream", streams[0].closed ? "closed" : "open"].join("; ");
})`

func TestWithoutAStreamDocumentsAreAskedForUnlessThePageIsPaused(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk)
	for _, row := range []struct{ status, paused, want string }{
		{"200", "false", "heard 1; heard 2; 1 stream; closed"},
		{"503", "false", "heard 1; The program answers 503.; 1 stream; closed"},
		{"401", "false", "heard 1; The program wants a login: load the page anew.; 1 stream; closed"},
		{"200", "true", "heard 1; 1 stream; closed"},
		{"503", "true", "heard 1; 1 stream; closed"},
	} {
		if got := ask[string](b, strings.NewReplacer("STATUS", row.status, "PAUSED", row.paused).Replace(fakeStreams)); got != row.want {
			t.Errorf("%s, paused %s: got %s, want %s", row.status, row.paused, got, row.want)
		}
	}
}

func TestThePageWorksBehindAPassword(t *testing.T) {
	t.Parallel()
	h := admin.NewWith(admin.Options{Authorize: admin.Password("ops", "s3cret")}, usual()...)
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		h.Close()
		server.Close()
	})
	b := open(t, strings.Replace(server.URL, "http://", "http://ops:s3cret@", 1), desk)
	b.until(`document.querySelectorAll("#statements tbody tr").length === 3`)
}

func TestAnActionIsDoneWhenItIsConfirmed(t *testing.T) {
	t.Parallel()
	done := make(chan struct{}, 1)
	clear := admin.Action{Name: "clear-cache", Title: "Clear the query cache", Warning: "All answers are forgotten.", Do: func(context.Context) error {
		done <- struct{}{}
		return nil
	}}
	p := serve(t, "", admin.Named{Name: "orders", Source: newSource(healthy()), Actions: []admin.Action{clear}})
	b := open(t, p.URL, desk)
	b.until(`document.querySelectorAll("#breaker button").length === 1`)
	b.run(`document.querySelector("#breaker button").click()`)
	b.until(`document.getElementById("confirm").open`)
	for _, v := range b.violations() {
		t.Error(v)
	}
	b.picture("confirm")
	b.press(kb.Escape)
	b.until(`!document.getElementById("confirm").open`)
	if len(done) != 0 {
		t.Fatal("it was done without a yes")
	}
	b.run(`document.querySelector("#breaker button").click(); document.getElementById("confirm-yes").click()`)
	b.until(`document.querySelector("#breaker [role=status]").textContent === "Done: Clear the query cache."`)
	<-done
}

func TestNothingIsOfferedUnlessTheProgramDoes(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk)
	b.until(`document.querySelectorAll("#statements tbody tr").length === 3`)
	if n := ask[int](b, `document.querySelectorAll("main button:not(th button, .link)").length`); n != 0 {
		t.Errorf("%d buttons change something", n)
	}
}
