// This file is the code of docs/OPERATING.md: probes, callbacks, refusals, maintenance.

package fluxor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/health"
	"github.com/fluxor-db/fluxor/health/handler"
)

func Example_probes() {
	ctx := context.Background()
	mux := http.NewServeMux()
	const dsn = ":memory:?fluxor_max_open_conns=1"

	db, err := sql.Open("fluxor", dsn)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	c, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}

	monitor := health.NewMonitor(c, 10*time.Second)
	monitor.AddCallback(health.DefaultLoggingCallback)

	looked := make(chan struct{}, 1)
	monitor.AddCallback(func(health.Event) { looked <- struct{}{} })

	monitor.Start(ctx)
	defer monitor.Stop()
	probes := handler.New(monitor.Status)
	mux.Handle("/livez", probes)
	mux.Handle("/readyz", probes)

	<-looked
	for _, path := range []string{"/livez", "/readyz"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /livez 200
	// /readyz 200
}

func Example_callbacks() {
	config := fluxor.RuntimeConfig{DSN: ":memory:"}

	config.OnStateChange = func(s fluxor.StateChange) {
		log.Printf("circuit breaker: %s, was %s: %s", s.To, s.From, s.Reason)
	}
	config.OnLeak = func(l fluxor.LeakReport) {
		if !l.Ended {
			log.Printf("a connection is held for %v, by %s: %s", l.Held, l.Place, l.Fingerprint)
		}
	}

	c, err := fluxor.NewConnector(config)
	fmt.Println(c.CircuitBreakerState(), err)
	// Output: closed <nil>
}

// answer tells a caller over HTTP what became of a failed call.
func answer(w http.ResponseWriter, err error) {
	var lost *fluxor.IndeterminateError
	var refused *fluxor.RefusalError
	switch {
	case errors.As(err, &lost): // it may have taken effect: look before it is repeated
		http.Error(w, "the outcome is unknown", http.StatusInternalServerError)
	case errors.As(err, &refused): // nothing took effect
		seconds := math.Ceil(max(refused.RetryAfter.Seconds(), 1))
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
		http.Error(w, "the database is busy or away", http.StatusServiceUnavailable)
	default:
		http.Error(w, "the statement failed", http.StatusInternalServerError)
	}
}

func Example_refusals() {
	for _, err := range []error{
		&fluxor.RefusalError{RetryAfter: 1200 * time.Millisecond, Sentinel: fluxor.ErrCircuitOpen},
		&fluxor.IndeterminateError{Op: "exec"},
		sql.ErrNoRows,
	} {
		w := httptest.NewRecorder()
		answer(w, err)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Retry-After"))
	}
	// Output:
	// 503 "2"
	// 500 ""
	// 500 ""
}

func Example_maintenance() {
	db, err := sql.Open("fluxor", "file:maintenance?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	c, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}

	c.Suspend() // callers wait in line; what is under way goes on
	fmt.Println("under way:", c.PoolStats().Used)

	// The maintenance goes here.

	c.Evict()  // no connection from before is used again
	c.Resume() // those in line are served in their order
	fmt.Println(db.Ping())
	// Output:
	// under way: 0
	// <nil>
}
