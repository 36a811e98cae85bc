// This file is who may log in, and how what they show is compared with what is kept of them.

package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// User is somebody who may log in, in each of the ways that are set.
type User struct {
	// Name is the user's, as clients give it. It is not empty, and nobody else's.
	Name string
	// Databases are those that the user may use, by their names in Config.Databases;
	// nil is all.
	Databases []string
	// Tokens are valid next to each other, so that one can take another's place.
	Tokens []Token
	// SCRAM is what is kept of a password; nil is none.
	SCRAM *SCRAM
	// Certificates are the names, in verified client certificates, that are this
	// user's: alternative names of any kind, or the common name.
	Certificates []string
	// Disabled refuses the user, Expires does so from then on unless it is zero.
	Disabled bool
	Expires  time.Time
	// Sessions is how many sessions the user may have; 0 is what the limits say.
	Sessions int
	// Role is which admin operations the user may ask for; RoleNone is none.
	Role Role
	// Bounds are what the user may take otherwise; Bounds.Sessions is Sessions.
	Bounds Bounds
	// ReadOnly holds the user to reading: the database itself refuses changes, and
	// the user may run one query at a time and nothing that sets the session.
	// Answers are never kept ones. With a session of Oracle's that is not possible:
	// there the database's account must have no right but to read, and
	// ReadOnlyByGrants says that it has none.
	ReadOnly, ReadOnlyByGrants bool
}

// Token is what is kept of a token: enough to know it again, not to show it.
type Token struct {
	// SHA256 is the token's hash. Tokens must be long and random.
	SHA256 [sha256.Size]byte
	// Expires is when it ends; zero is never. A session ends with the token that it
	// logged in with, unless the client shows another.
	Expires time.Time
}

// HashToken makes what is kept of a token that never expires; who wants it to sets
// Expires. A user who has the empty token, as of a variable that was not set, is refused.
func HashToken(token string) Token { return Token{SHA256: sha256.Sum256([]byte(token))} }

// noToken is the hash of an empty token, which is nobody's.
var noToken = sha256.Sum256(nil)

// passwords are what is kept of those that users have.
func passwords(users []User) []*SCRAM {
	all := make([]*SCRAM, len(users))
	for i, u := range users {
		all[i] = u.SCRAM
	}
	return all
}

// check says what is wrong with the user, whose password may be empty.
func (u User) check(c Config, empty bool, fault func(what string)) {
	if u.Name == "" {
		fault("the name is missing")
	}
	if len(u.Tokens) == 0 && u.SCRAM == nil && len(u.Certificates) == 0 {
		fault("there is no way to log in: a token, SCRAM or a certificate")
	}
	if len(u.Certificates) > 0 && c.TLS == nil {
		fault("certificates need TLS")
	}
	switch s := u.SCRAM; {
	case s != nil && !s.valid():
		fault("the SCRAM keys are incomplete")
	case empty:
		fault("the SCRAM keys are those of an empty password, which lets in anybody")
	}
	for i, t := range u.Tokens {
		if t.SHA256 == noToken {
			fault(fmt.Sprintf("token %d is empty, which lets in anybody", i+1))
		}
	}
	if u.Role.rank() < 0 {
		fault("there is no role " + string(u.Role))
	}
	if u.Sessions < 0 {
		fault("Sessions is negative")
	}
	u.Bounds.faults(func(what string) { fault("Bounds." + what) })
	if u.ReadOnly {
		u.checkReading(c, fault)
	}
	for _, db := range u.Databases {
		if c.Databases[db] == nil {
			fault("there is no database " + db)
		}
	}
}

// checkReading says which databases the user cannot be held to reading.
func (u User) checkReading(c Config, fault func(what string)) {
	for name, db := range c.Databases {
		if db == nil || !u.allows(name) {
			continue
		}
		if why := unheld(db, u.ReadOnlyByGrants); why != "" {
			fault("ReadOnly on " + name + ": " + why)
		}
	}
}

// may reports whether the user may log in at that time.
func (u *User) may(now time.Time) bool {
	return !u.Disabled && (u.Expires.IsZero() || now.Before(u.Expires))
}

// allows reports whether the user may use the database.
func (u *User) allows(db string) bool { return u.Databases == nil || slices.Contains(u.Databases, db) }

// directory is all users. It is immutable.
type directory struct {
	byName map[string]*User
	tokens int      // the most that one user has
	mock   [32]byte // what the salts of unknown users are made from
	nobody *User    // whom unknown users are compared with
	known  []ways   // of each user who has a token or a password
	salts  []salted // of each user who has a password
}

// salted is what everybody is told of a password.
type salted struct{ rounds, salt int } // iterations, and bytes of salt

// ways are those to log in that need no certificate.
type ways struct{ token, password bool }

func (u *User) ways() ways { return ways{len(u.Tokens) > 0, u.SCRAM != nil} }

// ways are those of a user. For a name that has none they are those of some user,
// by the name always the same one: strangers learn nothing by what is asked of
// them, and nothing by the time.
func (d *directory) ways(name string) ways {
	w := ways{password: true}
	if len(d.known) > 0 {
		w = oneOf(d, d.known, "ways", name)
	}
	if u := d.byName[name]; u != nil && u.ways() != (ways{}) {
		return u.ways()
	}
	return w
}

// oneOf is one of those that users have, by the name always the same one.
func oneOf[T any](d *directory, all []T, what, name string) T {
	return all[binary.BigEndian.Uint64(d.derived(what, name))%uint64(len(all))]
}

func newDirectory(users []User) *directory {
	d := &directory{byName: map[string]*User{}, tokens: 1, nobody: &User{Tokens: []Token{{}}}}
	seed := sha256.New()
	for i := range users {
		u := users[i]
		d.byName[u.Name] = &u
		d.tokens = max(d.tokens, len(u.Tokens))
		if w := u.ways(); w != (ways{}) {
			d.known = append(d.known, w)
		}
		for _, t := range u.Tokens {
			_, _ = seed.Write(t.SHA256[:])
		}
		if u.SCRAM != nil {
			_, _ = seed.Write(u.SCRAM.StoredKey)
			d.salts = append(d.salts, salted{u.SCRAM.Iterations, len(u.SCRAM.Salt)})
		}
	}
	if d.salts == nil {
		d.salts = []salted{{defaultRounds, defaultSalt}}
	}
	d.mock = [32]byte(seed.Sum(nil))
	return d
}

// warnOfShared says who has a token in common, for it does not tell them apart.
func warnOfShared(users []User, log *slog.Logger) {
	var order [][sha256.Size]byte
	of := map[[sha256.Size]byte][]string{}
	for _, u := range users {
		for _, t := range u.Tokens {
			if len(of[t.SHA256]) == 0 {
				order = append(order, t.SHA256)
			}
			if !slices.Contains(of[t.SHA256], u.Name) {
				of[t.SHA256] = append(of[t.SHA256], u.Name)
			}
		}
	}
	for _, t := range order {
		if len(of[t]) > 1 {
			log.Warn("fluxor: users share a token; by Bearer it is that of the one with the least role", slog.String("users", strings.Join(of[t], ", ")))
		}
	}
}

// token finds the user whose token it is; an empty one is nobody's. It takes the same time whoever asks:
// each user has as many comparisons as the one with most tokens.
func (d *directory) token(name, token string, now time.Time) *User {
	return d.hashed(name, sha256.Sum256([]byte(token)), now)
}

// hashed is token for its hash, which costs as much as the token is long.
func (d *directory) hashed(name string, hash [sha256.Size]byte, now time.Time) *User {
	u, known := d.byName[name]
	if !known {
		u = d.nobody
	}
	found := 0
	for i := range d.tokens {
		t := d.nobody.Tokens[0]
		if i < len(u.Tokens) {
			t = u.Tokens[i]
		}
		same := subtle.ConstantTimeCompare(hash[:], t.SHA256[:])
		if same == 1 && i < len(u.Tokens) && (t.Expires.IsZero() || now.Before(t.Expires)) {
			found = 1
		}
	}
	if found == 0 || !known || hash == noToken {
		return nil
	}
	return u
}

// until is when a token of the user's ends, which several entries may name; zero is
// never.
func (u *User) until(token [sha256.Size]byte) (end time.Time) {
	for _, t := range u.Tokens {
		switch {
		case t.SHA256 != token:
		case t.Expires.IsZero():
			return time.Time{}
		case t.Expires.After(end):
			end = t.Expires
		}
	}
	return end
}

// earlier is the earlier of two ends, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// certificate finds the user that a verified certificate names: the one that was
// asked for, or where none was, the only one.
func (d *directory) certificate(name string, cert *x509.Certificate) *User {
	names := certificateNames(cert)
	if name != "" {
		if u := d.byName[name]; u != nil && u.certified(names) {
			return u
		}
		return nil
	}
	var only *User
	for _, u := range d.byName {
		switch {
		case !u.certified(names):
		case only != nil:
			return nil
		default:
			only = u
		}
	}
	return only
}

func (u *User) certified(names []string) bool {
	return slices.ContainsFunc(u.Certificates, func(name string) bool { return slices.Contains(names, name) })
}

// certifiedUntil is how long a certificate is valid: as long as all of a chain, of which
// there may be several.
func certifiedUntil(chains [][]*x509.Certificate) (end time.Time) {
	for _, chain := range chains {
		first := chain[0].NotAfter
		for _, cert := range chain[1:] {
			first = earlier(first, cert.NotAfter)
		}
		if first.After(end) {
			end = first
		}
	}
	return end
}

// certificateNames are the names that a certificate is for.
func certificateNames(cert *x509.Certificate) []string {
	names := append(slices.Clone(cert.DNSNames), cert.EmailAddresses...)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if cn := cert.Subject.CommonName; cn != "" {
		names = append(names, cn)
	}
	return names
}
