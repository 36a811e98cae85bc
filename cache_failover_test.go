// This file tests what becomes of kept answers when another server answers behind the same address.

package fluxor_test

import (
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// twins are databases of one name on two servers, with the same tables and other rows.
func (b networkBackend) twins(t *testing.T) (one, other dbtest.Target) {
	t.Helper()
	one = b.share(t).NewDatabase(t)
	s := b.start(t, dbtest.Options{})
	mustExec(t, b.raw(t, s.Target), "create database "+one.Database)
	other = s.In(one.Database)
	for first, target := range map[string]dbtest.Target{"old": one, "new": other} {
		bare := b.raw(t, target)
		mustExec(t, bare, "create table items (id int primary key, name varchar(20), price int)")
		mustExec(t, bare, "insert into items values (1, '"+first+"', 10), (2, 'two', 20), (3, 'three', 30)")
	}
	return one, other
}

// failsOver checks what a reader sees before and after another server takes over behind
// an address, where each answer lasts until something ends it. leave has the pool leave
// the server before.
func (b networkBackend) failsOver(t *testing.T, before, after dbtest.Target, option string, leave func(*faultproxy.Proxy, *fluxor.Connector)) {
	t.Helper()
	proxy, err := b.proxy(before.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	db := b.fluxor(t, before.At(proxy.Addr()), "fluxor_cache=all", "fluxor_cache_ttl=0", option)
	k := &shelf{t: t, b: b, db: db, c: poolOf(t, db)}
	k.found("old")
	proxy.LeadTo(after.Addr())
	leave(proxy, k.c)
	k.want("old", "hit") // nobody has noticed
	if name, how := k.name(k.db, 2); name != "two" {
		t.Errorf("got %q (%s)", name, how)
	}
	k.found("new")
	k.exec(k.db, updateItem)
	k.sees("NEW")
	if n := k.c.CacheStats().Flushes["server-changed"]; n != 1 {
		t.Errorf("all answers ended %d times because of the server, want once: %v", n, k.c.CacheStats().Flushes)
	}
}

// found waits until an answer is kept and is what it should be.
func (k *shelf) found(name string) {
	k.t.Helper()
	waitUntil(k.t, name+" is kept", func() bool {
		got, how := k.name(k.db, 1)
		return got == name && how == "hit"
	})
}

func TestAnswersOfAServerEndOnceAnotherAnswersBehindItsAddress(t *testing.T) {
	for _, b := range networkBackends {
		if b.name == "pgx" {
			continue // the same server as lib/pq's, and nothing here hangs on the driver
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			one, other := b.twins(t)
			b.failsOver(t, one, other, "fluxor_cache_catalog=1h", func(p *faultproxy.Proxy, _ *fluxor.Connector) { // no look is due but for that
				p.KillAll(faultproxy.RST)
			})
			mustExec(t, b.raw(t, other), "update items set name = 'old' where id = 1")
			mustExec(t, b.raw(t, one), "update items set name = 'new' where id = 1")
			b.failsOver(t, other, one, "fluxor_cache_catalog=0", func(_ *faultproxy.Proxy, c *fluxor.Connector) {
				c.Evict() // the connection over which the cache looks lives on
			})
		})
	}
}
