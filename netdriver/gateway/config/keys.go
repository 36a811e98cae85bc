// This file is the table of all keys: a new one is a line here and its words in docs/GATEWAY.md.

package config

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

var keys = []key[File]{
	atRestart(texts("listen", func(f *File) *[]string { return &f.Listen }))[0],
	section("tls", tlsKeys, func(f *File) *TLS { return &f.TLS }),
	atRestart(flag("allow_plaintext", func(f *File) *bool { return &f.AllowPlaintext }))[0],
	named("databases", databaseKeys, func(f *File) *map[string]*Database { return &f.Databases }),
	list("users", userKeys, func(f *File) *[]User { return &f.Users }, func(u *User) string { return u.Name }),
	section("limits", limitKeys, func(f *File) *gateway.Limits { return &f.Limits }),
	section("timeouts", timeoutKeys, func(f *File) *gateway.Timeouts { return &f.Timeouts }),
	section("drain", drainKeys, func(f *File) *Drain { return &f.Drain }),
	section("admin", adminKeys, func(f *File) *Admin { return &f.Admin }),
	section("audit", auditKeys, func(f *File) *Audit { return &f.Audit }),
	section("log", logKeys, func(f *File) *Log { return &f.Log }),
}

var tlsKeys = []key[TLS]{
	text("certificate", func(t *TLS) *string { return &t.Certificate }),
	text("key", func(t *TLS) *string { return &t.Key }),
	text("client_ca", func(t *TLS) *string { return &t.ClientCA }),
}

var databaseKeys = []key[Database]{
	secret("dsn", "dsn-file:", func(d *Database) *Secret { return &d.DSN }, redacted),
	{name: "options", read: readOptions, show: showOptions},
	section("bounds", boundKeys, func(d *Database) *gateway.Bounds { return &d.Bounds }),
}

// boundKeys begin with that of the sessions, which a user has a key of its own for.
var boundKeys = []key[gateway.Bounds]{
	count("sessions", func(b *gateway.Bounds) *int { return &b.Sessions }),
	count("in_flight", func(b *gateway.Bounds) *int { return &b.InFlight }),
	span("queue", func(b *gateway.Bounds) *time.Duration { return &b.Queue }),
	count("rows", func(b *gateway.Bounds) *int64 { return &b.Rows }),
	size("bytes", func(b *gateway.Bounds) *int64 { return &b.Bytes }),
}

var userKeys = []key[User]{
	text("name", func(u *User) *string { return &u.Name }),
	texts("databases", func(u *User) *[]string { return &u.Databases }),
	list("tokens", tokenKeys, func(u *User) *[]Token { return &u.Tokens }, func(t *Token) string { return t.SHA256.same()[:8] }),
	secret("scram", "file:", func(u *User) *Secret { return &u.SCRAM }, nil),
	texts("certificates", func(u *User) *[]string { return &u.Certificates }),
	word("role", func(u *User) *gateway.Role { return &u.Role }, gateway.Roles()...),
	count("sessions", func(u *User) *int { return &u.Sessions }),
	section("bounds", boundKeys[1:], func(u *User) *gateway.Bounds { return &u.Bounds }),
	flag("read_only", func(u *User) *bool { return &u.ReadOnly }),
	flag("read_only_by_grants", func(u *User) *bool { return &u.ReadOnlyByGrants }),
	flag("disabled", func(u *User) *bool { return &u.Disabled }),
	moment("expires", func(u *User) *time.Time { return &u.Expires }),
}

var tokenKeys = []key[Token]{
	secret("sha256", "file:", func(t *Token) *Secret { return &t.SHA256 }, nil),
	moment("expires", func(t *Token) *time.Time { return &t.Expires }),
}

var limitKeys = atRestart(
	count("sessions", func(l *gateway.Limits) *int { return &l.Sessions }),
	count("sessions_per_user", func(l *gateway.Limits) *int { return &l.SessionsPerUser }),
	count("sessions_per_address", func(l *gateway.Limits) *int { return &l.SessionsPerAddress }),
	count("waiting", func(l *gateway.Limits) *int { return &l.Waiting }),
	count("waiting_per_address", func(l *gateway.Limits) *int { return &l.WaitingPerAddress }),
	countOr("failed_logins", "any", func(l *gateway.Limits) *int { return &l.FailedLogins }),
	size("memory", func(l *gateway.Limits) *int64 { return &l.Memory }),
	size("frame", func(l *gateway.Limits) *int { return &l.Frame }),
	size("message", func(l *gateway.Limits) *int { return &l.Message }),
	size("window", func(l *gateway.Limits) *int64 { return &l.Window }),
	count("statements", func(l *gateway.Limits) *int { return &l.Statements }),
	size("texts", func(l *gateway.Limits) *int { return &l.Texts }),
)

var timeoutKeys = atRestart(
	span("login", func(t *gateway.Timeouts) *time.Duration { return &t.Login }),
	span("idle", func(t *gateway.Timeouts) *time.Duration { return &t.Idle }),
	span("idle_in_tx", func(t *gateway.Timeouts) *time.Duration { return &t.IdleInTx }),
	span("stream_idle", func(t *gateway.Timeouts) *time.Duration { return &t.StreamIdle }),
	span("write", func(t *gateway.Timeouts) *time.Duration { return &t.Write }),
)

var drainKeys = []key[Drain]{
	span("delay", func(d *Drain) *time.Duration { return &d.Delay }),
	span("timeout", func(d *Drain) *time.Duration { return &d.Timeout }),
}

var adminKeys = atRestart(
	text("listen", func(a *Admin) *string { return &a.Listen }),
	flag("tls", func(a *Admin) *bool { return &a.TLS }),
	flag("open_metrics", func(a *Admin) *bool { return &a.OpenMetrics }),
)

var auditKeys = atRestart(
	text("file", func(a *Audit) *string { return &a.File }),
	flag("required", func(a *Audit) *bool { return &a.Required }),
)

var logKeys = atRestart(
	word("level", func(l *Log) *string { return &l.Level }, "debug", "info", "warn", "error"),
	word("format", func(l *Log) *string { return &l.Format }, "text", "json"),
)

// readOptions reads Fluxor's options, whose names and values Fluxor knows.
func readOptions(r *reader, n ast.Node, to *Database) {
	var all fluxor.RuntimeConfig
	members(r, n, func(name string, k, v ast.Node) {
		o := Option{name, v.GetToken().Value}
		if _, scalar := v.(ast.ScalarNode); !scalar || v.Type() == ast.NullType {
			r.fault(v, "want a value, not %s", kindOf(v))
			return
		}
		if slices.ContainsFunc(to.Options, func(have Option) bool { return have.Name == name }) {
			r.fault(k, "the option stands there twice")
			return
		}
		if err := all.SetOption(o.Name, o.Value); err != nil {
			r.fault(k, "%s", strings.TrimPrefix(err.Error(), "fluxor: "))
			return
		}
		to.Options = append(to.Options, o)
	})
	slices.SortFunc(to.Options, func(a, b Option) int { return strings.Compare(a.Name, b.Name) })
}

func showOptions(d *Database) any {
	all := Shown{}
	for _, o := range d.Options {
		all = append(all, Entry{o.Name, o.Value, false})
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// redacted is a DSN without its password.
func redacted(dsn string) string {
	for _, a := range (fluxor.RuntimeConfig{DSN: dsn}).LogValue().Group() {
		if a.Key == "DSN" {
			return a.Value.String()
		}
	}
	return "***"
}

// Keys are the paths of all keys, for tests of the pages that explain them; [] is
// an element of a list, * any name.
func Keys() []string {
	var all []string
	add := func(prefix string, names []string) {
		for _, n := range names {
			all = append(all, prefix+n)
		}
	}
	add("", names(keys))
	add("tls.", names(tlsKeys))
	add("databases.*.", names(databaseKeys))
	add("databases.*.bounds.", names(boundKeys))
	add("users[].", names(userKeys))
	add("users[].bounds.", names(boundKeys[1:]))
	add("users[].tokens[].", names(tokenKeys))
	add("limits.", names(limitKeys))
	add("timeouts.", names(timeoutKeys))
	add("drain.", names(drainKeys))
	add("admin.", names(adminKeys))
	add("audit.", names(auditKeys))
	add("log.", names(logKeys))
	return all
}
