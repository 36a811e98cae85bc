// This file keeps the gateway's certificate in step with its files.

package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often the files are looked at, at most: a handshake looks.
const lookEvery = time.Second

// Certificates are a certificate, its key and the roots of clients, as their files
// have them. A handshake that finds the files changed reads them anew; where what
// it finds cannot be used, what was there before stays, and they are read again
// later. It is safe for concurrent use.
type Certificates struct {
	log *slog.Logger
	now atomic.Pointer[tls.Config]

	// mu protects what follows. Files are read under it, so that a handshake does not
	// wait for it: the disk may stand still.
	mu     sync.Mutex
	files  TLS
	stamp  stamp // of the files that are in use
	looked time.Time
	failed failure
}

// failure is what was the matter with the files, which is said once.
type failure struct {
	with stamp
	why  string
}

// stamp tells one content of the files from the next.
type stamp [3]struct {
	modified time.Time
	size     int64
}

func (t TLS) stamp() (s stamp) {
	for i, name := range []string{t.Certificate, t.Key, t.ClientCA} {
		if info, err := os.Stat(name); err == nil {
			s[i].modified, s[i].size = info.ModTime(), info.Size()
		}
	}
	return s
}

// LoadCertificates reads the files. log, which may be nil where Config is not used,
// hears of later changes.
func LoadCertificates(files TLS, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{log: log}
	return c, c.Use(files)
}

// Use reads other files, or the same ones again. After an error nothing has
// changed.
func (c *Certificates) Use(files TLS) error {
	_, err := c.Try(files)
	return err
}

// Try is Use, and returns what takes it back, also where the former files are not there
// any more. Changes in between are taken back with it.
func (c *Certificates) Try(files TLS) (undo func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := files.stamp()
	now, err := files.load()
	if err != nil {
		return nil, err
	}
	before, formerFiles, formerStamp := c.now.Load(), c.files, c.stamp
	c.putLocked(now, files, s)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.putLocked(before, formerFiles, formerStamp)
	}, nil
}

func (c *Certificates) putLocked(now *tls.Config, files TLS, s stamp) {
	c.now.Store(now)
	c.files, c.stamp, c.looked, c.failed = files, s, time.Now(), failure{}
}

// Config is TLS by the files, as they are at each handshake; they are looked at once a
// second at most. It is version 1.3, and asks for a client's certificate where there is a
// ClientCA.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current(), nil },
	}
}

// current looks at the files, if nobody did lately or does at the moment.
func (c *Certificates) current() *tls.Config {
	if c.mu.TryLock() {
		if time.Since(c.looked) >= lookEvery {
			c.lookLocked()
		}
		c.mu.Unlock()
	}
	return c.now.Load()
}

// lookLocked reads the files where they changed. What could not be read may be
// readable a moment later without a sign of it, as where descriptors were used up.
func (c *Certificates) lookLocked() {
	c.looked = time.Now()
	s := c.files.stamp()
	if s == c.stamp {
		c.failed = failure{}
		return
	}
	now, err := c.files.load()
	if err != nil {
		if f := (failure{s, err.Error()}); f != c.failed {
			c.failed = f
			c.log.Error("fluxor: the certificate's files changed and cannot be used; the former one stays", slog.Any("error", err))
		}
		return
	}
	c.log.Info("fluxor: the certificate was read anew", slog.Time("ends", now.Certificates[0].Leaf.NotAfter))
	c.now.Store(now)
	c.stamp, c.failed = s, failure{}
}

// load reads the files.
func (t TLS) load() (*tls.Config, error) {
	chain, err := readWhole(t.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(t.Key) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}
	if t.ClientCA == "" {
		return c, nil
	}
	text, err := readWhole(t.ClientCA)
	if err != nil {
		return nil, err
	}
	c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, errors.New(t.ClientCA + ": there is no certificate")
	}
	return c, nil
}

// mark begins a certificate in PEM.
const mark = "-----BEGIN "

// readWhole reads a file of certificates. One that ends within a certificate is being
// written: without its rest, who is known by that would be refused.
func readWhole(name string) ([]byte, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	rest := text
	for block := (*pem.Block)(nil); ; {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
	}
	last := rest[bytes.LastIndexByte(rest, '\n')+1:]
	if bytes.Contains(rest, []byte(mark)) || len(last) > 0 && strings.HasPrefix(mark, string(last)) {
		return nil, errors.New(name + ": it ends within a certificate")
	}
	return text, nil
}
