// This file holds the cache to its budget: the memory that it takes, and one query where a thousand ask alike.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// ofAnySize is an answer: most are small, some have many rows, one in a hundred is
// a quarter of a megabyte.
func ofAnySize([]driver.NamedValue) *dbtest.MemoryAnswer {
	a := &dbtest.MemoryAnswer{Columns: []string{"id", "name", "at"}}
	rows, length := 1, rand.IntN(300)
	switch n := rand.IntN(100); {
	case n == 0:
		length = 1 << 18
	case n < 30:
		rows, length = 1+rand.IntN(200), rand.IntN(40)
	}
	for i := range rows {
		var name driver.Value = strings.Repeat("n", length)
		if rows == 1 && length%2 == 0 {
			name = make([]byte, length)
		}
		a.Rows = append(a.Rows, []driver.Value{int64(i) << 20, name, time.Unix(int64(i), 0)})
	}
	return a
}

// heap is what lives on the heap.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// drain reads rows to their end.
func drain(db *sql.DB, query string, args ...any) error {
	rows, err := db.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func TestTheCacheTakesWhatItMayWhateverTheSizesOfAnswers(t *testing.T) { // alone, because it looks at the heap
	const budget = 16 << 20
	cfg := keepingAll
	cfg.CacheSize, cfg.CacheMaxRows = budget, -1
	db, c := wrapped(t, dbtest.Memory{As: &pq.Driver{}, Answer: ofAnySize}, cfg)
	if err := drain(db, plainRead, -1); err != nil { // what it takes to open is there
		t.Fatal(err)
	}
	before := heap()
	for key := range 12_000 { // several times what it may keep
		if err := drain(db, plainRead, key); err != nil {
			t.Fatal(err)
		}
	}
	takes, stats := heap()-before, c.CacheStats()
	t.Logf("%d answers; it says %.1f %% of its budget, and takes %.1f %%", stats.Entries, percent(stats.Bytes, budget), percent(takes, budget))
	if stats.Bytes > budget || takes > budget*106/100 || takes < budget*94/100 {
		t.Errorf("it says %d bytes and takes %d, its budget is %d", stats.Bytes, takes, budget)
	}
	runtime.KeepAlive(db)
}

func percent(of, all int64) float64 { return 100 * float64(of) / float64(all) }

func TestOfAThousandWhoAskAlikeOneAsksTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 1000
		var queries atomic.Int64
		answered := make(chan struct{})
		answer := dbtest.MemoryRows(3)
		db, c := wrapped(t, dbtest.Memory{As: &pq.Driver{}, Answer: func([]driver.NamedValue) *dbtest.MemoryAnswer {
			queries.Add(1)
			<-answered
			return answer
		}}, keepingAll)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				if n, err := readWith[string](byText(db, plainRead), 7); err != nil || n != 3 {
					t.Errorf("%d rows, %v, want 3", n, err)
				}
			})
		}
		synctest.Wait() // all of them ask
		close(answered)
		wg.Wait()
		if n := queries.Load(); n != 1 {
			t.Errorf("the database was asked %d times", n)
		}
		if stats := c.CacheStats(); stats.Joined != callers-1 {
			t.Errorf("%d callers joined another, want %d", stats.Joined, callers-1)
		}
		_ = db.Close()
	})
}

func TestTheLeaderOfAThousandMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 1000
		var queries atomic.Int64
		answered := make(chan struct{})
		answer := dbtest.MemoryRows(3)
		db, _ := wrapped(t, dbtest.Memory{As: &pq.Driver{}, Answer: func([]driver.NamedValue) *dbtest.MemoryAnswer {
			queries.Add(1)
			<-answered
			return answer
		}}, keepingAll)
		leaves, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if rows, err := db.QueryContext(leaves, plainRead, 7); err == nil {
				_ = rows.Close()
			}
		})
		synctest.Wait() // it leads
		for range callers {
			wg.Go(func() {
				if n, err := readWith[string](byText(db, plainRead), 7); err != nil || n != 3 {
					t.Errorf("%d rows, %v, want 3", n, err)
				}
			})
		}
		synctest.Wait() // all of them wait for it
		leave()
		synctest.Wait()
		close(answered)
		wg.Wait()
		if n := queries.Load(); n > 2 {
			t.Errorf("the database was asked %d times, want twice at most", n)
		}
		_ = db.Close()
	})
}
