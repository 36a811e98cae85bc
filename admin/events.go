// This file streams documents as server-sent events.

package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// MaxStreams is how many readers of events there may be at once; one more gets
// the code 503.
const MaxStreams = 32

// The interval between two documents.
const (
	usualInterval    = time.Second
	shortestInterval = 250 * time.Millisecond
	longestInterval  = time.Minute
)

const (
	// heartbeat is how long a stream is silent at most: proxies end what says
	// nothing.
	heartbeat = 15 * time.Second
	// patience is how long one event may take to be written. Who reads more
	// slowly is dropped, and comes back if it is a browser or fluxor top.
	patience = 10 * time.Second
	// comeBack is when a reader should, after its stream ended or was refused.
	comeBack = 2 * time.Second
)

func (h *Handler) serveEvents(w http.ResponseWriter, r *http.Request) {
	interval, err := parseInterval(r.URL.Query().Get("interval"))
	if err != nil {
		answer(w, http.StatusBadRequest, refusal{err.Error()})
		return
	}
	if text := h.enter(); text != "" {
		w.Header().Set("Retry-After", strconv.Itoa(int(comeBack.Seconds())))
		answer(w, http.StatusServiceUnavailable, refusal{text})
		return
	}
	defer func() { <-h.streams }()
	s := stream{h: h, w: w, control: http.NewResponseController(w)}
	if err := s.open(r); err != nil {
		w.Header().Del("Connection")
		answer(w, http.StatusInternalServerError, refusal{"this program's HTTP middleware hides http.Flusher, which a stream needs: " + err.Error()})
		return
	}
	if r.Method == http.MethodGet {
		s.run(r, interval)
	}
}

// parseInterval reads the query's parameter.
func parseInterval(text string) (time.Duration, error) {
	if text == "" {
		return usualInterval, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < shortestInterval || d > longestInterval {
		return 0, fmt.Errorf("interval=%s: want a time from %v to %v, such as 500ms or 5s", shorten(text), shortestInterval, longestInterval)
	}
	return d, nil
}

// enter takes a place for a stream, or says why there is none.
func (h *Handler) enter() (refused string) {
	select {
	case <-h.closed:
		return "the program is shutting down"
	default:
	}
	select {
	case h.streams <- struct{}{}:
		return ""
	default:
		return fmt.Sprintf("%d streams are read already, which is the limit; use %s", MaxStreams, pathState)
	}
}

// stream is one reader's. Each event is made when the one before is written:
// nothing is kept for a slow reader.
type stream struct {
	h       *Handler
	w       http.ResponseWriter
	control *http.ResponseController
}

// open sends the head. It fails, with nothing sent, where writing cannot be
// flushed; other failures are met again by the first write.
func (s *stream) open(r *http.Request) error {
	head := s.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("X-Accel-Buffering", "no") // nginx would hold events back
	if r.ProtoMajor == 1 {
		head.Set("Connection", "close") // a write's deadline would outlive the stream
	}
	s.bound()
	if err := s.control.Flush(); errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// run sends a document per interval until the reader leaves, is too slow, or
// the handler is closed.
func (s *stream) run(r *http.Request, interval time.Duration) {
	next, beat := time.NewTicker(interval), time.NewTicker(heartbeat)
	defer next.Stop()
	defer beat.Stop()
	text := fmt.Sprintf("retry: %d\n\n%s", comeBack.Milliseconds(), s.event())
	for s.send(text) == nil {
		select {
		case <-r.Context().Done():
			return
		case <-s.h.closed:
			return
		case <-next.C:
			text = s.event()
			beat.Reset(heartbeat)
		case <-beat.C:
			text = ": nothing new\n\n"
			select {
			case <-next.C: // at the same moment
				text = s.event()
			default:
			}
		}
	}
}

// event is the present document as an event.
func (s *stream) event() string {
	body, _ := json.Marshal(s.h.Document()) // finite numbers and texts cannot fail
	return fmt.Sprintf("id: %d\ndata: %s\n\n", s.h.events.Add(1), body)
}

func (s *stream) send(text string) error {
	s.bound()
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// bound gives the next write its time. Where that cannot be set the server's own
// WriteTimeout holds.
func (s *stream) bound() { _ = s.control.SetWriteDeadline(time.Now().Add(patience)) }
