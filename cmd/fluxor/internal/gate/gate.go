// This file runs a gateway as a process: from its file to its end.

// Package gate runs a gateway by a configuration file: it listens, reloads upon
// SIGHUP, and drains upon SIGTERM.
package gate

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// Options are what a gateway needs of the world.
type Options struct {
	// Path is the file; Getenv the environment, Log where the log goes.
	Path   string
	Getenv func(string) string
	Log    io.Writer
	// Name is the gateway's name and version as clients see it.
	Name string
}

// process is a gateway that runs.
type process struct {
	o      Options
	log    *slog.Logger
	server *gateway.Server
	certs  *config.Certificates // nil without TLS
	audit  *auditFile           // nil without one
	watch  *watch
	notify notifier

	drains atomic.Pointer[config.Drain] // as the file has them: a reload may stand still
	stands bool                         // the end does, and nothing is waited for any more

	listeners []net.Listener
	admin     *http.Server // nil without one
	ended     chan error   // what Serve returned, for each listener
	drain     chan struct{}
	once      sync.Once // closes drain

	mu     sync.Mutex // one change of what follows at a time; connectors are made under it
	file   *config.File
	served databases
}

// Check builds all that a file asks for, without listening, and gives it back. The
// file is returned where it is well.
func Check(o Options) (*config.File, error) {
	p, err := build(o)
	if err != nil {
		return nil, err
	}
	defer p.close()
	return p.file, nil
}

// ErrStands is what Run returns where the process must end all the same.
var ErrStands = errors.New("the gateway cannot end: something stands still, such as the disk of its audit log; what is left there is lost")

// Run serves until ctx ends or a signal comes, and then drains. A second signal
// ends it at once. It returns nil where it was ended so, or ErrStands.
func Run(ctx context.Context, o Options) error {
	p, err := build(o)
	if err != nil {
		return err
	}
	defer func() {
		if !p.stands {
			p.close()
		}
	}()
	if err := p.audit.reopen(); err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := p.listen(ctx); err != nil {
		return err
	}
	p.log.Info("fluxor: the gateway serves", slog.Any("addresses", p.addresses()))
	p.notify.say(p.log, "READY=1")
	return p.run(ctx, signals)
}

// build makes everything but the listeners.
func build(o Options) (*process, error) {
	file, err := config.Load(o.Path, o.Getenv)
	if err != nil {
		return nil, err
	}
	p := &process{
		o: o, file: file, log: logger(o.Log, file.Log), notify: notifier(o.Getenv("NOTIFY_SOCKET")),
		audit: newAuditFile(file.Audit.File), drain: make(chan struct{}), served: databases{},
	}
	p.drains.Store(&file.Drain)
	if p.served, err = open(file, p.served, p.log); err != nil {
		return nil, err
	}
	c := file.Gateway()
	c.Databases, c.Name, c.Logger = p.served.offered(), o.Name, p.log
	c.Operations = gateway.Operations{Config: p.config, Reload: p.reload, Drain: func() { p.once.Do(func() { close(p.drain) }) }}
	if p.audit != nil {
		c.Audit = p.audit
	}
	if file.TLS.Certificate != "" {
		if p.certs, err = config.LoadCertificates(file.TLS, p.log); err != nil {
			p.served.close()
			return nil, err
		}
		c.TLS = p.certs.Config()
	}
	if p.server, err = gateway.New(c); err != nil {
		p.served.close()
		return nil, err
	}
	p.watch = newWatch(p.server)
	p.watch.show(p.served)
	return p, nil
}

func logger(w io.Writer, l config.Log) *slog.Logger {
	o := &slog.HandlerOptions{}
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // the file's check knows the words
	o.Level = level
	if l.Format == "json" {
		o.ReplaceAttr = withUnits
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// withUnits writes times as the text format does: JSON would have bare nanoseconds.
func withUnits(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// listen begins to serve clients and operators.
func (p *process) listen(ctx context.Context) error {
	for _, address := range p.file.Listen {
		l, err := listenAt(ctx, address)
		if err != nil {
			p.unlisten()
			return err
		}
		p.listeners = append(p.listeners, l)
	}
	if err := p.listenAdmin(ctx); err != nil {
		p.unlisten()
		return err
	}
	p.ended = make(chan error, len(p.listeners))
	for _, l := range p.listeners {
		go func() { p.ended <- p.server.Serve(l) }() // until close
	}
	return nil
}

func (p *process) unlisten() {
	for _, l := range p.listeners {
		_ = l.Close()
	}
}

// listenAt opens an address. A socket's file that nobody listens at, which a
// process left that was killed, is taken over.
func listenAt(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		return config.Listen(ctx, "tcp", address)
	}
	l, err := config.Listen(ctx, "unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	c, dialed := net.Dial("unix", path)
	if dialed == nil {
		_ = c.Close()
	}
	if is, _ := os.Lstat(path); !errors.Is(dialed, syscall.ECONNREFUSED) || is == nil || is.Mode().Type() != os.ModeSocket {
		return nil, err // somebody listens, even if he is busy, or it is something else
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return config.Listen(ctx, "unix", path)
}

func (p *process) addresses() []string {
	var all []string
	for _, l := range p.listeners {
		all = append(all, l.Addr().String())
	}
	return all
}

// run waits for what ends or changes the gateway.
func (p *process) run(ctx context.Context, signals <-chan os.Signal) error {
	hurry := make(chan struct{})
	stops := 0
	done, drain := ctx.Done(), (<-chan struct{})(p.drain)
	var drained chan error
	begin := func() {
		done, drain = nil, nil
		if drained == nil {
			drained = make(chan error, 1)
			go func() { drained <- p.leave(hurry) }() // ends with the drain, which hurry cuts short
		}
	}
	for {
		select {
		case <-done:
			begin()
		case <-drain:
			begin()
		case s := <-signals:
			if s == syscall.SIGHUP {
				go p.reload(ctx) //nolint:errcheck // it logs what came of it; it ends as fast as its files are read, and the end waits for it
				continue
			}
			begin()
			if stops++; stops == 2 {
				close(hurry)
			}
		case err := <-p.ended:
			if drained == nil {
				return err
			}
		case err := <-drained:
			p.stands = err != nil
			return err
		}
	}
}

// leave ends the gateway: not ready at first, then clients are asked to go. The error
// says that it cannot.
func (p *process) leave(hurry <-chan struct{}) error {
	d := *p.drains.Load()
	p.server.Leave()
	p.notify.say(p.log, "STOPPING=1")
	p.log.Info("fluxor: the gateway is to end", slog.Duration("delay", d.Delay), slog.Duration("timeout", d.Timeout), slog.Int("sessions", p.server.Sessions()))
	delay := time.NewTimer(d.Delay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-hurry:
	}
	ctx, stop := context.WithTimeout(context.Background(), d.Timeout)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.server.Shutdown(ctx) }() // ends with the sessions, and with the process where those stand still
	over, limit := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case err := <-ended:
			p.left(err)
			return p.settled()
		case <-hurry:
			stop()
			hurry, over, limit = nil, nil, time.After(lastAnswers)
		case <-over:
			over, limit = nil, time.After(lastRecords)
		case <-limit:
			return ErrStands
		}
	}
}

// settled waits for a reload that runs, for close needs what it makes. The error says
// that it stands still.
func (p *process) settled() error {
	free := make(chan struct{})
	go func() { // ends with the reload, or with the process
		p.mu.Lock()
		defer p.mu.Unlock()
		close(free)
	}()
	select {
	case <-free:
		return nil
	case <-time.After(lastAnswers):
		return ErrStands
	}
}

// left says how the gateway ended.
func (p *process) left(err error) {
	if err != nil {
		p.log.Warn("fluxor: the gateway ended before all clients had finished", slog.Any("error", err))
		return
	}
	p.log.Info("fluxor: the gateway has ended, all clients had finished")
}

// lastRecords is how long the rest may take once the time of the drain is over: what
// is canceled ends, and a slow disk takes the records that wait for it.
const lastRecords = 10 * time.Second

// lastAnswers is how long operators' requests and a reload may take that run at the
// end, and all that is left after a second signal.
const lastAnswers = 2 * time.Second

// close ends what is left.
func (p *process) close() {
	_ = p.server.Close()
	p.watch.Close()
	p.closeAdmin()
	p.mu.Lock()
	served := maps.Clone(p.served)
	p.mu.Unlock()
	served.close()
	if err := p.audit.close(); err != nil {
		p.log.Error("fluxor: the audit log cannot be closed", slog.Any("error", err))
	}
}
