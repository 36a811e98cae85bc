// This file reads values that a driver hands out as readers, as godror does with LOBs where it is asked to.

package gateway

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// lobPiece is how much of a LOB is read at a time, in bytes.
const lobPiece = 32 << 10

// readAll is what r holds, as far as a message may be large: a text where the type
// of r says so by a field IsClob, else bytes; nil for a nil pointer. What it takes
// meanwhile is of the budget.
func (s *Server) readAll(r io.Reader) (driver.Value, error) {
	of := reflect.ValueOf(r)
	if of.Kind() == reflect.Pointer && of.IsNil() {
		return nil, nil
	}
	b, err := s.read(r)
	if err != nil {
		return nil, err
	}
	if of = reflect.Indirect(of); of.Kind() == reflect.Struct {
		if text := of.FieldByName("IsClob"); text.IsValid() && text.Kind() == reflect.Bool && text.Bool() {
			return string(b), nil
		}
	}
	return b, nil
}

func (s *Server) read(r io.Reader) (b []byte, err error) {
	taken := 0
	defer func() { _ = s.memory.take(-taken) }()
	for {
		if err := s.memory.take(lobPiece); err != nil {
			return nil, err
		}
		taken += lobPiece
		n := len(b)
		b = append(b, make([]byte, lobPiece)...)
		got, err := io.ReadFull(r, b[n:])
		b = b[:n+got]
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return b, nil
		case err != nil:
			return nil, err
		case len(b) > s.cfg.Limits.Message:
			return nil, refused{wire.ErrorTooLarge, fmt.Sprintf("a LOB of more than %d bytes cannot go to the client", s.cfg.Limits.Message)}
		}
	}
}
