// This file watches the demo as the command that it names does.

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// readTo reads a command's output line by line until one holds text.
func readTo(t *testing.T, out *bufio.Scanner, text string) string {
	t.Helper()
	for out.Scan() {
		if strings.Contains(out.Text(), text) {
			return out.Text()
		}
	}
	t.Fatalf("the output ended without %q", text)
	return ""
}

func TestServedDemoIsWatchedUntilCtrlC(t *testing.T) {
	left := ownTemp(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	read, write := io.Pipe()
	defer read.Close() //nolint:errcheck // the demo has ended
	var errOut strings.Builder
	code := make(chan int, 1)
	go func() {
		c := run(&env{ctx: ctx, in: strings.NewReader(""), out: write, errOut: &errOut, getenv: os.Getenv}, []string{"demo", "--quick", "--plain", "--serve", "0"})
		_ = write.Close() // a pipe's never fails
		code <- c
	}()
	out := bufio.NewScanner(read)
	command := strings.Fields(readTo(t, out, "fluxor top 127.0.0.1:"))
	readTo(t, out, "2. The same work")
	watch := func() string {
		_, seen, said := fluxor(t.Context(), append(command[2:], "--once")...)
		return seen + said
	}
	if seen := watch(); !strings.Contains(seen, "sqlite, through the driver sqlite") {
		t.Errorf("while it plays %q shows:\n%s", command, seen)
	}
	readTo(t, out, "A light load through a gateway, until Ctrl-C")
	seen := watch()
	for began := time.Now(); !strings.Contains(seen, "healthy") && time.Since(began) < 20*time.Second; {
		seen = watch() // its workers wait for their first connections
	}
	if !strings.Contains(seen, "healthy") {
		t.Errorf("afterwards it shows:\n%s", seen)
	}
	interrupt()
	_, _ = io.Copy(io.Discard, read)
	if got := <-code; got != exitOK || errOut.String() != "" {
		t.Errorf("exit code %d, %s", got, errOut.String())
	}
	if left() > 0 {
		t.Error("the demo left files behind")
	}
}

func TestAddressThatIsNoneIsWrongUsage(t *testing.T) {
	code, out, errOut := fluxor(t.Context(), "demo", "--serve", "a:b:c")
	if code != exitUsage || out != "" || !strings.Contains(errOut, "want a port or HOST:PORT") {
		t.Errorf("exit code %d, %q, %q", code, out, errOut)
	}
}

func TestAddressWithoutAHostIsOfThisMachineAlone(t *testing.T) {
	for _, address := range []string{"0", ":0", "127.0.0.1:0"} {
		shown, err := serve(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown.command(); !strings.HasPrefix(got, "fluxor top 127.0.0.1:") {
			t.Errorf("%s: got %s", address, got)
		}
		shown.close()
	}
}

func TestDemosServerIsNotOfferedForADSN(t *testing.T) {
	good, _ := healthy(t)
	if _, out, _ := fluxor(t.Context(), "doctor", good, "--json"); !strings.Contains(out, `drivers/sqlite serves sqlite"`) {
		t.Errorf("the reason is another:\n%s", out)
	}
}
