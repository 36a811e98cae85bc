// This file keeps the gateway's certificate in step with its files.

package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at, at most: a handshake looks.
const lookEvery = time.Second

// Certificates are a certificate, its key and the roots of clients, as their files
// have them. A handshake that finds the files changed reads them anew; where what
// it finds cannot be used, what was there before stays. It is safe for concurrent
// use.
type Certificates struct {
	log *slog.Logger

	mu     sync.Mutex // protects what follows; files are read under it, at most once a second
	files  TLS
	stamp  stamp
	looked time.Time
	now    *tls.Config
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
	c.mu.Lock()
	defer c.mu.Unlock()
	s := files.stamp()
	now, err := files.load()
	if err != nil {
		return err
	}
	c.files, c.stamp, c.now, c.looked = files, s, now, time.Now()
	return nil
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

// current looks at the files, if nobody did lately.
func (c *Certificates) current() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.now
	}
	c.looked = time.Now()
	s := c.files.stamp()
	if s == c.stamp {
		return c.now
	}
	c.stamp = s // also where it fails: it is said once
	now, err := c.files.load()
	if err != nil {
		c.log.Error("fluxor: the certificate's files changed and cannot be used; the former one stays", slog.Any("error", err))
		return c.now
	}
	c.log.Info("fluxor: the certificate was read anew", slog.Time("ends", now.Certificates[0].Leaf.NotAfter))
	c.now = now
	return now
}

// load reads the files.
func (t TLS) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}}
	if t.ClientCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, err
	}
	c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(text) {
		return nil, errors.New(t.ClientCA + ": there is no certificate")
	}
	return c, nil
}
