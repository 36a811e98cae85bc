// This file tests certificates that are renewed while clients come: half-written files, files that cannot be read for a moment, and a disk that stands still.

package config_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// renewed are certificates by files that a test writes.
type renewed struct {
	*config.Certificates
	t     *testing.T
	files config.TLS
	log   bytes.Buffer
}

// renew begins with the files of an authority.
func renew(t *testing.T, dir string, a *dbtest.Authority) *renewed {
	t.Helper()
	r := &renewed{t: t}
	r.take(dir, a)
	c, err := config.LoadCertificates(r.files, slog.New(slog.NewTextHandler(&r.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.Certificates = c
	return r
}

// take writes the files of an authority.
func (r *renewed) take(dir string, a *dbtest.Authority) {
	r.t.Helper()
	root, certificate, key, err := a.Files(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	r.files = config.TLS{Certificate: certificate, Key: key, ClientCA: root}
}

// write replaces a file's text, as if it had been at rest since then.
func (r *renewed) write(path string, text []byte, then time.Time) {
	r.t.Helper()
	err := os.WriteFile(path, text, 0o600)
	if err == nil {
		err = os.Chtimes(path, then, then)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// now is TLS as a handshake has it.
func (r *renewed) now() *tls.Config {
	r.t.Helper()
	c, err := r.Config().GetConfigForClient(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// shows checks whose certificate a handshake is shown, and how many of its chain.
func (r *renewed) shows(what string, a *dbtest.Authority, chain int) {
	r.t.Helper()
	pass(2 * time.Second)
	got := r.now().Certificates[0].Certificate
	if !bytes.Equal(got[0], a.Server.Certificate[0]) || len(got) != chain {
		r.t.Errorf("%s: another certificate is shown, with %d in its chain; the log: %s", what, len(got), r.log.String())
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestACertificateThatCannotBeReadForAMomentIsReadLater(t *testing.T) {
	first, second, dir := authority(t), authority(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := renew(t, dir, first)
		r.take(dir, second)
		key, then := read(t, r.files.Key), time.Now()
		r.write(r.files.Key, bytes.Repeat([]byte("-"), len(key)), then)
		r.shows("while the key cannot be read", first, 1)
		r.shows("and still", first, 1)
		if n := strings.Count(r.log.String(), "cannot be used"); n != 1 {
			t.Errorf("it is said %d times: %s", n, r.log.String())
		}
		r.write(r.files.Key, key, then)
		r.shows("once it can, though nothing else tells", second, 1)
	})
}

func TestAHalfWrittenFileChangesNothing(t *testing.T) {
	first, second, dir := authority(t), authority(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := renew(t, dir, first)
		r.take(dir, second)
		leaf, root := read(t, r.files.Certificate), read(t, r.files.ClientCA)
		chain, roots := append(bytes.Clone(leaf), root...), append(bytes.Clone(root), leaf...)
		then := time.Now()
		for name, text := range map[string][]byte{
			"nothing yet": nil, "a part of the first": chain[:len(leaf)/2], "a part of the second": chain[:len(leaf)+len(root)/2],
			"no more than its mark": append(bytes.Clone(leaf), "-----BEG"...),
		} {
			then = then.Add(time.Second)
			r.write(r.files.Certificate, text, then)
			r.write(r.files.ClientCA, roots, then)
			r.shows("certificate: "+name, first, 1)
			r.write(r.files.Certificate, chain, then)
			r.write(r.files.ClientCA, append(bytes.Clone(roots[:len(root)]), text...), then)
			if len(text) > 0 { // else it is whole
				r.shows("authorities: "+name, first, 1)
			}
		}
		r.write(r.files.ClientCA, roots, then.Add(time.Second))
		r.shows("in the end", second, 2)
	})
}

func TestADiskThatStandsStillHoldsUpOneHandshakeAlone(t *testing.T) {
	first, dir := authority(t), t.TempDir()
	r := renew(t, dir, first)
	if err := os.Remove(r.files.Key); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(r.files.Key, 0o600); err != nil {
		t.Fatal(err)
	}
	held := make(chan *tls.Config, 1)
	looks := make(chan struct{})
	go func() { // a client that comes again and again, until it is held up
		for {
			c, _ := r.Config().GetConfigForClient(nil)
			select {
			case <-looks:
				held <- c
				return
			default:
			}
		}
	}()
	var disk *os.File
	dbtest.WaitUntil(t, "the key is read", func() (ok bool) {
		var err error
		disk, err = os.OpenFile(r.files.Key, os.O_WRONLY|syscall.O_NONBLOCK, 0) // only where somebody reads
		return err == nil
	})
	close(looks)
	others := make(chan *tls.Config, 1)
	go func() { others <- r.now() }()
	select {
	case c := <-others:
		if !bytes.Equal(c.Certificates[0].Certificate[0], first.Server.Certificate[0]) {
			t.Error("another certificate is shown")
		}
	case <-time.After(20 * time.Second):
		t.Error("others are held up as well")
	}
	_ = disk.Close()
	<-held
}
