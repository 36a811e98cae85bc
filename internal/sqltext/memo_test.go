// This file tests the memo: its bound, what stays in it, and its use by many at once.

package sqltext_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestMemoKnowsATextOnce(t *testing.T) {
	m := sqltext.NewMemo(sqltext.MySQL)
	if m.Dialect() != sqltext.MySQL {
		t.Errorf("dialect is %v", m.Dialect())
	}
	first := m.Of("select `a` from t")
	if first.Verdict != pure || len(first.Tags) != 2 {
		t.Errorf("%s with tags %q", first.Verdict, first.Tags)
	}
	if again := m.Of(strings.Clone("select `a` from t")); again != first {
		t.Error("it was analyzed twice")
	}
}

func TestMemoKeepsAUsedTextThroughAFlood(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	used := m.Of("select a from used")
	once := m.Of("select a from once")
	for i := range 20_000 {
		m.Of(fmt.Sprintf("select a from t where b = %d", i))
		if i%500 == 0 && m.Of("select a from used") != used {
			t.Fatalf("after %d others it is forgotten", i)
		}
	}
	if m.Of("select a from once") == once {
		t.Error("a text that came once is remembered after 20,000 others")
	}
}

func TestMemoIsBoundUnderAFlood(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	long := strings.Repeat("x", 6<<10)
	for i := range 5_000 {
		m.Of(fmt.Sprintf("select '%s', %d", long, i)) // 30 MiB of texts
		m.Of(fmt.Sprintf("select %d", i))
	}
	with := heap()
	runtime.KeepAlive(m)
	m = nil
	if kept := int64(with) - int64(heap()); kept > 8<<20 {
		t.Errorf("the memo kept %d bytes", kept)
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one only empties pools into their second half
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func TestMemoForgetsALongText(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	text := "select '" + strings.Repeat("x", 9<<10) + "' from t"
	first := m.Of(text)
	if first.Verdict != pure {
		t.Error("a long text is not judged")
	}
	if m.Of(text) == first {
		t.Error("a long text is kept")
	}
}

func TestMemoKeepsNoLongerTextThanItWasAsked(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	before := heap()
	for i := range 500 {
		file := fmt.Sprintf("select %d ", i) + strings.Repeat("-", 64<<10)
		m.Of(file[:10])
	}
	if kept := int64(heap()) - int64(before); kept > 4<<20 {
		t.Errorf("500 short texts keep %d bytes", kept)
	}
	runtime.KeepAlive(m)
}

func TestMemoIsUsedByManyAtOnce(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 3_000 {
				text := fmt.Sprintf("select %d from t%d", i, (i*7+w)%5)
				if k := m.Of(text); k.Verdict != pure || k.Fingerprint() != fmt.Sprintf("select ? from t%d", (i*7+w)%5) {
					t.Errorf("%s: %s, %q", text, k.Verdict, k.Fingerprint())
				}
			}
		})
	}
	wg.Wait()
}

func TestManyWhoAskAtOnceGetOneAnswer(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	for round := range 200 {
		text := fmt.Sprintf("select %d", round)
		var answers [4]*sqltext.Known
		var wg sync.WaitGroup
		for w := range answers {
			wg.Go(func() { answers[w] = m.Of(text) })
		}
		wg.Wait()
		for _, k := range answers {
			if k != answers[0] {
				t.Fatalf("%s has several answers", text)
			}
		}
	}
}

func TestFingerprintIsMadeOnce(t *testing.T) {
	k := sqltext.NewMemo(sqltext.PostgreSQL).Of("select  A from t where b = 'secret'")
	if got := k.Fingerprint(); got != "select a from t where b = ?" {
		t.Errorf("fingerprint is %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { k.Fingerprint() }); n != 0 {
		t.Errorf("asking again allocates %v times", n)
	}
}

func TestWhatIsRememberedAllocatesNothing(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	m.Of("select a from t")
	if n := testing.AllocsPerRun(100, func() { m.Of("select a from t") }); n > 0 {
		t.Errorf("a remembered text costs %v allocations", n)
	}
}

func TestTablesAreLookedForOnce(t *testing.T) {
	k := sqltext.NewMemo(sqltext.PostgreSQL).Of("select a from t join u using (i)")
	if got := strings.Join(k.Tables(), " "); got != "t u" {
		t.Errorf("the tables are %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { k.Tables() }); n != 0 {
		t.Errorf("asking again allocates %v times", n)
	}
}

func TestAKeeperFindsItsPageAgain(t *testing.T) {
	m := sqltext.NewMemo(sqltext.PostgreSQL)
	if got := m.Of("select 1").Kept(); got != nil {
		t.Errorf("a new text keeps %v", got)
	}
	page := new(int)
	m.Of("select 1").Keep(page)
	if got := m.Of("select 1").Kept(); got != page {
		t.Errorf("it keeps %v", got)
	}
}
