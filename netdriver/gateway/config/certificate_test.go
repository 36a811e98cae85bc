// This file tests that a certificate follows its files.

package config_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

func TestACertificateFollowsItsFilesAndABrokenOneChangesNothing(t *testing.T) {
	dir := t.TempDir()
	files := func(made *dbtest.Authority) config.TLS {
		root, certificate, key, err := made.Files(dir)
		if err != nil {
			t.Fatal(err)
		}
		return config.TLS{Certificate: certificate, Key: key, ClientCA: root}
	}
	first, second := authority(t), authority(t)
	named := files(first)
	synctest.Test(t, func(t *testing.T) {
		c, err := config.LoadCertificates(named, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		want := func(what string, a *dbtest.Authority) {
			t.Helper()
			now, err := c.Config().GetConfigForClient(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := now.Certificates[0].Certificate[0]; string(got) != string(a.Server.Certificate[0]) {
				t.Errorf("%s: another certificate is shown", what)
			}
			if now.ClientAuth != tls.VerifyClientCertIfGiven || now.MinVersion != tls.VersionTLS13 {
				t.Errorf("%s: got %v, %x", what, now.ClientAuth, now.MinVersion)
			}
		}
		want("at first", first)
		files(second)
		want("at once", first)
		pass(2 * time.Second)
		want("after two seconds", second)
		if err := os.WriteFile(named.Key, []byte("no key"), 0o600); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		want("with a broken key", second)
		if c.Use(named) == nil {
			t.Error("a broken key is accepted")
		}
		files(first)
		if err := c.Use(named); err != nil {
			t.Error(err)
		}
		want("on demand", first)
	})
}

// pass has time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func authority(t *testing.T) *dbtest.Authority {
	t.Helper()
	a, err := dbtest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}
