// This file finds what contradicts itself in a file whose values are all well by themselves.

package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// check looks at all of it.
func (f *File) check(r *reader) {
	f.checkTLS(r)
	f.checkListen(r)
	f.checkDatabases(r)
	for i := range f.Users {
		f.checkUser(r, i)
	}
	f.checkPasswords(r)
	f.checkAdmin(r)
	if f.Audit.Required && f.Audit.File == "" {
		r.wrong("audit.required", "audit.file is missing")
	}
	f.checkLimits(r)
}

// checkLimits looks at bounds that would leave no room for anything.
func (f *File) checkLimits(r *reader) {
	for path, v := range map[string]int{"limits.frame": f.Limits.Frame, "limits.message": f.Limits.Message} {
		switch {
		case v > 0 && v < 8<<10:
			r.wrong(path, "8KiB is the least")
		case v > math.MaxInt32:
			r.wrong(path, "less than 2GiB is possible")
		}
	}
	if w := f.Limits.Window; w > 0 && w < 64<<10 {
		r.wrong("limits.window", "64KiB is the least")
	}
	if m := f.Limits.Memory; m > 0 && m < 1<<20 { // not even logins would pass
		r.wrong("limits.memory", "1MiB is the least")
	}
}

// sorted are the faults in the order of the file, each once.
func (r *reader) sorted() Faults {
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(r.faults)
}

// ailing reports whether something is wrong already at a path or below it.
func (r *reader) ailing(path string) bool {
	return slices.ContainsFunc(r.faults, func(f Fault) bool { return f.Path == path || strings.HasPrefix(f.Path, path+".") })
}

func (f *File) checkTLS(r *reader) {
	t := f.TLS
	if (t.Certificate == "") != (t.Key == "") && !r.ailing("tls") {
		r.wrong("tls", "certificate and key belong together")
	}
	if t.ClientCA != "" && t.Certificate == "" {
		r.wrong("tls.client_ca", "clients show certificates over TLS alone, for which certificate and key are missing")
	}
	if len(r.faults) > 0 || t.Certificate == "" {
		return
	}
	_, err := LoadCertificates(t, nil)
	switch {
	case err == nil:
	case t.named(err.Error()):
		r.wrong("tls", "%v", err)
	default: // what is wrong with the content of files does not say of which
		r.wrong("tls", "%s and %s: %v", t.Certificate, t.Key, err)
	}
}

// named reports whether a text names one of the files.
func (t TLS) named(text string) bool {
	return slices.ContainsFunc([]string{t.Certificate, t.Key, t.ClientCA}, func(name string) bool {
		return name != "" && strings.Contains(text, name)
	})
}

func (f *File) checkListen(r *reader) {
	if len(f.Listen) == 0 && !r.ailing("listen") {
		r.wrong("listen", "an address is missing, such as 127.0.0.1:7654 or unix:/run/fluxor/gateway.sock")
	}
	for i, address := range f.Listen {
		path := fmt.Sprintf("listen[%d]", i)
		local, err := localAddress(address)
		switch {
		case address == "":
		case err != nil:
			r.wrong(path, "want host:port or unix:PATH: %v", err)
		case !local && f.TLS.Certificate == "" && !f.AllowPlaintext && !r.ailing("tls"):
			r.wrong(path, "other machines reach this address: set tls, or allow_plaintext")
		}
	}
}

// localAddress reports whether only this machine reaches an address.
func localAddress(address string) (bool, error) {
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		if path == "" {
			return false, errors.New("the path is missing")
		}
		return true, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return false, err
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback(), nil
}

func (f *File) checkDatabases(r *reader) {
	if len(f.Databases) == 0 && !r.ailing("databases") {
		r.wrong("databases", "a database is missing")
	}
	for _, name := range sorted(f.Databases) {
		path := "databases." + name
		d := f.Databases[name]
		switch {
		case r.ailing(path):
		case d.DSN.Value() == "":
			r.wrong(path, "dsn is missing")
		default:
			d.check(r, path)
		}
	}
}

// check asks Fluxor what it makes of the DSN and the options.
func (d *Database) check(r *reader, path string) {
	c, err := d.Runtime(nil)
	if err == nil {
		_, err = fluxor.Understand(c)
	}
	if err != nil {
		r.wrong(path+".dsn", "%s", strings.TrimPrefix(err.Error(), "fluxor: "))
	}
}

func (f *File) checkUser(r *reader, i int) {
	u, path := f.Users[i], fmt.Sprintf("users[%d]", i)
	ails := r.ailing(path)
	switch {
	case u.Name == "" && !r.ailing(path+".name"):
		r.wrong(path, "name is missing")
	case slices.ContainsFunc(f.Users[:i], func(o User) bool { return o.Name == u.Name && u.Name != "" }):
		r.wrong(path+".name", "the name is taken")
	}
	if len(u.Tokens)+len(u.Certificates) == 0 && u.SCRAM.Value() == "" && !ails {
		r.wrong(path, "there is no way to log in: tokens, scram or certificates")
	}
	for n, t := range u.Tokens {
		checkToken(r, t, fmt.Sprintf("%s.tokens[%d].sha256", path, n))
	}
	if len(u.Certificates) > 0 && f.TLS.ClientCA == "" && !r.ailing("tls") {
		r.wrong(path+".certificates", "clients are asked for a certificate where tls.client_ca is set")
	}
	if u.ReadOnlyByGrants && !u.ReadOnly && !ails {
		r.wrong(path+".read_only_by_grants", "it goes with read_only: true")
	}
	for n, db := range u.Databases {
		if f.Databases[db] == nil && db != "" {
			r.wrong(fmt.Sprintf("%s.databases[%d]", path, n), "there is no database %s", db)
		}
	}
}

// checkPasswords looks at what is kept of all users' passwords.
func (f *File) checkPasswords(r *reader) {
	all := make([]*gateway.SCRAM, len(f.Users))
	at := func(i int) string { return fmt.Sprintf("users[%d].scram", i) }
	for i, u := range f.Users {
		var err error
		if u.SCRAM.Value() == "" {
			continue
		}
		if all[i], err = gateway.ParseSCRAM(u.SCRAM.Value()); err != nil {
			r.wrong(at(i), "want SCRAM-SHA-256$..., as fluxor gateway scram makes it")
		}
	}
	for i, empty := range gateway.Empties(all) {
		if empty {
			r.wrong(at(i), "this is of an empty password, which anybody has")
		}
	}
}

// checkToken looks at a token's hash. That of an empty token comes of a variable that
// was not set, and would let in anybody.
func checkToken(r *reader, t Token, at string) {
	hash, ok := hashOf(t.SHA256.Value())
	switch {
	case r.ailing(at):
	case !ok:
		r.wrong(at, "want 64 hexadecimal digits, as fluxor gateway hash-token makes them")
	case hash == gateway.HashToken("").SHA256:
		r.wrong(at, "this is the hash of an empty token, which anybody has")
	}
}

func (f *File) checkAdmin(r *reader) {
	a := f.Admin
	if a.TLS && f.TLS.Certificate == "" && !r.ailing("tls") {
		r.wrong("admin.tls", "tls.certificate is missing")
	}
	if a.Listen == "" {
		return
	}
	local, err := localAddress(a.Listen)
	switch {
	case err != nil:
		r.wrong("admin.listen", "want host:port or unix:PATH: %v", err)
	case !local && !a.TLS && !f.AllowPlaintext:
		r.wrong("admin.listen", "other machines reach this address, and tokens go over it: set admin.tls, or allow_plaintext")
	case slices.Contains(f.Listen, a.Listen):
		r.wrong("admin.listen", "clients are served at this address")
	}
}
