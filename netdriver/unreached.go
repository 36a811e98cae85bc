// This file is the error of a connection that no gateway let in.

package netdriver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// ErrNoGateway is in the error of Connect, beside what each host said, where no
// gateway let the connection in. Nothing was asked of a database, whatever the
// hosts' errors look like. Whether retrying helps is said at Connect.
var ErrNoGateway = errors.New("fluxor: no gateway let us in")

// unreached are the errors of the hosts that were tried. errors.Is and errors.As look
// into each, and find ErrNoGateway.
type unreached []error

// Error is one line, where errors.Join has one for each.
func (u unreached) Error() string {
	texts := make([]string, len(u))
	for i, err := range u {
		texts[i] = err.Error()
	}
	return ErrNoGateway.Error() + ": " + strings.Join(texts, "; ")
}

// Unwrap are the hosts' errors, behind ErrNoGateway.
func (u unreached) Unwrap() []error { return append([]error{ErrNoGateway}, u...) }

// of is the error of one of them.
func of(host string, err error) error { return &hostError{host, err} }

// hostError names the host. Its text has the prefix of ours once.
type hostError struct {
	host string
	err  error
}

func (h *hostError) Error() string {
	return h.host + ": " + bareText(h.err.Error())
}
func (h *hostError) Unwrap() error { return h.err }

// guessed adds to the error of a connection that ended before the gateway said
// anything what was most likely the matter: neither side can tell the other that it
// expects TLS.
func guessed(err error, secured bool) error {
	var noTLS tls.RecordHeaderError
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	switch {
	case secured && (ended || errors.As(err, &noTLS)):
		return fmt.Errorf("%w (most likely the gateway speaks no TLS: set tls=disable, only on a trusted network; or it has no room for another login; nothing was sent to a database)", err)
	case !secured && ended:
		return fmt.Errorf("%w (most likely the gateway wants TLS: set tls=verify-full; or it has no room for another login; nothing was sent to a database)", err)
	}
	return err
}
