// This file says what to do about a handler that does not answer as it should.

package top

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// statusError is an answer that is no success.
type statusError struct {
	code       int
	location   string // of a redirect that is not followed
	secure     bool   // it speaks TLS and was not asked so
	unstripped bool   // the handler is there and does not know its prefix
}

func (e *statusError) Error() string { return fmt.Sprintf("it answers %d", e.code) }

// statusOf looks at an answer that is no success.
func statusOf(answer *http.Response) error {
	e := &statusError{code: answer.StatusCode}
	if to, err := answer.Location(); err == nil {
		e.location = to.Redacted()
	}
	var body struct{ Endpoints []string }
	raw, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16)) // what cannot be read says nothing
	e.unstripped = json.Unmarshal(raw, &body) == nil && len(body.Endpoints) > 0
	e.secure = bytes.Contains(raw, []byte("HTTP request to an HTTPS server"))
	return e
}

// advice is an error that says what to do.
type advice struct {
	page string // without a password
	text string
	err  error
}

func (a *advice) Error() string { return a.page + ": " + a.text }
func (a *advice) Unwrap() error { return a.err }

// advise puts an error and what to do about it into words. Contexts' ends pass.
func advise(page *url.URL, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var failed *url.Error // it quotes the page
	inner := err
	if errors.As(err, &failed) {
		inner = failed.Err
	}
	shown := *page
	shown.RawQuery = ""
	return &advice{shown.Redacted(), wordsFor(page, inner), err}
}

func wordsFor(page *url.URL, err error) string {
	var status *statusError
	if errors.As(err, &status) {
		return status.words(page)
	}
	if text := tlsWords(err); text != "" {
		return text
	}
	var unknown *net.DNSError
	var slow net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused: nothing listens there. Is the program running, and is this its port?"
	case errors.As(err, &unknown):
		return fmt.Sprintf("the host %s is not found: %v", unknown.Name, unknown.Err)
	case errors.As(err, &slow) && slow.Timeout():
		return fmt.Sprintf("no answer within %v. Is there a firewall in between, or is the program stopped?", answerTime)
	case errors.Is(err, errNotJSON):
		return "it does not answer with JSON. Is the admin handler mounted there, and not another page? Give its path, such as " + page.Host + usualPath
	case errors.Is(err, errForeign):
		return err.Error() + ". Is it mounted at another path? Give that, such as " + page.Host + usualPath
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection ended before the answer did. Did the program end?"
	}
	return err.Error()
}

// words say what to do about an answer that is no success.
func (e *statusError) words(page *url.URL) string {
	text := fmt.Sprintf("it answers %d %s", e.code, http.StatusText(e.code))
	switch {
	case e.unstripped:
		return text + ": the admin handler is there, but takes the path for its own. Mount it with http.StripPrefix, as docs/ADMIN.md shows"
	case e.secure:
		return text + ": it speaks TLS: use https:// in place of http://"
	case e.code == http.StatusNotFound:
		return text + ": is the admin handler mounted there? Give its path, such as " + page.Host + usualPath
	case e.code == http.StatusUnauthorized || e.code == http.StatusForbidden:
		return text + ": give what it asks for, such as --header 'Authorization: Bearer env:TOKEN'"
	case e.location != "":
		return text + " and leads to " + e.location + ", which is not followed: is that a login page? Give --header, or that address"
	case e.code >= 500:
		return text + ": is it the program, or a proxy before it that does not reach the program?"
	}
	return text
}

// tlsWords say what to do where TLS failed; "" where it did not.
func tlsWords(err error) string {
	var plain tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &plain):
		return "it does not speak TLS: use http:// in place of https://"
	case strings.HasPrefix(err.Error(), "http: server gave HTTP response to HTTPS client"):
		return "it does not speak TLS: use http:// in place of https://"
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that this machine does not know: set SSL_CERT_FILE to a file with the authority's certificate, and with those of the others that are needed"
	case errors.As(err, &host):
		return "its certificate is for another name: " + host.Error()
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + invalid.Error()
	}
	return ""
}
