// This file gives the clients in other languages arguments that JSON has no word for, statements of a transaction, and a gateway that is not on their machine.

package examples_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
)

func TestAnExampleSendsBackWhatItReads(t *testing.T) {
	for program, args := range map[string][]string{
		"python3": {"-c", `
import os, sys
sys.path.insert(0, "python")
from client import Gateway
host, port = os.environ["FLUXOR_GATEWAY"].rsplit(":", 1)
g = Gateway(host, int(port), "app", os.environ["FLUXOR_TOKEN"], "erp")
g.exec("create table t (n decimal, b blob, i integer)")
import decimal
g.exec("insert into t values (?, ?, ?)", decimal.Decimal("1.25"), b"\x00\xff", 9007199254740993)
(row,) = g.query("select n, b, i from t")
print(row == [1.25, b"\x00\xff", 9007199254740993], g.query("select count(*) from t where b = ? and i = ?", row[1], row[2]))
try:
    g.exec("select ?", float("nan"))
except ValueError:
    print("refused", g.query("select 1"))
`},
		"node": {"--input-type=module", "-e", `
import { Gateway } from './node/client.mjs';
const [, host, port] = process.env.FLUXOR_GATEWAY.match(/^(.*):(\d+)$/);
const g = await Gateway.connect({ host, port, user: 'app', token: process.env.FLUXOR_TOKEN, db: 'erp' });
await g.exec('create table t (n real, b blob, i integer)');
await g.exec('insert into t values (?, ?, ?)', -Infinity, Buffer.from([0, 255]), 9007199254740993n);
const [row] = await g.query('select n, b, i from t');
console.log(row, await g.query('select count(*) from t where n = ? and b = ? and i = ?', ...row));
g.close();
`},
	} {
		want := map[string]string{
			"python3": "True [[1]]\nrefused [[1]]\n",
			"node":    "[ -Infinity, <Buffer 00 ff>, 9007199254740993n ] [ [ 1 ] ]\n",
		}[program]
		vars := []string{"FLUXOR_GATEWAY=" + sqlite(t), "FLUXOR_TOKEN=" + gatewaytest.Token, "PYTHONDONTWRITEBYTECODE=1"}
		if got := played(t, vars, program, args...); got != want {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}

func TestAQueryOfAnExampleMayBelongToATransaction(t *testing.T) {
	for program, args := range map[string][]string{
		"python3": {"-c", `
import os, sys
sys.path.insert(0, "python")
from client import Gateway, GatewayError
host, port = os.environ["FLUXOR_GATEWAY"].rsplit(":", 1)
g = Gateway(host, int(port), "app", os.environ["FLUXOR_TOKEN"], "erp")
with g.transaction():
    print(g.query("select 1", tx=True))
try:
    g.query("select 2", tx=True)
except GatewayError as error:
    print(error.kind, error.applied)
`},
		"node": {"--input-type=module", "-e", `
import { Gateway } from './node/client.mjs';
const [, host, port] = process.env.FLUXOR_GATEWAY.match(/^(.*):(\d+)$/);
const g = await Gateway.connect({ host, port, user: 'app', token: process.env.FLUXOR_TOKEN, db: 'erp' });
let late;
await g.transaction(async ({ query, exec }) => {
  late = query;
  console.log(JSON.stringify(await query('select 1')));
});
await late('select 2').catch((err) => console.log(err.kind, err.applied));
g.close();
`},
	} {
		vars := []string{"FLUXOR_GATEWAY=" + sqlite(t), "FLUXOR_TOKEN=" + gatewaytest.Token, "PYTHONDONTWRITEBYTECODE=1"}
		if got, want := played(t, vars, program, args...), "[[1]]\nprotocol no\n"; got != want {
			t.Errorf("%s: got %s, want %s", program, got, want)
		}
	}
}

func TestAnExampleSendsItsTokenToAnotherMachineOverTLSAlone(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was stored
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for program, main := range map[string]string{"python3": "python/main.py", "node": "node/main.mjs"} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		cmd := exec.CommandContext(ctx, program, main)
		cmd.Env = append(os.Environ(), "FLUXOR_GATEWAY=0.0.0.0:"+port, "FLUXOR_TOKEN="+gatewaytest.Token, "PYTHONDONTWRITEBYTECODE=1") // not a name of this machine's, and leads here
		if err := errors.Join(l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)), cmd.Start()); err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		var first [1]byte
		if _, err := io.ReadFull(c, first[:]); err != nil || first[0] != 0x16 {
			t.Errorf("%s begins with %q, %v; want a handshake of TLS", program, first, err)
		}
		_ = c.Close()
		if err := cmd.Wait(); err == nil {
			t.Errorf("%s succeeded without a gateway", program)
		}
	}
}
