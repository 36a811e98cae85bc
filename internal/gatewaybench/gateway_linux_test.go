// This file runs a gateway in a process of its own: the test binary again.

package gatewaybench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// The environment that makes the test binary a gateway, and how clients log in.
const (
	backendVariable = "FLUXOR_GATEWAYBENCH_DSN"
	user, token     = "bench", "a token that only this machine knows"
)

// backendConns is how many connections to the server gateway and pooler have.
const backendConns = 20

func TestMain(m *testing.M) {
	if dsn := os.Getenv(backendVariable); dsn != "" {
		if err := serve(dsn); err != nil {
			fmt.Fprintln(os.Stderr, "gateway:", err)
			os.Exit(1)
		}
		return
	}
	dbtest.Main(m)
}

// serve prints the gateway's address and serves until standard input ends.
func serve(dsn string) error {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{Driver: "pgx", DSN: dsn, MaxOpenConns: backendConns, MaxIdleConns: backendConns})
	if err != nil {
		return err
	}
	s, err := gateway.New(gateway.Config{
		Databases: map[string]gateway.Database{"bench": c},
		Users:     []gateway.User{{Name: user, Tokens: []gateway.Token{gateway.HashToken(token)}}},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
	}()
	fmt.Println(l.Addr())
	if err := s.Serve(l); err != gateway.ErrServerClosed { //nolint:errorlint // Serve returns it as it is
		return err
	}
	return c.Close()
}

// startGateway starts one in front of the database and returns its address and
// its process.
func startGateway(t testing.TB, dsn string) (addr string, pid int) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^$")
	cmd.Env = append(os.Environ(), backendVariable+"="+dsn)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the gateway said no address: %v", err)
	}
	return strings.TrimSpace(line), cmd.Process.Pid
}
