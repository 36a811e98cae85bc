// This file takes over a changed configuration: all of it that a process can change, or nothing.

package gate

import (
	"context"
	"log/slog"
	"strings"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// Reloaded is what a reload changed.
type Reloaded struct {
	// Changes are in effect, but for those that say Restart.
	Changes []config.Change `json:"changes"`
	// Restart says that there are such.
	Restart bool `json:"restart"`
}

// config is what is in effect.
func (p *process) config() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.file.Shown()
}

// reload reads the file again and says what changed.
func (p *process) reload(context.Context) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changes, err := p.take()
	if err != nil {
		p.log.Error("fluxor: the configuration was not reloaded; what was before stays", slog.Any("error", err))
		return nil, err
	}
	answer := Reloaded{Changes: changes}
	for _, c := range changes {
		answer.Restart = answer.Restart || c.Restart
		p.log.Info("fluxor: the configuration changed", slog.String("key", c.Path), slog.String("before", c.Before),
			slog.String("after", c.After), slog.Bool("restart", c.Restart))
	}
	p.log.Info("fluxor: the configuration was reloaded", slog.Int("changes", len(changes)), slog.Bool("restart", answer.Restart))
	return answer, nil
}

// take has the file's present content take effect. The audit log is opened anew
// first, whatever is wrong with the file: who moved it away waits for that.
func (p *process) take() ([]config.Change, error) {
	if err := p.audit.reopen(); err != nil {
		return nil, err
	}
	file, err := config.Load(p.o.Path, p.o.Getenv)
	if err != nil {
		return nil, err
	}
	changes := config.Diff(p.file.Shown(), file.Shown())
	if tls := p.file.TLS; (tls.Certificate == "") != (file.TLS.Certificate == "") {
		file.TLS = tls // to speak TLS or not is for a new process
		for i := range changes {
			changes[i].Restart = changes[i].Restart || strings.HasPrefix(changes[i].Path, "tls.")
		}
	}
	served, err := open(file, p.served, p.log)
	if err != nil {
		return nil, err
	}
	if err := p.swap(file, served); err != nil {
		served.without(p.served).close()
		return nil, err
	}
	file.Listen, file.AllowPlaintext, file.Limits, file.Timeouts = p.file.Listen, p.file.AllowPlaintext, p.file.Limits, p.file.Timeouts
	file.Admin, file.Audit, file.Log = p.file.Admin, p.file.Audit, p.file.Log
	p.file, p.served = file, served
	p.drains.Store(&file.Drain)
	p.watch.show(served)
	return changes, nil
}

// swap has the gateway serve what the file says.
func (p *process) swap(file *config.File, served databases) error {
	undo := func() {}
	if p.certs != nil {
		var err error
		if undo, err = p.certs.Try(file.TLS); err != nil {
			return err
		}
	}
	gone, c := p.served.without(served), file.Gateway()
	to := gateway.Served{Databases: served.offered(), Users: c.Users, Bounds: c.Bounds}
	err := p.server.SetServed(to, func(name string, _ gateway.Database) {
		_ = gone[name].Close() // its last session has ended
		p.log.Info("fluxor: a database is closed", slog.String("database", name))
	})
	if err != nil {
		undo()
	}
	return err
}
