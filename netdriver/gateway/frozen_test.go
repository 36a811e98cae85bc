//go:build unix

// This file tests what clients hear of a gateway whose process is frozen, and that it goes on as if nothing was when it runs again.

package gateway_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/refusal"
)

// freeze stops a process, which keeps its connections and says nothing, and returns
// when it stands.
func freeze(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var s syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &s, syscall.WUNTRACED, nil); err != nil || !s.Stopped() {
		t.Fatalf("the process does not stand: %v, %v", s, err)
	}
}

func thaw(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// What the client's calls may take while the gateway is frozen, and what a busy
// machine adds.
const (
	ownDeadline = 300 * time.Millisecond // of a call's context, or the option in its place
	busy        = 5 * time.Second
)

// impatient is a handle whose timeouts are short.
func impatient(t *testing.T, address string) *sql.DB {
	t.Helper()
	c, err := netdriver.NewConnector(netdriver.Config{
		User: "app", Token: token, Database: "erp", Hosts: []string{address},
		ConnectTimeout: ownDeadline, NetworkTimeout: ownDeadline,
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// moment is something that is under way when the gateway freezes.
type moment struct {
	name string
	// begin is done before; the call it returns is made while the gateway is frozen.
	begin func(t *testing.T, db *sql.DB) (call func(context.Context) error)
	// limited says that the call has a context with a deadline, whose error it must
	// return. Else an option ends it.
	limited bool
	// doubtful says that what was asked for may have taken effect.
	doubtful bool
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// insert is a write of a key.
func insert(key string) string { return "insert into counters values ('" + key + "')" }

// ready has a connection in the pool.
func ready(t *testing.T, db *sql.DB) {
	t.Helper()
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var moments = []moment{
	{name: "a login", limited: true, begin: func(_ *testing.T, db *sql.DB) func(context.Context) error { return db.PingContext }},
	{name: "a login without a deadline", begin: func(_ *testing.T, db *sql.DB) func(context.Context) error {
		return func(context.Context) error { return db.PingContext(context.Background()) }
	}},
	{name: "a ping", limited: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ready(t, db)
		return db.PingContext
	}},
	{name: "a query", limited: true, doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ready(t, db)
		return func(ctx context.Context) error {
			var n int
			return db.QueryRowContext(ctx, "select 1").Scan(&n)
		}
	}},
	{name: "a write that comes", limited: true, doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ready(t, db)
		return func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, insert("comes"))
			return err
		}
	}},
	{name: "a begin", limited: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ready(t, db)
		return func(ctx context.Context) error {
			_, err := db.BeginTx(ctx, nil)
			return err
		}
	}},
	{name: "a write in a transaction", limited: true, doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		tx := must(db.Begin())(t)
		return func(ctx context.Context) error {
			_, err := tx.ExecContext(ctx, insert("within"))
			return errors.Join(err, closed(tx.Rollback()))
		}
	}},
	{name: "a commit", doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		tx := must(db.Begin())(t)
		_ = must(tx.Exec(insert("commit")))(t)
		return func(context.Context) error { return tx.Commit() }
	}},
	{name: "a rollback", begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		tx := must(db.Begin())(t)
		_ = must(tx.Exec(insert("rollback")))(t)
		return func(context.Context) error { return tx.Rollback() }
	}},
	{name: "rows", doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ctx, cancel := context.WithCancel(context.Background())
		rows := must(db.QueryContext(ctx, "select i, repeat('x', 1000) from generate_series(1, 100000) i"))(t) //nolint:rowserrcheck // below
		return func(context.Context) error {
			defer rows.Close() //nolint:errcheck // the rows were ended
			go func() {        // ends with the deadline, by which the caller goes
				rest(ownDeadline)
				cancel()
			}()
			for rows.Next() { //nolint:revive // until what came is read
			}
			return rows.Err()
		}
	}},
	{name: "the end of rows", doubtful: true, begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		rows := must(db.Query("select i, repeat('x', 1000) from generate_series(1, 100000) i"))(t) //nolint:rowserrcheck // they are not read
		return func(context.Context) error { return rows.Close() }
	}},
	{name: "the end of the program", begin: func(t *testing.T, db *sql.DB) func(context.Context) error {
		ready(t, db)
		return func(context.Context) error { return errors.Join(db.Close(), errors.New("it has ended")) }
	}},
}

// closed leaves out what a transaction says that is over.
func closed(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func TestCallsOnAFrozenGatewayEndInTimeAndItGoesOnAfterwards(t *testing.T) {
	t.Parallel()
	target, bare := counters(t)
	const leases = 8
	cmd, address := spawn(t, target.URL(fmt.Sprintf("fluxor_max_open_conns=%d", leases)), "127.0.0.1:0")
	patient := remote(t, address)
	patient.SetMaxOpenConns(1)
	ready(t, patient)
	calls := make([]func(context.Context) error, len(moments))
	for i, m := range moments {
		calls[i] = m.begin(t, impatient(t, address))
	}
	freeze(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	var all, waits sync.WaitGroup
	for i, m := range moments {
		all.Go(func() { m.check(t, calls[i]) })
	}
	waits.Go(func() { // nothing ends what nobody bounds, and nothing is lost
		var n int
		if err := patient.QueryRow("select 1").Scan(&n); err != nil || n != 1 {
			t.Errorf("who waits hears %d, %v", n, err)
		}
	})
	all.Wait()
	thaw(t, cmd)
	waits.Wait()
	allLeases(t, remote(t, address), leases)
	for _, m := range []string{"within", "rollback"} {
		if n := keys(t, bare, m); n != 0 {
			t.Errorf("%s: what was not committed is there", m)
		}
	}
}

// check makes the call and looks at what came of it.
func (m *moment) check(t *testing.T, call func(context.Context) error) {
	ctx, cancel := context.Background(), func() {}
	if m.limited {
		ctx, cancel = context.WithTimeout(ctx, ownDeadline)
	}
	defer cancel()
	began := time.Now()
	err := call(ctx)
	took := time.Since(began)
	t.Logf("%s: %v, %v", m.name, took.Round(time.Millisecond), err)
	var unknown *refusal.IndeterminateError
	switch {
	case err == nil:
		t.Errorf("%s: it succeeded", m.name)
	case took > ownDeadline+busy:
		t.Errorf("%s: it took %v", m.name, took)
	case m.limited && !errors.Is(err, context.DeadlineExceeded):
		t.Errorf("%s: %v does not say that the time was over", m.name, err)
	case errors.As(err, &unknown) != m.doubtful:
		t.Errorf("%s: in doubt is %v: %v", m.name, !m.doubtful, err)
	}
}

// allLeases checks that all leases are there: so many transactions at once have one each.
func allLeases(t *testing.T, db *sql.DB, leases int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range leases {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatalf("a lease is lost: %v", err)
		}
		defer tx.Rollback() //nolint:errcheck // nothing was done
	}
}

func keys(t *testing.T, db *sql.DB, key string) (n int) {
	t.Helper()
	if err := db.QueryRow("select count(*) from counters where k = $1", key).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatCameInTimeIsHeardByAGatewayThatWasFrozenForLonger(t *testing.T) {
	const idle, leases = time.Second, 16
	t.Setenv(childIdle, idle.String())
	target := dbtest.Postgres(t).NewDatabase(t)
	cmd, address := spawn(t, target.URL(fmt.Sprintf("fluxor_max_open_conns=%d", leases)), "127.0.0.1:0")
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	db := remote(t, address)
	db.SetMaxIdleConns(leases)
	allLeases(t, db, leases) // so that all connections are there
	var open []*sql.Tx
	for range leases {
		open = append(open, must(db.Begin())(t))
	}
	freeze(t, cmd)
	var all sync.WaitGroup
	for _, tx := range open {
		all.Go(func() {
			if _, err := tx.Exec("select 1"); err != nil {
				t.Error(err)
			}
			_ = tx.Rollback() // where it is over, that was said
		})
	}
	rest(idle + idle/4)
	thaw(t, cmd)
	all.Wait()
}

// writeInTime inserts keys until stop, each once and within a deadline, and notes what
// it heard of each: whatever is not said to be in doubt must not be there.
func writeInTime(db *sql.DB, name string, stop <-chan struct{}) (w written) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return w
		default:
		}
		key := fmt.Sprintf("%s-%d", name, i)
		ctx, cancel := context.WithTimeout(context.Background(), ownDeadline/2)
		_, err := db.ExecContext(ctx, insert(key))
		cancel()
		var unknown *refusal.IndeterminateError
		switch {
		case err == nil:
			w.acknowledged = append(w.acknowledged, key)
		case errors.As(err, &unknown):
			w.doubtful = append(w.doubtful, key)
		default:
			w.refused = append(w.refused, key)
		}
	}
}

func TestAGatewayThatFreezesUnderLoadWritesNothingTwiceAndSaysWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	bare := dbtest.Postgres(t).Open(t, target)
	if _, err := bare.Exec("create table counters (k text not null)"); err != nil { // twice would be seen
		t.Fatal(err)
	}
	const leases = 4
	cmd, address := spawn(t, target.URL(fmt.Sprintf("fluxor_max_open_conns=%d", leases)), "127.0.0.1:0")
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGCONT) })
	stop := make(chan struct{})
	results := make([]written, 8)
	var all sync.WaitGroup
	for i := range results {
		db := impatient(t, address)
		all.Go(func() { results[i] = writeInTime(db, fmt.Sprint("w", i), stop) })
	}
	for range times(1, 60) {
		rest(200 * time.Millisecond)
		freeze(t, cmd)
		rest(3 * ownDeadline)
		thaw(t, cmd)
	}
	rest(200 * time.Millisecond)
	close(stop)
	all.Wait()
	allLeases(t, remote(t, address), leases)
	told(t, howOften(t, bare), results)
}

// howOften is how often each key is there.
func howOften(t *testing.T, bare *sql.DB) map[string]int {
	t.Helper()
	there := map[string]int{}
	rows := must(bare.Query("select k, count(*) from counters group by k"))(t)
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			t.Fatal(err)
		}
		there[key] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return there
}

// told compares what writers heard, some of it in doubt, with what is there.
func told(t *testing.T, there map[string]int, results []written) {
	t.Helper()
	for key, n := range there {
		if n > 1 {
			t.Errorf("%s is there %d times", key, n)
		}
	}
	sums := [3]int{}
	for _, w := range results {
		sums[0], sums[1], sums[2] = sums[0]+len(w.acknowledged), sums[1]+len(w.doubtful), sums[2]+len(w.refused)
		for _, key := range w.acknowledged {
			if there[key] == 0 {
				t.Errorf("%s was acknowledged and is not there", key)
			}
		}
		for _, key := range w.refused {
			if there[key] > 0 {
				t.Errorf("%s is there, and was said not to be", key)
			}
		}
	}
	t.Logf("%d writes acknowledged, %d in doubt, %d not made", sums[0], sums[1], sums[2])
	if sums[0] == 0 || sums[1] == 0 || sums[2] == 0 {
		t.Error("nothing was frozen under load")
	}
}
