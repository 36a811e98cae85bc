// This file shows how a program mounts the handler.

package admin_test

import (
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

// onlyWith lets those through who send the token as "Authorization: Bearer TOKEN".
func onlyWith(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := []byte(r.Header.Get("Authorization"))
		if token == "" || subtle.ConstantTimeCompare(sent, []byte("Bearer "+token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func Example() {
	db, err := sql.Open("fluxor", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_ = os.Setenv("ADMIN_TOKEN", "s3cret")

	connector, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}
	h := admin.New(admin.Named{Name: "orders", Source: connector})

	mux := http.NewServeMux()
	mux.Handle("/debug/fluxor/", http.StripPrefix("/debug/fluxor", onlyWith(os.Getenv("ADMIN_TOKEN"), h)))

	server := &http.Server{Addr: "127.0.0.1:6060", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	server.RegisterOnShutdown(h.Close)

	for _, token := range []string{"", "s3cret"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/debug/fluxor/api/state", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		server.Handler.ServeHTTP(w, r)
		var d admin.Document
		_ = json.NewDecoder(w.Body).Decode(&d) // without the token it is no document
		fmt.Printf("%d %q\n", w.Code, d.State)
	}
	// Output:
	// 401 ""
	// 200 "healthy"
}
