// This file shows how a program mounts the handler.

package admin_test

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/admin"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
)

// hasToken says whether a request has the token as "Authorization: Bearer TOKEN".
func hasToken(r *http.Request, token string) bool {
	sent := []byte(r.Header.Get("Authorization"))
	return token != "" && subtle.ConstantTimeCompare(sent, []byte("Bearer "+token)) == 1
}

func Example() {
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_ = os.Setenv("ADMIN_PASSWORD", "s3cret")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	connector, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}
	options := admin.Options{Authorize: admin.Password("ops", os.Getenv("ADMIN_PASSWORD"))}
	h := admin.NewWith(options, admin.Named{Name: "orders", Source: connector})
	go h.Record(ctx) // the plots reach back to before the page is opened

	mux := http.NewServeMux()
	mux.Handle("/debug/fluxor/", http.StripPrefix("/debug/fluxor", h))

	server := &http.Server{Addr: "127.0.0.1:6060", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	server.RegisterOnShutdown(h.Close)

	for _, password := range []string{"", "s3cret"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/debug/fluxor/api/state", nil)
		r.SetBasicAuth("ops", password)
		server.Handler.ServeHTTP(w, r)
		var d admin.Document
		_ = json.NewDecoder(w.Body).Decode(&d) // without the password it is no document
		fmt.Printf("%d %q\n", w.Code, d.State)
	}
	// Output:
	// 401 ""
	// 200 "healthy"
}

// Anybody who sends the token may read, as fluxor top does; only the operator's
// password lets an action through.
func Example_actions() {
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	connector, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}

	operator := admin.Password("ops", "s3cret")
	h := admin.NewWith(admin.Options{
		Authorize: func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method != http.MethodPost && hasToken(r, "for-reading") || operator(w, r)
		},
	}, admin.Named{Name: "orders", Source: connector, Actions: admin.Actions(connector)})

	for _, a := range h.Document().Connectors[0].Actions {
		fmt.Println(a.Name)
	}
	// Output:
	// force-open
	// force-closed
	// automatic
	// clear-cache
}
