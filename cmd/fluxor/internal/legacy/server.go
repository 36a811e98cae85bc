// This file is the old server: SQLite behind a socket, which can be told to lose an answer.

// Package legacy is a small database server and its database/sql driver, made
// to show on any machine what a network does to a program.
//
// The server is SQLite behind a TCP socket of this machine. The driver makes
// the mistake that lib/pq and others make: a connection that ends while the
// answer is awaited is reported as [database/sql/driver.ErrBadConn], which
// tells database/sql to run the statement again.
package legacy

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // what the server stores its tables in
)

// Cut is how the server ends a connection.
type Cut int

// The ways to end a connection.
const (
	// CutNone: the connection stays.
	CutNone Cut = iota
	// CutFIN: the server closes in good order, as one that shuts down.
	CutFIN
	// CutRST: the server resets, as one that crashed.
	CutRST
)

// Server listens on a free port of the loopback interface. It is safe for
// concurrent use.
type Server struct {
	db     *sql.DB
	listen net.Listener
	done   sync.WaitGroup

	working atomic.Int64 // statements

	mu      sync.Mutex // protects the fields below; a leaf lock, only Close of a socket is called under it
	clients map[net.Conn]struct{}
	lose    Cut
	closed  bool
	pace    pace
	frozen  chan struct{} // closed by Thaw; nil while the server answers
}

// Start starts a server over the SQLite database that dsn names. Close ends it.
func Start(dsn string) (*Server, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	s := &Server{db: db, listen: l, clients: make(map[net.Conn]struct{})}
	s.done.Go(s.accept)
	return s, nil
}

// Addr is where the server listens, as host:port.
func (s *Server) Addr() string { return s.listen.Addr().String() }

// LoseAnswer makes the server carry out the next INSERT, from whatever client,
// and then end the connection in place of an answer.
func (s *Server) LoseAnswer(how Cut) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = how
}

// CutAll ends every connection that is open now, in good order. Clients may
// connect anew.
func (s *Server) CutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for nc := range s.clients {
		_ = nc.Close()
	}
}

// Close ends all connections and waits for their goroutines.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.listen.Close()
	s.CutAll()
	s.done.Wait()
	return errors.Join(err, s.db.Close())
}

// accept runs from Start until the listener is closed.
func (s *Server) accept() {
	for {
		nc, err := s.listen.Accept()
		if err != nil {
			return
		}
		if s.enter(nc) {
			s.done.Go(func() { s.serve(nc) })
		}
	}
}

// enter reports whether the client may stay; after Close none may.
func (s *Server) enter(nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = nc.Close()
		return false
	}
	s.clients[nc] = struct{}{}
	return true
}

func (s *Server) leave(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, nc)
	_ = nc.Close()
}

// serve runs from accept until the client or the server ends the connection.
func (s *Server) serve(nc net.Conn) {
	ctx, gone := context.WithCancel(context.Background())
	defer gone()
	defer s.leave(nc)
	session, err := s.db.Conn(ctx)
	if err != nil {
		return
	}
	defer forget(session)
	out := json.NewEncoder(nc)
	for q := range s.hear(ctx, gone, nc) {
		a := s.work(ctx, session, q)
		if how := s.loses(q); how != CutNone {
			cut(nc, how)
			return
		}
		if out.Encode(a) != nil {
			return
		}
	}
}

// hear reads a client's requests until it leaves, and says so by gone even
// while one of them is being worked on. Its goroutine ends with nc or ctx.
func (s *Server) hear(ctx context.Context, gone func(), nc net.Conn) <-chan request {
	heard := make(chan request)
	s.done.Go(func() {
		defer close(heard)
		defer gone()
		in := json.NewDecoder(bufio.NewReader(nc))
		in.UseNumber()
		for {
			var q request
			if in.Decode(&q) != nil {
				return
			}
			select {
			case heard <- q:
			case <-ctx.Done():
				return
			}
		}
	})
	return heard
}

// forget gives the SQLite connection back; a transaction that the client left
// open is undone.
func forget(session *sql.Conn) {
	_, _ = session.ExecContext(context.Background(), "ROLLBACK")
	_ = session.Close()
}

// loses takes the order to lose an answer, if there is one for q.
func (s *Server) loses(q request) Cut {
	if !strings.HasPrefix(q.SQL, "INSERT") {
		return CutNone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	how := s.lose
	s.lose = CutNone
	return how
}

// cut ends the connection; serve closes it right after.
func cut(nc net.Conn, how Cut) {
	if tcp, ok := nc.(*net.TCPConn); ok && how == CutRST {
		_ = tcp.SetLinger(0)
	}
	_ = nc.Close()
}

func answer(ctx context.Context, session *sql.Conn, q request) reply {
	a, err := run(ctx, session, q)
	if err != nil {
		return reply{Error: err.Error()}
	}
	return a
}

func run(ctx context.Context, session *sql.Conn, q request) (reply, error) {
	if err := plain(q.Args); err != nil {
		return reply{}, err
	}
	if q.Kind == "query" {
		return query(ctx, session, q)
	}
	res, err := session.ExecContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return reply{}, err
	}
	var a reply
	a.LastInsertID, _ = res.LastInsertId() // SQLite knows both
	a.RowsAffected, _ = res.RowsAffected()
	return a, nil
}

func query(ctx context.Context, session *sql.Conn, q request) (reply, error) {
	rows, err := session.QueryContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return reply{}, err
	}
	defer rows.Close() //nolint:errcheck // Err below says it
	var a reply
	if a.Columns, err = rows.Columns(); err != nil {
		return reply{}, err
	}
	for rows.Next() {
		row := make([]any, len(a.Columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return reply{}, err
		}
		if err := plain(row); err != nil {
			return reply{}, err
		}
		a.Rows = append(a.Rows, row)
	}
	return a, rows.Err()
}
