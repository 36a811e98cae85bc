// This file tests what a store shows, for how long, and what it takes.

package cache

import (
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// text is an answer of one row.
func text(t testing.TB, s string) *Answer {
	return record(t, named("value"), []driver.Value{s})
}

// put keeps an answer that must be kept.
func put(t testing.TB, s *Store, key string, a *Answer, tags Tags, ttl time.Duration) {
	t.Helper()
	if !s.Put(key, a, capture(t, s.versions, tags), time.Now(), ttl) {
		t.Fatal("the answer was not kept")
	}
}

// find checks what is found under a key, and the value of what may be shown.
func find(t testing.TB, s *Store, key string, want Find, value string) {
	t.Helper()
	e, got := s.Get(key, time.Now())
	if got != want {
		t.Errorf("%s: found %v, want %v", key, got, want)
	}
	if got == Valid && row(e.Answer, 0)[0] != value {
		t.Errorf("%s is %v, want %v", key, row(e.Answer, 0)[0], value)
	}
}

func TestAnAnswerIsShownUntilItsTagsAreWritten(t *testing.T) {
	v := open(t)
	s := NewStore(v, 1<<20)
	orders := v.Tags("orders")
	find(t, s, "k", Absent, "")
	put(t, s, "k", text(t, "old"), orders, 0)
	put(t, s, "other", text(t, "other"), v.Tags("stock"), 0)
	find(t, s, "k", Valid, "old")
	w := v.Begin(orders)
	find(t, s, "k", Busy, "")
	w.Undone()
	find(t, s, "k", Valid, "old")
	done(v, orders)
	find(t, s, "k", Overtaken, "")
	find(t, s, "k", Absent, "")
	put(t, s, "k", text(t, "new"), orders, 0)
	find(t, s, "k", Valid, "new")
	find(t, s, "other", Valid, "other")
}

func TestAnAnswerFromBeforeAWriteIsNotKept(t *testing.T) {
	v := open(t)
	s := NewStore(v, 1<<20)
	orders := v.Tags("orders")
	token := capture(t, v, orders)
	done(v, orders)
	if s.Put("k", text(t, "old"), token, time.Now(), 0) {
		t.Error("it was kept")
	}
	find(t, s, "k", Absent, "")
}

func TestAnAnswerExpiresWithinTheLastTenthOfItsTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := NewStore(open(t), 1<<20)
		for i := range 200 {
			put(t, s, fmt.Sprint(i), text(t, "x"), Everything(), 10*time.Second)
		}
		put(t, s, "for ever", text(t, "x"), Everything(), 0)
		count := func() (valid int) {
			for i := range 200 {
				if _, found := s.Get(fmt.Sprint(i), time.Now()); found == Valid {
					valid++
				} else if found != Expired {
					t.Fatalf("found %v", found)
				}
			}
			return valid
		}
		pass(9*time.Second - 1)
		if n := count(); n != 200 {
			t.Errorf("%d of 200 are valid after nine tenths", n)
		}
		pass(500 * time.Millisecond)
		if n := count(); n < 50 || n > 150 {
			t.Errorf("%d of 200 are valid after 95 %%, want about half", n)
		}
		pass(500*time.Millisecond + 1)
		if n := count(); n != 0 {
			t.Errorf("%d of 200 are valid after their time", n)
		}
		pass(1000 * time.Hour)
		find(t, s, "for ever", Valid, "x")
	})
}

func TestTheAgeOfAnAnswerBeginsWhenItWasAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := NewStore(open(t), 1<<20)
		token, asked := capture(t, s.versions, Everything()), time.Now()
		pass(5 * time.Second) // the query
		s.Put("k", text(t, "x"), token, asked, 10*time.Second)
		pass(5 * time.Second)
		find(t, s, "k", Expired, "")
	})
}

func TestAnAnswerGivesWayToNoneThatWasAskedForBeforeIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		s := NewStore(v, 1<<20)
		orders := v.Tags("orders")
		token, asked := capture(t, v, orders), time.Now()
		pass(time.Second)
		put(t, s, "k", text(t, "new"), orders, time.Hour)
		if s.Put("k", text(t, "old"), token, asked, time.Hour) {
			t.Error("the older answer was kept")
		}
		find(t, s, "k", Valid, "new")
		done(v, orders)
		token = capture(t, v, orders)
		if !s.Put("k", text(t, "after the write"), token, asked, time.Hour) {
			t.Error("an answer that was overtaken stayed")
		}
		find(t, s, "k", Valid, "after the write")
	})
}

func TestDeleteAndClearGiveUpAnswers(t *testing.T) {
	v := open(t)
	s := NewStore(v, 1<<20)
	for _, key := range []string{"a", "b", "c"} {
		put(t, s, key, text(t, key), v.Tags(), 0)
	}
	s.Delete("a")
	find(t, s, "a", Absent, "")
	find(t, s, "b", Valid, "b")
	s.Clear()
	find(t, s, "b", Absent, "")
	if n, bytes := s.Size(); n != 0 || bytes != 0 {
		t.Errorf("%d answers of %d bytes are left", n, bytes)
	}
}

// random is an answer of any size: most are small, some are long, one in a hundred
// is a quarter of a megabyte.
func random(t testing.TB) *Answer {
	switch n := rand.IntN(100); {
	case n == 0:
		return record(t, named("blob"), []driver.Value{make([]byte, 1<<18)})
	case n < 30:
		r := NewRecorder(named("id", "name", "at"), plenty)
		for i := range rand.IntN(200) {
			r.Add([]driver.Value{int64(i) << 20, strings.Repeat("n", rand.IntN(40)), time.Now()})
		}
		return r.Answer()
	default:
		return record(t, named("id", "name"), []driver.Value{rand.Int64(), strings.Repeat("n", rand.IntN(300))})
	}
}

// heap is what lives on the heap.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// small is an answer in which the store's own memory counts for most.
func small(t testing.TB) *Answer {
	return record(t, named("n"), []driver.Value{rand.Int64()})
}

func TestAStoreTakesWhatItMay(t *testing.T) { // alone, because it looks at the heap
	for _, c := range []struct {
		name   string
		budget int64
		answer func(testing.TB) *Answer
	}{
		{"random sizes", 16 << 20, random},
		{"small ones alone", 4 << 20, small},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			s := flood(t, c.budget, c.answer)
			takes := heap() - before
			answers, bytes := s.Size()
			t.Logf("%d answers; it says %.1f %% of its budget, and takes %.1f %%", answers, percent(bytes, c.budget), percent(takes, c.budget))
			if bytes > c.budget || takes > c.budget*106/100 || takes < c.budget*94/100 {
				t.Errorf("it says %d bytes and takes %d, its budget is %d", bytes, takes, c.budget)
			}
			runtime.KeepAlive(s)
		})
	}
}

func percent(of, all int64) float64 { return 100 * float64(of) / float64(all) }

// flood offers a store four times what it may keep.
func flood(t *testing.T, budget int64, answer func(testing.TB) *Answer) *Store {
	v := open(t)
	s, tags, offered := NewStore(v, budget), v.Tags("orders"), int64(0)
	for i := 0; offered < 4*budget; i++ {
		a := answer(t)
		offered += a.Size() + overhead
		put(t, s, fmt.Sprintf("select * from orders where id = $1\x00%d", i), a, tags, 0)
	}
	return s
}

func TestAnswersThatMadeRoomAreCountedAndNoOthers(t *testing.T) {
	v := open(t)
	s := NewStore(v, 20*(overhead+200))
	for range 3 {
		put(t, s, "replaced", text(t, "x"), v.Tags("stock"), 0)
	}
	s.Delete("replaced")
	put(t, s, "overtaken", text(t, "x"), v.Tags("stock"), 0)
	done(v, v.Tags("stock"))
	find(t, s, "overtaken", Overtaken, "")
	put(t, s, "cleared", text(t, "x"), v.Tags("stock"), 0)
	s.Clear()
	if n := s.Evicted(); n != 0 {
		t.Errorf("%d answers are said to have made room, want none", n)
	}
	const offered = 1000
	for i := range offered {
		put(t, s, fmt.Sprint(i), text(t, "x"), v.Tags("stock"), 0)
	}
	if n, _ := s.Size(); n == 0 || s.Evicted() != int64(offered-n) {
		t.Errorf("%d of %d are left and %d made room", n, offered, s.Evicted())
	}
}

func TestAnswersThatNobodyWillSeeAgainAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := open(t)
		s := NewStore(v, 16<<20)
		dead := func(want int) {
			t.Helper()
			if got := s.Dead(time.Now()); got != want {
				t.Errorf("%d are dead, want %d", got, want)
			}
		}
		dead(0)
		for i := range 30 {
			put(t, s, fmt.Sprint("o", i), text(t, "x"), v.Tags("orders"), 0)
			put(t, s, fmt.Sprint("s", i), text(t, "x"), v.Tags("stock"), time.Minute)
		}
		dead(0)
		w := v.Begin(v.Tags("orders"))
		dead(0) // nothing may come of it
		w.Done()
		dead(30)
		pass(time.Minute)
		dead(60)
		s.Clear()
		dead(0)
	})
}

func TestOfManyAnswersTheDeadOnesAreEstimated(t *testing.T) {
	v := open(t)
	s := NewStore(v, 64<<20)
	const kept = 20_000
	for i := range kept {
		tag := "orders"
		if i < kept/4 { // the oldest, as it may come
			tag = "stock"
		}
		put(t, s, fmt.Sprint(i), text(t, "x"), v.Tags(tag), 0)
	}
	done(v, v.Tags("stock"))
	if got := s.Dead(time.Now()); got < kept/8 || got > kept*3/8 {
		t.Errorf("about %d of %d are said to be dead, %d are", got, kept, kept/4)
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	v := open(t)
	s := NewStore(v, 1<<20)
	put(t, s, "key", text(t, "x"), v.Tags(numbered(8)...), time.Hour)
	now := time.Now()
	if got := testing.AllocsPerRun(1000, func() {
		if _, found := s.Get("key", now); found != Valid {
			t.Fatal("no hit")
		}
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func BenchmarkHit(b *testing.B) {
	for _, n := range []int{1, 3} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := open(b)
			s := NewStore(v, 64<<20)
			keys := make([]string, 1<<14)
			for i := range keys {
				keys[i] = fmt.Sprintf("select id, name, note from customers where id = $1\x00%d", i)
				put(b, s, keys[i], text(b, "x"), v.Tags(numbered(n)...), time.Hour)
			}
			now := time.Now()
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := rand.IntN(len(keys)); pb.Next(); i++ {
					s.Get(keys[i%len(keys)], now)
				}
			})
		})
	}
}
