// This file tests the bounds that a guard puts on a line, mostly in synctest's time.

package netshim

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const grace = 200 * time.Millisecond

// TestAReadIsCutWhenItsBoundEnds tables every bound over a Read that nobody
// answers: after how long it fails, and what the line says of it.
func TestAReadIsCutWhenItsBoundEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		ctx         time.Duration // 0: none
		grace       time.Duration
		quiet       time.Duration
		driver      time.Duration // the driver's own deadline
		wantAfter   time.Duration
		wantExpired error
		wantBroken  bool
	}{
		"context":                       {ctx: time.Second, grace: grace, wantAfter: 1200 * time.Millisecond, wantExpired: context.DeadlineExceeded, wantBroken: true},
		"context without grace":         {ctx: time.Second, wantAfter: time.Second, wantExpired: context.DeadlineExceeded, wantBroken: true},
		"quiet":                         {quiet: 3 * time.Second, grace: grace, wantAfter: 3 * time.Second, wantExpired: ErrQuiet, wantBroken: true},
		"context before quiet":          {ctx: time.Second, grace: grace, quiet: 3 * time.Second, wantAfter: 1200 * time.Millisecond, wantExpired: context.DeadlineExceeded, wantBroken: true},
		"quiet before context":          {ctx: 5 * time.Second, grace: grace, quiet: 3 * time.Second, wantAfter: 3 * time.Second, wantExpired: ErrQuiet, wantBroken: true},
		"driver's deadline alone":       {driver: time.Second, wantAfter: time.Second},
		"driver's before quiet":         {driver: time.Second, quiet: 3 * time.Second, wantAfter: time.Second},
		"driver's before context":       {driver: time.Second, ctx: 3 * time.Second, grace: grace, wantAfter: time.Second},
		"driver's within the grace":     {driver: 1100 * time.Millisecond, ctx: time.Second, grace: grace, wantAfter: 1100 * time.Millisecond},
		"quiet before the driver's":     {driver: 5 * time.Second, quiet: 3 * time.Second, wantAfter: 3 * time.Second, wantExpired: ErrQuiet, wantBroken: true},
		"context before the driver's":   {driver: 5 * time.Second, ctx: time.Second, grace: grace, wantAfter: 1200 * time.Millisecond, wantExpired: context.DeadlineExceeded, wantBroken: true},
		"driver's and quiet's together": {driver: 3 * time.Second, quiet: 3 * time.Second, wantAfter: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line, client, _ := overPipe(t)
				ctx := t.Context()
				if tt.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.ctx)
					defer cancel()
				}
				start := time.Now()
				if tt.driver > 0 {
					_ = client.SetDeadline(start.Add(tt.driver))
				}
				g := line.Guard(ctx, tt.grace, tt.quiet)
				_, err := client.Read(make([]byte, 1))
				took := time.Since(start)
				g.Stop()
				if !errors.Is(err, os.ErrDeadlineExceeded) || took != tt.wantAfter {
					t.Errorf("Read: %v after %v, want a timeout after %v", err, took, tt.wantAfter)
				}
				if got := line.Expired(); got != tt.wantExpired || g.Expired() != got {
					t.Errorf("Expired: line %v, guard %v, want %v", got, g.Expired(), tt.wantExpired)
				}
				if got := line.Broken(); got != tt.wantBroken {
					t.Errorf("Broken: %v, want %v", got, tt.wantBroken)
				}
			})
		})
	}
}

func TestACanceledContextIsNamedAsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, _ := overPipe(t)
		ctx, cancel := context.WithCancel(t.Context())
		g := line.Guard(ctx, grace, 0)
		defer g.Stop()
		done := readOne(client)
		cancel()
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read: %v, want a timeout", err)
		}
		if got := line.Expired(); got != context.Canceled {
			t.Errorf("Expired: %v, want %v", got, context.Canceled)
		}
	})
}

func TestAnAnswerWithinTheGraceSavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		ctx, cancel := context.WithCancel(t.Context())
		g := line.Guard(ctx, grace, 0)
		done := readOne(client)
		cancel()
		<-time.After(grace - time.Millisecond)
		send(t, server, "v")
		if err := <-done; err != nil {
			t.Errorf("Read: %v", err)
		}
		g.Stop()
		<-time.After(time.Hour)
		if line.Broken() || line.Expired() != nil {
			t.Error("the line was cut after its guard stopped")
		}
	})
}

// TestProgressRenewsTheQuietLimit sends a byte just before each limit.
func TestProgressRenewsTheQuietLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		g := line.Guard(t.Context(), grace, time.Second)
		defer g.Stop()
		go func() {
			for range 5 {
				<-time.After(990 * time.Millisecond)
				_, _ = server.Write([]byte("x"))
			}
		}()
		receive(t, client, 5)
		start := time.Now()
		_, err := client.Read(make([]byte, 1))
		if took := time.Since(start); err == nil || took != time.Second || line.Expired() != ErrQuiet {
			t.Errorf("Read in silence: %v after %v, %v", err, took, line.Expired())
		}
	})
}

// TestAWriteThatMovesIsNotSilence is pgx, which reads in the background while
// it sends something large: the Write moves on, the Read hears nothing.
func TestAWriteThatMovesIsNotSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		defer line.Guard(t.Context(), grace, time.Second).Stop()
		done := readOne(client)
		go func() {
			for range 4 {
				<-time.After(900 * time.Millisecond)
				receiveSome(server)
			}
			<-time.After(900 * time.Millisecond)
			_, _ = server.Write([]byte("x"))
		}()
		for range 4 {
			if _, err := client.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Errorf("Read beside the Write: %v", err)
		}
	})
}

func receiveSome(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }

func TestTheApplicationsOwnTimeIsNotQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		g := line.Guard(t.Context(), grace, time.Second)
		defer g.Stop()
		for range 3 {
			done := readOne(client)
			send(t, server, "x")
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Hour) // the application looks at its row
		}
	})
}

// TestAWriteThatMovesIsNotCut reads a long Write slowly, then not at all.
func TestAWriteThatMovesIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		g := line.Guard(t.Context(), grace, time.Second)
		defer g.Stop()
		go func() {
			for range 10 {
				<-time.After(800 * time.Millisecond)
				_, _ = io.ReadFull(server, make([]byte, 10))
			}
		}()
		start := time.Now()
		n, err := client.Write(make([]byte, 110))
		took := time.Since(start)
		if n != 100 || !errors.Is(err, os.ErrDeadlineExceeded) || line.Expired() != ErrQuiet {
			t.Errorf("Write: %d bytes, %v, %v; want 100 and the quiet limit", n, err, line.Expired())
		}
		if least, most := 9*time.Second, 9*time.Second+time.Second/writeSlices+time.Microsecond; took < least || took > most {
			t.Errorf("cut after %v, want %v to %v", took, least, most)
		}
		if !line.Sent() {
			t.Error("a partial Write does not count as sent")
		}
	})
}

// TestAGuardBoundsAReadThatWaitsAlready is pgx's background reader: it began
// before the guard and outlives it.
func TestAGuardBoundsAReadThatWaitsAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		done := readOne(client)
		synctest.Wait()
		g := line.Guard(t.Context(), grace, time.Second)
		<-time.After(999 * time.Millisecond)
		g.Stop()
		<-time.After(time.Hour)
		g = line.Guard(t.Context(), grace, 2*time.Second)
		<-time.After(1999 * time.Millisecond)
		send(t, server, "x")
		if err := <-done; err != nil {
			t.Errorf("Read: %v", err)
		}
		done = readOne(client)
		if err := <-done; err == nil || line.Expired() != ErrQuiet {
			t.Errorf("Read in silence: %v, %v", err, line.Expired())
		}
		g.Stop()
	})
}

func TestAStoppedGuardLeavesOnlyTheDriversDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, server := overPipe(t)
		_ = client.SetReadDeadline(time.Now().Add(time.Minute))
		g := line.Guard(t.Context(), grace, time.Second)
		done := readOne(client)
		send(t, server, "x")
		<-done
		g.Stop()
		g.Stop()
		start := time.Now()
		err := <-readOne(client)
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != time.Minute {
			t.Errorf("Read: %v after %v, want the driver's minute", err, took)
		}
		if line.Broken() {
			t.Error("the driver's own timeout broke the line")
		}
	})
}

// TestTwoGuardsKeepTheirOwnCause is a query's guard with a call's inside it.
func TestTwoGuardsKeepTheirOwnCause(t *testing.T) {
	for name, tt := range map[string]struct {
		rows, call time.Duration // the two quiet limits
		cancelRows bool
		stopCall   bool
		wantAfter  time.Duration
		wantRows   error
		wantCall   error
	}{
		"inner limit":              {rows: time.Minute, call: time.Second, wantAfter: time.Second, wantCall: ErrQuiet},
		"outer limit":              {rows: time.Second, call: time.Minute, wantAfter: time.Second, wantRows: ErrQuiet},
		"outer after inner":        {rows: time.Minute, call: time.Second, stopCall: true, wantAfter: time.Minute, wantRows: ErrQuiet},
		"outer context":            {rows: time.Minute, call: time.Second, cancelRows: true, wantAfter: grace, wantRows: context.Canceled},
		"outer context, one guard": {rows: time.Minute, call: time.Second, cancelRows: true, stopCall: true, wantAfter: grace, wantRows: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line, client, _ := overPipe(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				rows := line.Guard(ctx, grace, tt.rows)
				call := line.Guard(t.Context(), grace, tt.call)
				if tt.stopCall {
					call.Stop()
				}
				if tt.cancelRows {
					cancel()
				}
				start := time.Now()
				_, err := client.Read(make([]byte, 1))
				if took := time.Since(start); err == nil || took != tt.wantAfter {
					t.Errorf("Read: %v after %v, want %v", err, took, tt.wantAfter)
				}
				call.Stop()
				rows.Stop()
				if rows.Expired() != tt.wantRows || call.Expired() != tt.wantCall {
					t.Errorf("causes: rows %v, call %v; want %v, %v", rows.Expired(), call.Expired(), tt.wantRows, tt.wantCall)
				}
			})
		})
	}
}

// TestNoCutComesAfterStop lets contexts end while Stop runs, with reused
// guards, over a real socket: a line that is whole when Stop returns stays so.
func TestNoCutComesAfterStop(t *testing.T) {
	line, client, server := overTCP(t)
	cuts := 0
	for range 1000 {
		if line.Broken() {
			cuts++
			line, client, server = overTCP(t)
		}
		ctx, cancel := context.WithCancel(t.Context())
		g := line.Guard(ctx, 0, time.Minute)
		var wg sync.WaitGroup
		wg.Go(cancel)
		send(t, server, "x")
		_, err := client.Read(make([]byte, 1))
		g.Stop()
		whole := !line.Broken()
		wg.Wait()
		late := line.Guard(t.Context(), 0, time.Minute) // takes the same guard again
		if whole && line.Broken() {
			t.Fatal("a cut came after Stop")
		}
		late.Stop()
		if err != nil && whole {
			t.Fatalf("Read on a whole line: %v", err)
		}
	}
	t.Logf("%d of 1000 contexts ended in time to cut", cuts)
}

// TestALimitLiftedAsItExpiresIsNotFelt lets quiet limits expire while Stop
// runs and a background Read goes on.
func TestALimitLiftedAsItExpiresIsNotFelt(t *testing.T) {
	line, client, server := overTCP(t)
	for range 1000 {
		done := readOne(client)
		g := line.Guard(t.Context(), 0, 20*time.Microsecond)
		g.Stop()
		if line.Broken() {
			<-done
			line, client, server = overTCP(t)
			continue
		}
		send(t, server, "x")
		if err := <-done; err != nil {
			t.Fatalf("Read after the limit was lifted: %v", err)
		}
	}
}

func TestAGuardBeforeTheDialHoldsForTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := NewLine()
		near, far := net.Pipe()
		dial := Dialer(func(context.Context, string, string) (net.Conn, error) { return near, nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		g := line.Guard(ctx, grace, 0)
		defer g.Stop()
		client, _ := dial(WithLine(ctx, line), "pipe", "")
		defer func() { _, _ = client.Close(), far.Close() }()
		start := time.Now()
		_, err := client.Write([]byte("startup"))
		if took := time.Since(start); err == nil || took != time.Second+grace {
			t.Errorf("Write: %v after %v", err, took)
		}
		if line.Sent() {
			t.Error("a Write that moved nothing counts as sent")
		}
	})
}

func TestAForeignTimeoutIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, client, _ := overPipe(t)
		g := line.Guard(t.Context(), grace, time.Minute)
		defer g.Stop()
		inner := client.(*wire).Conn
		client.(*wire).Conn = impatient{inner}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || line.Broken() {
			t.Errorf("Read: %v, broken %v; want the dialed connection's own timeout", err, line.Broken())
		}
	})
}

// impatient times out for reasons of its own.
type impatient struct{ net.Conn }

func (impatient) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
