// This file reads secrets, which may stand elsewhere, and hides them.

package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Secret is a text that is not shown. It may stand in the environment or in a file
// of its own.
type Secret struct {
	// From is where it stands, "env:NAME" or "file:PATH"; "" is in the configuration
	// itself.
	From  string
	value string
}

// Value is the secret.
func (s Secret) Value() string { return s.value }

// Format shows where it stands, and no more, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// String is where the secret stands.
func (s Secret) String() string {
	switch {
	case s.value == "":
		return ""
	case s.From != "":
		return s.From
	}
	return "***"
}

// MarshalText is String, for encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// same is a text that is the same for the same secret alone.
func (s Secret) same() string {
	sum := sha256.Sum256([]byte(s.value))
	return hex.EncodeToString(sum[:])
}

// hidden is how a secret is shown, and compared.
type hidden struct{ shown, same string }

// String is what people see.
func (h hidden) String() string { return h.shown }

// MarshalText is String, for encoders.
func (h hidden) MarshalText() ([]byte, error) { return []byte(h.shown), nil }

// secret is a secret. File is how a reference to a file begins; show is how the
// secret itself is shown, nil hides all of it.
func secret[T any](name, file string, at func(*T) *Secret, show func(string) string) key[T] {
	return key[T]{
		name: name,
		read: func(r *reader, n ast.Node, to *T) {
			written := r.text(n)
			if written == "" {
				return
			}
			s, err := r.resolve(written, file)
			if err != nil {
				r.fault(n, "%v", err)
				return
			}
			*at(to) = s
		},
		show: func(of *T) any {
			s := *at(of)
			if s.value == "" {
				return nil
			}
			h := hidden{s.String(), s.same()}
			if s.From == "" && show != nil {
				h.shown = show(s.value)
			}
			return h
		},
	}
}

var envReference = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)

// resolve is what a text refers to, or stands for.
func (r *reader) resolve(written, file string) (Secret, error) {
	path, isFile := strings.CutPrefix(written, file)
	if !isFile && !envReference.MatchString(written) {
		return Secret{value: written}, nil
	}
	reference := written
	if isFile {
		reference = "file:" + path
	}
	value, err := r.secret(reference)
	return Secret{From: written, value: value}, err
}

// fetch reads a reference, by the environment and the files of this machine.
func fetch(getenv func(string) string) func(reference string) (string, error) {
	return func(reference string) (string, error) {
		if m := envReference.FindStringSubmatch(reference); m != nil {
			if v := strings.TrimSpace(getenv(m[1])); v != "" {
				return v, nil
			}
			return "", fmt.Errorf("the environment variable %s is not set", m[1])
		}
		text, err := os.ReadFile(strings.TrimPrefix(reference, "file:")) //nolint:gosec // the operator names it
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line == "" {
			return "", errors.New("the first line of " + strings.TrimPrefix(reference, "file:") + " is empty")
		}
		return line, nil
	}
}
