// This file asks handlers that are well, and everything else that may answer in their place.

package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/admin"
)

func TestAddressIsCompleted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"localhost:6060": "http://localhost:6060 /debug/fluxor", " h ": "http://h /debug/fluxor", ":6060": "http://localhost:6060 /debug/fluxor",
		"https://h/": "https://h /debug/fluxor", "h:1/x/": "http://h:1/x", "http://h/x/api/state": "http://h/x", "h/api/events?interval=1s#a": "http://h /debug/fluxor",
		"[::1]:6060": "http://[::1]:6060 /debug/fluxor", "http://u:secret@h/x": "http://u:xxxxx@h/x",
	} {
		a, err := ParseAddress(text)
		if got := strings.Join(append([]string{a.String()}, a.paths[min(1, len(a.paths)):]...), " "); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestWhatIsNoAddressIsRefusedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "postgres://u:secret@h/db", "mysql://u:secret@h/db", "ftp://u:secret@h", "host=h password=secret", "u:secret@tcp(h:3306)/db",
		"u/secret@h:1521/XE", "shop.db", "http://u:secret@h:port/", "http://[::1/secret", "http://u:sec%zzret@h/secret",
	} {
		_, err := ParseAddress(text)
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "http://localhost:6060/debug/fluxor") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestHeaderTakesItsSecretsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"TOKEN": "s3cret", "BROKEN": "s3cret\r\nX: y"}
	getenv := func(name string) string { return vars[name] }
	h, err := ParseHeaders([]string{"Authorization: Bearer env:TOKEN", "x-a:  1 ", "X-A: 2"}, getenv)
	if err != nil || h.Get("Authorization") != "Bearer s3cret" || !slices.Equal(h["X-A"], []string{"1", "2"}) {
		t.Errorf("got %v, %v", h, err)
	}
	for line, want := range map[string]string{"s3cret": "a colon", "a b: s3cret": "a colon", ": s3cret": "a colon", "A: env:NOPE s3cret": "NOPE", "A: env:BROKEN": "control"} {
		if _, err := ParseHeaders([]string{line}, getenv); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestHandlerIsFoundAtTheRootAndAtTheUsualPath(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", usualPath} {
		mux := http.NewServeMux()
		mux.Handle(path+"/", http.StripPrefix(path, admin.New()))
		c := clientOf(t, mux)
		for range 2 {
			u, err := c.Get(bounded(t))
			if err != nil || u.Document.SchemaVersion != admin.SchemaVersion || strings.Contains(string(u.Raw), "\n") {
				t.Errorf("at %q: %+v, %v", path, u.Document, err)
			}
		}
	}
}

// answers are those of programs that are no admin handler, and what is said of
// them.
var answers = map[string]struct {
	h    http.HandlerFunc
	want string
}{
	"404":        {http.NotFound, "is the admin handler mounted there? Give its path"},
	"unstripped": {func(w http.ResponseWriter, r *http.Request) { admin.New().ServeHTTP(w, r.WithContext(r.Context())) }, "http.StripPrefix"},
	"401":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }, "--header 'Authorization: Bearer env:TOKEN'"},
	"403":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, "--header"},
	"502":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }, "proxy"},
	"login":      {http.RedirectHandler("https://login.example.com/?back=1", http.StatusFound).ServeHTTP, "https://login.example.com/?back=1, which is not followed"},
	"html":       {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "does not answer with JSON"},
	"other JSON": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"a":1}`) }, "not with the admin handler's document"},
	"a list":     {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[1]`) }, "not with the admin handler's document"},
	"newer":      {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"schema_version":2}`) }, "version 2, and this fluxor reads version 1"},
	"endless":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `"%s"`, strings.Repeat("a", mostBytes)) }, "more than 8 MiB"},
	"cut off": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"schema`)
	}, "the connection ended before the answer did"},
}

func TestWhatIsNoHandlerIsAnsweredWithWhatToDo(t *testing.T) {
	t.Parallel()
	for name, row := range answers {
		server := httptest.NewServer(row.h)
		c := dialed(t, server.URL+"/x", http.Header{"Authorization": {"Bearer s3cret"}})
		_, err := c.Get(bounded(t))
		if err == nil || !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), server.URL) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

func TestWhereNothingAnswersItIsSaidWhy(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(admin.New())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it is spoken to wrongly on purpose
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(admin.New())
	defer plain.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	_ = free.Close()
	for address, want := range map[string]string{
		nobody: "connection refused: nothing listens there", "nosuch.invalid": "the host nosuch.invalid is not found",
		secure.URL: "SSL_CERT_FILE", strings.Replace(secure.URL, "https", "http", 1): "use https://", strings.Replace(plain.URL, "http", "https", 1): "use http://",
	} {
		if _, err := dialed(t, address, nil).Get(bounded(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dialed(t, plain.URL, nil).Get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if text := wordsFor(&url.URL{}, os.ErrDeadlineExceeded); !strings.Contains(text, "no answer within 10s") {
		t.Errorf("slow: %s", text)
	}
}

func TestHeaderGoesToItsHostAlone(t *testing.T) {
	t.Parallel()
	stolen := make(chan string, 1)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen <- r.Header.Get("X-Token") }))
	defer thief.Close()
	mux := http.NewServeMux()
	mux.Handle("/old/", http.RedirectHandler("/new/api/state", http.StatusFound))
	mux.HandleFunc("/new/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Token") != "s3cret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		page(documentOf())(w, r)
	})
	mux.Handle("/away/", http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	server := httptest.NewServer(mux)
	defer server.Close()
	header := http.Header{"X-Token": {"s3cret"}}
	if _, err := dialed(t, server.URL+"/old", header).Get(bounded(t)); err != nil {
		t.Errorf("a redirect within the host: %v", err)
	}
	if _, err := dialed(t, server.URL+"/away", header).Get(bounded(t)); err == nil || !strings.Contains(err.Error(), thief.URL) {
		t.Errorf("a redirect to another: %v", err)
	}
	select {
	case token := <-stolen:
		t.Errorf("the other host was asked with %q", token)
	default:
	}
}
