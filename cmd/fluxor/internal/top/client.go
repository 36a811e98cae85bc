// This file asks the handler, once or as a stream.

// Package top watches a running program through its admin handler: it reads the
// documents, survives the program's restarts, and shows them on a terminal or
// line by line.
package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/fluxor-db/fluxor/admin"
)

// answerTime is how long a handler may take to begin its answer, and one
// document to come.
const answerTime = 10 * time.Second

// Client reads documents from a handler. It belongs to one goroutine.
type Client struct {
	address Address
	path    string // of those of the address, the one that was right
	header  http.Header
	http    *http.Client
}

// NewClient returns a client that sends header with each request, to the
// address's host alone. Close ends its connections.
func NewClient(a Address, header http.Header) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // it is one unless this program changed it
	transport.ResponseHeaderTimeout = answerTime
	return &Client{address: a, path: a.paths[0], header: header, http: &http.Client{Transport: transport, CheckRedirect: sameHost}}
}

// Close ends the client's connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// sameHost follows redirects that stay where the header may go.
func sameHost(r *http.Request, via []*http.Request) error {
	was := via[len(via)-1].URL
	upgrade := was.Scheme == "http" && r.URL.Scheme == "https" && was.Port() == "" && r.URL.Port() == ""
	if len(via) > 5 || was.Hostname() != r.URL.Hostname() || was.Port() != r.URL.Port() || was.Scheme != r.URL.Scheme && !upgrade {
		return http.ErrUseLastResponse
	}
	return nil
}

// Update is a document, and the JSON it was read from.
type Update struct {
	// Document is decoded, Raw as it was sent, in one line.
	Document admin.Document
	Raw      []byte
}

func updateOf(raw []byte) (Update, error) {
	d, err := decode(raw)
	return Update{Document: d, Raw: oneLine(raw)}, err
}

// Get asks for one document. Where the address has no path the usual one is
// tried as well, until one was right. Its error says what to do.
func (c *Client) Get(ctx context.Context) (Update, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	var first error
	for _, path := range c.address.paths {
		u, err := c.state(ctx, path)
		if err == nil {
			c.path, c.address.paths = path, []string{path}
			return u, nil
		}
		if first == nil {
			first = err
		}
		var status *statusError
		if elsewhere := errors.As(err, &status) && status.code == http.StatusNotFound || errors.Is(err, errNotJSON) || errors.Is(err, errForeign); !elsewhere {
			return Update{}, err
		}
	}
	return Update{}, first
}

func (c *Client) state(ctx context.Context, path string) (Update, error) {
	page := c.address.page(path, "/api/state")
	answer, err := c.ask(ctx, page, "application/json")
	if err != nil {
		return Update{}, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes+1))
	if err == nil && len(raw) > mostBytes {
		err = errTooLong
	}
	if err != nil {
		return Update{}, advise(page, err)
	}
	u, err := updateOf(raw)
	if err != nil {
		return Update{}, advise(page, err)
	}
	return u, nil
}

// ask sends a request. Its error says what to do.
func (c *Client) ask(ctx context.Context, page *url.URL, accept string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return nil, advise(page, err)
	}
	for key, values := range c.header {
		r.Header[key] = values
	}
	if host := c.header.Get("Host"); host != "" {
		r.Host = host
	}
	r.Header.Set("Accept", accept)
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, advise(page, err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close() //nolint:errcheck // it is only looked at
		return nil, advise(page, statusOf(answer))
	}
	return answer, nil
}

// errNoStream is a handler, or a proxy before it, that gives no stream.
var errNoStream = errors.New("no stream of events")

// silence is how long a stream may be silent: the handler breaks each silence
// after 15 s.
const silence = 25 * time.Second

// Stream hands over each document of a stream until it ends, with an error that
// is never nil; errNoStream where it did not even begin.
func (c *Client) Stream(ctx context.Context, interval time.Duration, take func(Update)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	page := c.address.page(c.path, "/api/events")
	page.RawQuery = url.Values{"interval": {interval.String()}}.Encode()
	answer, err := c.ask(ctx, page, "text/event-stream")
	var status *statusError
	if errors.As(err, &status) {
		return fmt.Errorf("%w: %w", errNoStream, err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // the stream is over
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/event-stream" {
		return errNoStream
	}
	watch := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watch.Stop()
	err = read(answer.Body, func() { watch.Reset(silence) }, take)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return advise(page, err)
}

var errSilent = fmt.Errorf("it sent nothing for %v", silence)

func read(r io.Reader, heard func(), take func(Update)) error {
	stream := newEvents(r, mostBytes, heard)
	for {
		data, err := stream.next()
		if err != nil {
			return err
		}
		u, err := updateOf([]byte(data))
		if err != nil {
			return err
		}
		take(u)
	}
}
