// This file tests what clients hear, and what the database has, when the gateway is killed or drained under load.

package gateway_test

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/refusal"
)

// The environment of a test binary that is to be nothing but a gateway.
const (
	childDSN     = "FLUXOR_TEST_GATEWAY_DSN"
	childAddress = "FLUXOR_TEST_GATEWAY_ADDRESS"
	childIdle    = "FLUXOR_TEST_GATEWAY_IDLE" // timeouts.idle_in_tx
)

// child serves a database until the process ends.
func child(dsn string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	db, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Logger: silent()})
	fail(err)
	c := config(db)
	c.Timeouts.IdleInTx, _ = time.ParseDuration(os.Getenv(childIdle)) // 0 is the default
	s, err := gateway.New(c)
	fail(err)
	l, err := net.Listen("tcp", os.Getenv(childAddress))
	fail(err)
	fmt.Println(l.Addr())
	go func() { // ends with the process, and the process with the test that holds the other end
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fail(s.Serve(l))
}

// spawn starts a gateway in a process of its own and returns when it listens.
func spawn(t *testing.T, dsn, address string) (*exec.Cmd, string) {
	t.Helper()
	return spawnBy(t, exec.Command(os.Args[0]), dsn, address)
}

// spawnBy is spawn by a command that starts this test's binary.
func spawnBy(t *testing.T, cmd *exec.Cmd, dsn, address string) (*exec.Cmd, string) {
	t.Helper()
	cmd.Env = append(os.Environ(), childDSN+"="+dsn, childAddress+"="+address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, ":") {
		t.Fatalf("the gateway did not start: %q, %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

// end kills a process, as kill -9 does, and waits for its end.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// remote is a handle on the gateways at the addresses.
func remote(t *testing.T, addresses ...string) *sql.DB {
	t.Helper()
	c, err := netdriver.NewConnector(netdriver.Config{User: "app", Token: token, Database: "erp", Hosts: addresses, TLS: netdriver.TLSDisable})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// counters is a database of PostgreSQL's with a table of keys, and a handle past the
// gateways.
func counters(t *testing.T) (dbtest.Target, *sql.DB) {
	t.Helper()
	target := dbtest.Postgres(t).NewDatabase(t)
	bare := dbtest.Postgres(t).Open(t, target)
	if _, err := bare.Exec("create table counters (k text primary key)"); err != nil {
		t.Fatal(err)
	}
	return target, bare
}

// written is what one writer was told of its keys.
type written struct{ acknowledged, doubtful, refused []string }

// write inserts keys until stop, each once, and notes what it heard of each.
func write(t *testing.T, db *sql.DB, name string, stop <-chan struct{}) (w written) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return w
		default:
		}
		key := fmt.Sprintf("%s-%d", name, i)
		_, err := db.Exec("insert into counters (k) values ($1)", key)
		var gone *netdriver.Error
		var unknown *refusal.IndeterminateError
		var refusedDial *net.OpError
		switch {
		case err == nil:
			w.acknowledged = append(w.acknowledged, key)
		case errors.As(err, &unknown):
			w.doubtful = append(w.doubtful, key)
		case errors.As(err, &gone) && gone.Kind == "conn_lost" && gone.Applied == netdriver.AppliedNo,
			errors.Is(err, driver.ErrBadConn), errors.As(err, &refusedDial):
			w.refused = append(w.refused, key)
			rest(2 * time.Millisecond) // until there is a gateway again
		default:
			t.Errorf("%s: the client heard %T %v", key, err, err)
			return w
		}
	}
}

func TestAKilledGatewayWritesNothingTwiceAndSaysWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	target, bare := counters(t)
	cmd, address := spawn(t, target.URL(), "127.0.0.1:0")
	db := remote(t, address)
	stop := make(chan struct{})
	results := make([]written, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = write(t, db, fmt.Sprint("w", i), stop) })
	}
	for range times(3, 100) {
		rest(300 * time.Millisecond)
		end(cmd)
		cmd, _ = spawn(t, target.URL(), address)
	}
	rest(300 * time.Millisecond)
	close(stop)
	all.Wait()
	var sum written
	for _, w := range results {
		sum.acknowledged = append(sum.acknowledged, w.acknowledged...)
		sum.doubtful = append(sum.doubtful, w.doubtful...)
		sum.refused = append(sum.refused, w.refused...)
	}
	t.Logf("%d writes acknowledged, %d in doubt, %d not made", len(sum.acknowledged), len(sum.doubtful), len(sum.refused))
	if len(sum.acknowledged) == 0 || len(sum.doubtful) == 0 {
		t.Error("the gateway was not killed under load")
	}
	there := func(keys []string) (n int) {
		t.Helper()
		for _, key := range keys {
			var one int
			if err := bare.QueryRow("select count(*) from counters where k = $1", key).Scan(&one); err != nil {
				t.Fatal(err)
			}
			n += one
		}
		return n
	}
	if n := there(sum.acknowledged); n != len(sum.acknowledged) {
		t.Errorf("of %d acknowledged writes %d are there", len(sum.acknowledged), n)
	}
	if n := there(sum.refused); n != 0 {
		t.Errorf("%d writes are there that were said not to be", n)
	}
}

func TestADrainUnderLoadFailsNoClient(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	backend := connector(t, target.URL(), four)
	a, b := serve(t, config(backend)), serve(t, config(backend))
	db := remote(t, a.address, b.address)
	if _, err := db.Exec("create table t (v int)"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	counts := make([]int, 8)
	var all sync.WaitGroup
	for i := range counts {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := work(t.Context(), db, counts[i]); err != nil {
					t.Errorf("client %d, after %d rounds: %v", i, counts[i], err)
					return
				}
				counts[i]++
			}
		})
	}
	rest(200 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	rest(200 * time.Millisecond)
	close(stop)
	all.Wait()
	rounds := 0
	for _, n := range counts {
		rounds += n
	}
	var rows int
	if err := db.QueryRow("select count(*) from t").Scan(&rows); err != nil || rows != rounds*2 {
		t.Errorf("there are %d rows after %d rounds, %v", rows, rounds, err)
	}
	t.Logf("%d rounds", rounds)
}

// work is a read, a write and a transaction.
func work(ctx context.Context, db *sql.DB, round int) error {
	var n int
	if err := db.QueryRowContext(ctx, "select $1::int", round).Scan(&n); err != nil || n != round {
		return fmt.Errorf("read %d: %w", n, err)
	}
	if _, err := db.ExecContext(ctx, "insert into t values ($1)", round); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it was committed, or is of no use
	if _, err := tx.ExecContext(ctx, "insert into t values ($1)", round); err != nil {
		return fmt.Errorf("write in a transaction: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
