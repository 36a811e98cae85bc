// This file looks at the page as readers do: in light and dark, on a desk and a phone, with all well and all wrong.

package browser

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor/admin"
)

func TestEverybodyCanUseThePage(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	samples := 2
	if pictured() {
		samples = 20 // a picture is to show lines
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 360} {
			name := fmt.Sprintf("%s-%d", scheme, width)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := open(t, p.URL+"/?connector=billing", look{scheme, width, 800})
				b.until(`document.querySelectorAll("#leaks tbody tr").length === 2 && document.querySelectorAll("#findings li").length > 2`)
				b.run(`for (const d of document.querySelectorAll("details")) d.open = true`)
				b.picture("sick-" + name)
				for _, v := range b.violations() {
					t.Error(v)
				}
				fits(b)
				b.run(`history.pushState(null, "", "?connector=orders"); dispatchEvent(new PopStateEvent("popstate"))`)
				b.until(fmt.Sprintf(`document.querySelectorAll("#statements tbody tr").length === 3 && document.querySelector(".area path.line-0").getAttribute("d").split("L").length > %d`, samples))
				b.picture("healthy-" + name)
				for _, v := range b.violations() {
					t.Error(v)
				}
				fits(b)
				if !ask[bool](b, `[...document.querySelectorAll("main button")].every((e) => { e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getBoundingClientRect(); return e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)); })`) {
					t.Error("a button of a section cannot be hit")
				}
			})
		}
	}
}

// fits looks that nothing is wider than the screen.
func fits(b *tab) {
	b.t.Helper()
	wide := ask[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("body, body *")].filter((e) => e.getBoundingClientRect().right > %d + 1 && e.getBoundingClientRect().width > 0 && !e.closest("thead:not(:has(button))")).map((e) => e.outerHTML.slice(0, 120))`, b.width))
	if len(wide) > 0 || ask[int64](b, `Math.max(document.documentElement.scrollWidth, innerWidth)`) > b.width {
		b.t.Errorf("wider than the screen: %q", wide)
	}
}

func TestEachClientIsShownWithWhatItsRequestsCameTo(t *testing.T) {
	t.Parallel()
	p := serve(t, "", admin.Named{Name: "orders", Source: newSource(healthy())})
	b := open(t, p.URL, desk)
	b.until(`document.querySelectorAll("#clients tbody tr").length === 2`)
	want := [][]string{
		{"in transaction, pinned: temporary table", "90,210", "3", "9 MiB", "120 MiB", "insert into invoices values (?, ?)"},
		{"pinned: session lock, leaving", "12", "0", "0 B", "0 B", "–"},
	}
	rows := ask[[][]string](b, `[...document.querySelectorAll("#clients tbody tr")].map((r) => [4, 6, 7, 8, 9, 10].map((i) => r.cells[i].innerText.trim()))`)
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("got %q, want %q", rows, want)
	}
}

func TestANumberThatNoFloatHoldsIsShownExactly(t *testing.T) {
	t.Parallel()
	p := serve(t, "", admin.Named{Name: "orders", Source: newSource(healthy())})
	b := open(t, p.URL, desk)
	b.until(`document.querySelectorAll("#statements tbody tr").length === 3`)
	if got, want := b.text("#statements tbody tr td:nth-child(3)"), "9,007,199,254,740,993"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for text, want := range map[string]string{
		`{"a":9007199254740993,"b":-9007199254740993}`:           "9007199254740993 -9007199254740993",
		`{"a":0.1234567890123456,"b":12}`:                        "0.1234567890123456 12",
		`{"a":"9007199254740993","b":"\\\"1234567890123456789"}`: `9007199254740993 \"1234567890123456789`,
		`{"a":1e20,"b":{"":"x"}}`:                                "100000000000000000000 [object Object]",
	} {
		got := ask[string](b, fmt.Sprintf("import('./numbers.js').then(({parse}) => { const v = parse(%q); return `${v.a} ${v.b}`; })", text))
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestTextsStayTexts(t *testing.T) {
	t.Parallel()
	p := serve(t, "", admin.Named{Name: "<b>billing</b>", Source: newSource(sick())})
	b := open(t, p.URL, desk, "requires 'TrustedHTML'")
	b.until(`document.querySelector("#errors").innerText.includes("onerror")`)
	if n := ask[int](b, `document.querySelectorAll("main img, main b b, option b").length`); n != 0 {
		t.Errorf("%d texts have become markup", n)
	}
	if ask[bool](b, `(() => { try { document.createElement("p").innerHTML = "<b>x</b>"; return true; } catch { return false; } })()`) {
		t.Error("the page's policy lets texts become markup")
	}
}

func TestMotionIsLeftOutForWhoWantsNone(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk)
	moves := `getComputedStyle(document.documentElement).scrollBehavior + " " + getComputedStyle(document.querySelector(".meter i")).transitionDuration`
	if got := ask[string](b, moves); got != "smooth 0.3s" {
		t.Errorf("usually: %s", got)
	}
	b.prefer("light", "reduce")
	if got := ask[string](b, moves); got != "auto 0s" {
		t.Errorf("with reduced motion: %s", got)
	}
}

func TestTheThemeIsChosenAndRemembered(t *testing.T) {
	t.Parallel()
	p := serve(t, "", usual()...)
	b := open(t, p.URL, desk)
	ground := `getComputedStyle(document.body).backgroundColor`
	light := ask[string](b, ground)
	b.run(`document.getElementById("theme").click(); document.getElementById("theme").click()`)
	dark := ask[string](b, ground)
	if got := b.text("#theme"); got != "Theme: dark" || light == dark {
		t.Errorf("%s: %s, and %s before", got, dark, light)
	}
	b.run(`window.before = true; location.reload()`)
	b.until(`!window.before && document.body?.dataset.live === "live"`)
	if got := ask[string](b, ground); got != dark {
		t.Errorf("after a reload: %s, want %s", got, dark)
	}
}
