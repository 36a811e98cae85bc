// This file counts on real servers how often a statement is sent whose answer is lost: a read as often as the options say, anything else once.

package fluxor_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

func readsMarked(request []byte) bool { return bytes.Contains(request, []byte("as marked")) }

func TestAReadWhoseAnswerIsLostIsSentAsOftenAsTheOptionsSay(t *testing.T) {
	for _, b := range networkBackends {
		for retries, want := range map[int]uint64{0: 1, 1: 2, 3: 4} {
			end := []faultproxy.End{faultproxy.FIN, faultproxy.RST}[retries%2]
			t.Run(fmt.Sprintf("%s/%d", b.name, retries), func(t *testing.T) {
				t.Parallel()
				target, _, proxy := b.behindProxy(t, "n int")
				db := b.fluxor(t, target, fmt.Sprintf("fluxor_max_retries=%d", retries), "fluxor_retry_backoff=10ms")
				if err := db.PingContext(t.Context()); err != nil {
					t.Fatal(err)
				}
				before := proxy.Counters().Cuts
				proxy.CutOnReply(100, end, readsMarked)
				if _, err := db.ExecContext(t.Context(), "select 1 as marked"); !isIndeterminate(err) {
					t.Errorf("got %v", err)
				}
				if got := uint64(proxy.Counters().Cuts - before); got != want {
					t.Errorf("it was sent %d times, want %d", got, want)
				}
				proxy.CutOnReply(int(min(want-1, 1)), end, readsMarked)
				var n int
				if err := db.QueryRowContext(t.Context(), b.arg+" as marked", 7).Scan(&n); err != nil || n != 7 {
					t.Errorf("a query whose answer is lost as often as it may be repeated: %d, %v", n, err)
				}
			})
		}
	}
}

func TestAReadIsSentAgainWithinTheBudgetAndTheContext(t *testing.T) {
	b := networkBackends[1]
	target, _, proxy := b.behindProxy(t, "n int")
	db := b.fluxor(t, target, "fluxor_retry_backoff=1h", "fluxor_cb_max_failures=0")
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.CutOnReply(100, faultproxy.FIN, readsMarked)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	before := proxy.Counters().Cuts
	if _, err := db.ExecContext(ctx, "select 1 as marked"); !isIndeterminate(err) {
		t.Errorf("got %v", err)
	}
	if got := proxy.Counters().Cuts - before; got != 1 {
		t.Errorf("it was sent %d times although the context ends before the pause does", got)
	}
	quick := b.fluxor(t, target, "fluxor_retry_backoff=1ms", "fluxor_cb_max_failures=0")
	before = proxy.Counters().Cuts
	proxy.CutOnReply(1000, faultproxy.FIN, readsMarked)
	const reads = 200
	for range reads {
		_, _ = quick.ExecContext(t.Context(), "select 1 as marked")
	}
	again := int(proxy.Counters().Cuts-before) - reads
	if most := 50 + reads/10; again < 50 || again > most {
		t.Errorf("%d repeats of %d reads, want no more than %d", again, reads, most)
	}
}

// disguised are statements that change something without looking like it; the
// marker stands for a number that is inserted.
var disguised = map[string][]string{
	"mysql": {
		"insert into w values (#)", "select f(#)", "call p(#)", "insert into w select # from dual where exists (select 1)",
		"replace into w values (#)", "/* select */ insert into w values (#)",
	},
	"postgres": {
		"insert into w values (#)", "select f(#)", "call p(#)", "with x as (insert into w values (#) returning n) select n from x",
		"do $$ begin perform f(#); end $$", "explain analyze insert into w values (#)", "select n, f(#) from (values (1)) v (n)",
		"select 1; insert into w values (#)", "values (f(#))", "select coalesce(f(#), 1)", "select setval('s', #), f(#)",
	},
}

func TestNothingThatChangesAnythingIsSentTwiceWhateverTheNetworkDoes(t *testing.T) {
	for i, b := range networkBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			texts := disguised["postgres"]
			if b.name == "mysql" {
				texts = disguised["mysql"]
				mustExec(t, direct, "create function f(i int) returns int begin insert into w values (i); return i; end")
				mustExec(t, direct, "create procedure p(i int) insert into w values (i)")
			} else {
				mustExec(t, direct, "create sequence s")
				mustExec(t, direct, "create function f(i int) returns int language sql as 'insert into w values (i) returning n'")
				mustExec(t, direct, "create procedure p(i int) language sql as 'insert into w values (i)'")
			}
			db := b.fluxor(t, target, "fluxor_cb_max_failures=0", "fluxor_retry_budget=0", "fluxor_retry_backoff=1ms", "fluxor_stmt_cache_size=8")
			random := rand.New(rand.NewPCG(uint64(i), 7)) //nolint:gosec // a repeatable choice
			done := map[int]bool{}
			for n := range 100 {
				text := strings.ReplaceAll(texts[random.IntN(len(texts))], "#", strconv.Itoa(n))
				if random.IntN(3) > 0 {
					end := []faultproxy.End{faultproxy.FIN, faultproxy.RST}[random.IntN(2)]
					proxy.CutOnReply(1, end, func(request []byte) bool { return bytes.Contains(request, []byte(strconv.Itoa(n))) })
				}
				err := disguisedRun(t, db, text, random.IntN(5))
				done[n] = err == nil
				proxy.Pass()
			}
			checkOnce(t, direct, done)
		})
	}
}

// disguisedRun runs a text in one of the ways in which a program may.
func disguisedRun(t *testing.T, db *sql.DB, text string, way int) error {
	t.Helper()
	switch way {
	case 0:
		rows, err := db.QueryContext(t.Context(), text)
		if err != nil {
			return err
		}
		return drained(rows)
	case 1:
		if strings.Contains(text, "; ") {
			break // cannot be prepared
		}
		st, err := db.PrepareContext(t.Context(), text)
		if err != nil {
			return err
		}
		defer st.Close() //nolint:errcheck // its run is what counts
		_, err = st.ExecContext(t.Context())
		return err
	case 2:
		return fluxor.RunTx(t.Context(), db, nil, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), text)
			return err
		})
	case 3:
		c, err := db.Conn(t.Context())
		if err != nil {
			return err
		}
		defer c.Close() //nolint:errcheck // its run is what counts
		_, err = c.ExecContext(t.Context(), text)
		return err
	}
	_, err := db.ExecContext(t.Context(), text)
	return err
}

// checkOnce checks that what was done is there once, and all else once at most.
func checkOnce(t *testing.T, direct *sql.DB, done map[int]bool) {
	t.Helper()
	rows, err := direct.QueryContext(t.Context(), "select n, count(*) from w group by n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	seen := 0
	for rows.Next() {
		var n, times int
		if err := rows.Scan(&n, &times); err != nil {
			t.Fatal(err)
		}
		if times != 1 {
			t.Errorf("%d took effect %d times", n, times)
		}
		if done[n] {
			seen++
		}
	}
	acknowledged := 0
	for _, ok := range done {
		if ok {
			acknowledged++
		}
	}
	if seen != acknowledged || acknowledged == 0 || acknowledged == len(done) || rows.Err() != nil {
		t.Errorf("%d of %d are acknowledged, %d of them are there, %v", acknowledged, len(done), seen, rows.Err())
	}
}
