// This file tests the admin operations over HTTP.

package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// pages serves the admin handler of s.
func pages(t *testing.T, s *served, p gateway.AdminPages) *httptest.Server {
	t.Helper()
	web := httptest.NewServer(s.AdminHandler(p))
	t.Cleanup(web.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return web
}

// visit asks for a page as change has it, and returns the code and the body.
func visit(t *testing.T, method, address string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// as logs in by user and token.
func as(user, token string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, token) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestOverHTTPEachOperationIsForItsRoleByItsMethod(t *testing.T) {
	for i, role := range everyRole {
		s := sqlite(t, withRole(role))
		web := pages(t, s, gateway.AdminPages{})
		typo := http.StatusNotFound
		if role == gateway.RoleNone {
			typo = http.StatusForbidden
		}
		if code, body := visit(t, http.MethodGet, web.URL+"/admin/polls", as("app", token)); code != typo || typo == http.StatusNotFound && !strings.Contains(body, "pools, ") {
			t.Errorf("role %q, a typo: got %d %s, want %d", role, code, body, typo)
		}
		for op, least := range leastRoles {
			code, body := visit(t, http.MethodGet, web.URL+"/admin/"+op, as("app", token))
			want := http.StatusForbidden
			if i >= rankOf(least) {
				want = http.StatusOK
				if acts(op) {
					want = http.StatusMethodNotAllowed
				}
			}
			if code != want {
				t.Errorf("role %q, GET %s: got %d %s, want %d", role, op, code, body, want)
			}
			if acts(op) && i < rankOf(least) {
				if code, body = visit(t, http.MethodPost, web.URL+"/admin/"+op, as("app", token)); code != http.StatusForbidden {
					t.Errorf("role %q, POST %s: got %d %s", role, op, code, body)
				}
			}
		}
	}
}

func rankOf(r gateway.Role) int {
	for i, one := range everyRole {
		if one == r {
			return i
		}
	}
	return len(everyRole)
}

func acts(op string) bool {
	for _, o := range gateway.Ops() {
		if o.Name == op {
			return o.Acts
		}
	}
	return false
}

func TestOnlyAUsersTokenOpensTheAdminPages(t *testing.T) {
	s := sqlite(t, withRole(gateway.RoleOperator), func(c *gateway.Config) { c.Limits.FailedLogins = -1 })
	shown := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shown") })
	web := pages(t, s, gateway.AdminPages{Page: shown, Metrics: shown})
	none := func(*http.Request) {}
	for _, path := range []string{"/admin/pools", "/admin/none", "/metrics", "/", "/api/state"} {
		for _, who := range []func(*http.Request){none, as("app", "x"), as("", token), as("nobody", token), bearer("x"), bearer("")} {
			if code, body := visit(t, http.MethodGet, web.URL+path, who); code != http.StatusUnauthorized || strings.Contains(body, "shown") {
				t.Errorf("%s: got %d %s", path, code, body)
			}
		}
	}
	for _, who := range []func(*http.Request){as("app", token), bearer(token)} {
		for path, want := range map[string]string{"/admin/pools": "sv_active", "/metrics": "shown", "/x": "shown"} {
			if code, body := visit(t, http.MethodGet, web.URL+path, who); code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s: got %d %s", path, code, body)
			}
		}
	}
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if code, _ := visit(t, http.MethodPost, web.URL+"/admin/pause", as("app", token), foreign); code != http.StatusForbidden {
		t.Errorf("another site's POST got %d", code)
	}
}

func TestWhoGuessesAtTheAdminPagesIsNotHeardForAWhile(t *testing.T) {
	s := sqlite(t, withRole(gateway.RoleMonitor), reader, func(c *gateway.Config) { c.Limits.FailedLogins = 3 })
	web := pages(t, s, gateway.AdminPages{})
	code := func(who ...func(*http.Request)) int {
		got, _ := visit(t, http.MethodGet, web.URL+"/admin/pools", who...)
		return got
	}
	for range 2 {
		code(as("app", "x"))
	}
	code() // is no guess
	if got := code(as("app", token)); got != http.StatusOK {
		t.Fatalf("before the third failure: got %d", got)
	}
	for range 3 {
		code(as("app", "x"))
	}
	if got := code(as("app", token)); got != http.StatusUnauthorized {
		t.Errorf("who guessed too often got %d", got)
	}
	if tries(t, s, "app", token) {
		t.Error("a session begins from where somebody guesses")
	}
	if got := code(as("reader", token)); got != http.StatusForbidden {
		t.Errorf("another user, who has no role, got %d", got)
	}
	dbtest.WaitUntil(t, "the user is heard again", func() bool { return code(as("app", token)) == http.StatusOK })
}

func TestWhoGuessesTokensAtTheAdminPagesIsNotHeardForAWhile(t *testing.T) {
	s := sqlite(t, withRole(gateway.RoleMonitor), func(c *gateway.Config) { c.Limits.FailedLogins = 3 })
	web := pages(t, s, gateway.AdminPages{})
	code := func(who func(*http.Request)) int {
		got, _ := visit(t, http.MethodGet, web.URL+"/admin/pools", who)
		return got
	}
	for range 3 {
		code(bearer("x"))
	}
	if got := code(bearer(token)); got != http.StatusUnauthorized {
		t.Errorf("who guessed too often got %d", got)
	}
	if got := code(as("app", token)); got != http.StatusOK {
		t.Errorf("a user by name got %d", got)
	}
	dbtest.WaitUntil(t, "the token is heard again", func() bool { return code(bearer(token)) == http.StatusOK })
}

func TestMetricsMayBeOpenAndNothingElse(t *testing.T) {
	s := sqlite(t)
	shown := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "shown") })
	web := pages(t, s, gateway.AdminPages{Page: shown, Metrics: shown, OpenMetrics: true})
	if code, _ := visit(t, http.MethodGet, web.URL+"/metrics"); code != http.StatusOK {
		t.Errorf("got %d", code)
	}
	if code, _ := visit(t, http.MethodGet, web.URL+"/"); code != http.StatusUnauthorized {
		t.Errorf("got %d", code)
	}
	if code, _ := visit(t, http.MethodGet, web.URL+"/", as("app", token)); code != http.StatusForbidden {
		t.Errorf("a user without a role got %d", code)
	}
}

func TestArgumentsComeWithTheRequest(t *testing.T) {
	s := sqlite(t, withRole(gateway.RoleOperator))
	web := pages(t, s, gateway.AdminPages{})
	post := func(query string) int {
		code, _ := visit(t, http.MethodPost, web.URL+"/admin/pause?"+query, as("app", token))
		return code
	}
	if code := post(url.Values{"database": {"none"}}.Encode()); code != http.StatusBadRequest {
		t.Errorf("got %d", code)
	}
	if code := post("database=erp&database=erp"); code != http.StatusBadRequest {
		t.Errorf("got %d", code)
	}
	if code := post("database=erp"); code != http.StatusOK {
		t.Errorf("got %d", code)
	}
	if _, body := visit(t, http.MethodGet, web.URL+"/admin/databases", as("app", token)); !strings.Contains(body, `"paused"`) {
		t.Errorf("got %s", body)
	}
}

func TestProbesTellLifeFromReadiness(t *testing.T) {
	s := sqlite(t)
	web := pages(t, s, gateway.AdminPages{})
	codes := func() (codes [3]int) {
		for i, path := range []string{"/livez", "/readyz", "/startupz"} {
			codes[i], _ = visit(t, http.MethodGet, web.URL+path)
		}
		return codes
	}
	login(t, s)
	if got := codes(); got != [3]int{200, 200, 200} {
		t.Errorf("got %v", got)
	}
	s.Leave()
	if got := codes(); got != [3]int{200, 503, 200} {
		t.Errorf("about to end: got %v", got)
	}
	login(t, s).must("create table t (v)") // it still serves
}
