// This file tests a gateway whose process has no descriptor left.

package gateway_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// descriptors are how many the process may have: less than clients come.
const descriptors = 48

// processorTime is what a process has used.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var ticks time.Duration
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}

// openFiles is how many of the descriptors that a process may have it has.
func openFiles(t *testing.T, pid int) (n int) {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if fd, err := strconv.Atoi(one.Name()); err == nil && fd < descriptors { // others were there before the limit
			n++
		}
	}
	return n
}

func TestAGatewayWithoutDescriptorsServesWhoIsThereAndOthersAfterwards(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	limited := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0"`, descriptors), os.Args[0])
	const leases = 5
	cmd, address := spawnBy(t, limited, target.URL(fmt.Sprintf("fluxor_max_open_conns=%d", leases)), "127.0.0.1:0")
	there := make([]*sql.DB, leases)
	for i := range there {
		there[i] = remote(t, address)
		there[i].SetMaxOpenConns(1)
		ready(t, there[i])
	}
	var crowd []net.Conn
	t.Cleanup(func() {
		for _, c := range crowd {
			_ = c.Close()
		}
	})
	for range descriptors {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		crowd = append(crowd, c)
	}
	pid := cmd.Process.Pid
	dbtest.WaitUntil(t, "no descriptor is left", func() bool { return openFiles(t, pid) == descriptors })
	before, began := processorTime(t, pid), time.Now()
	lacks := hold(t, there)
	for time.Since(began) < time.Second {
		if _, err := there[0].Exec("select 1"); err != nil {
			t.Fatal(err)
		}
		rest(20 * time.Millisecond)
	}
	if used := processorTime(t, pid) - before; used > time.Second/2 {
		t.Errorf("%v of processor time in %v", used, time.Since(began))
	}
	if !strings.Contains(fmt.Sprint(lacks), "too many open files") {
		t.Errorf("who needs a new connection to the database hears %v", lacks)
	}
	for _, c := range crowd {
		_ = c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := remote(t, address).PingContext(ctx); err != nil {
		t.Error(err)
	}
	allLeases(t, remote(t, address), leases)
}

// hold has one client after the other hold a connection to the database, until there
// is none for one; its error is returned.
func hold(t *testing.T, there []*sql.DB) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, db := range there[1:] {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // nothing was done
	}
	return errors.New("nothing")
}
