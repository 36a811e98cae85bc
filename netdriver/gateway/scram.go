// This file is what a gateway keeps of a password, and its side of a SCRAM exchange.

package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/xdg-go/scram"
)

// defaultRounds is how often a password is hashed, as RFC 7677 has it at least.
const defaultRounds = 4096

// defaultSalt is how long a salt is, in bytes.
const defaultSalt = 16

// SCRAM is what is kept of a password for SCRAM-SHA-256: enough to check a
// client's proof, not to make one. It is immutable, and no log shows it.
type SCRAM struct {
	// Iterations is how often the password is hashed.
	Iterations int
	// Salt, StoredKey and ServerKey are as in RFC 5802.
	Salt, StoredKey, ServerKey []byte
}

// NewSCRAM makes what is kept of a password, with a new salt and 4096 iterations. The
// error is that the password cannot be used, as an empty one; retrying does not help.
func NewSCRAM(password string) (*SCRAM, error) {
	salt := make([]byte, defaultSalt)
	_, _ = rand.Read(salt) // never fails
	made, err := derive(password, salt, defaultRounds)
	if err != nil {
		return nil, fmt.Errorf("fluxor: the password cannot be used: %w", err)
	}
	if made.empty() {
		return nil, errors.New("fluxor: the password is empty")
	}
	return made, nil
}

// derive makes what is kept of a password.
func derive(password string, salt []byte, rounds int) (*SCRAM, error) {
	c, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		return nil, err
	}
	made, err := c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(salt), Iters: rounds})
	return &SCRAM{Iterations: rounds, Salt: salt, StoredKey: made.StoredKey, ServerKey: made.ServerKey}, err
}

var scramText = regexp.MustCompile(`^SCRAM-SHA-256\$([0-9]+):([^$:]+)\$([^$:]+):([^$:]+)$`)

// ParseSCRAM reads the text that PostgreSQL keeps as well:
// "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey", in base64. The error does not
// quote it.
func ParseSCRAM(text string) (*SCRAM, error) {
	wrong := errors.New("fluxor: no SCRAM secret: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey is expected")
	parts := scramText.FindStringSubmatch(text)
	if parts == nil {
		return nil, wrong
	}
	s := &SCRAM{}
	var err error
	if s.Iterations, err = strconv.Atoi(parts[1]); err != nil {
		return nil, wrong
	}
	for i, to := range []*[]byte{&s.Salt, &s.StoredKey, &s.ServerKey} {
		if *to, err = base64.StdEncoding.DecodeString(parts[2+i]); err != nil {
			return nil, wrong
		}
	}
	if !s.valid() {
		return nil, wrong
	}
	return s, nil
}

// Secret is the text that ParseSCRAM reads.
func (s *SCRAM) Secret() string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", s.Iterations, b64(s.Salt), b64(s.StoredKey), b64(s.ServerKey))
}

// Format shows nothing, whatever the verb.
func (s *SCRAM) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

func (s *SCRAM) valid() bool {
	return s.Iterations >= defaultRounds && len(s.Salt) > 0 && len(s.StoredKey) == sha256.Size && len(s.ServerKey) == sha256.Size
}

// scram is what is kept of the user; for one who is unknown or has no password,
// something that stays the same, that some user could have and that no proof fits. It
// takes the same time for all.
func (d *directory) scram(name string) *SCRAM {
	like := oneOf(d, d.salts, "salted", name)
	salt := d.derived("salt", name)
	for len(salt) < like.salt {
		salt = append(salt, d.derived("salt", string(salt))...)
	}
	s := &SCRAM{
		Iterations: like.rounds, Salt: salt[:like.salt],
		StoredKey: d.derived("stored", name), ServerKey: d.derived("server", name),
	}
	if u := d.byName[name]; u != nil && u.SCRAM != nil {
		s = u.SCRAM
	}
	return s
}

func (d *directory) derived(what, name string) []byte {
	h := hmac.New(sha256.New, d.mock[:])
	_, _ = io.WriteString(h, what+"\x00"+name)
	return h.Sum(nil)
}

// conversation begins the server's part of an exchange. Over TLS a client may
// bind it to the channel, and must where bound says so.
func (d *directory) conversation(name string, state *tls.ConnectionState, bound binding) (*scram.ServerConversation, error) {
	server, err := scram.SHA256.NewServer(func(said string) (scram.StoredCredentials, error) {
		if said != "" && said != name {
			return scram.StoredCredentials{}, errLogin
		}
		s := d.scram(name)
		return scram.StoredCredentials{
			KeyFactors: scram.KeyFactors{Salt: string(s.Salt), Iters: s.Iterations}, StoredKey: s.StoredKey, ServerKey: s.ServerKey,
		}, nil
	})
	if err != nil {
		return nil, err
	}
	if state == nil {
		if bound == mustBind {
			return nil, errLogin
		}
		return server.NewConversation(), nil
	}
	channel, err := scram.NewTLSExporterBinding(state)
	if err != nil {
		return nil, err
	}
	if bound == mustBind {
		return server.NewConversationWithChannelBindingRequired(channel), nil
	}
	return server.NewConversationWithChannelBinding(channel), nil
}

// binding says whether a login must be bound to its TLS channel.
type binding bool

const (
	mayBind  binding = false
	mustBind binding = true
)
