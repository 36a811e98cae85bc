// This file is the protocol between the old server and its driver: one JSON object per line each way.

package legacy

import (
	"encoding/json"
	"fmt"
)

// request is what the driver sends.
type request struct {
	Kind string `json:"kind"` // "exec", "query" or "ping"
	SQL  string `json:"sql,omitempty"`
	Args []any  `json:"args,omitempty"`
}

// reply is what the server answers.
type reply struct {
	Error        string   `json:"error,omitempty"`
	Columns      []string `json:"columns,omitempty"`
	Rows         [][]any  `json:"rows,omitempty"`
	LastInsertID int64    `json:"last_insert_id,omitempty"`
	RowsAffected int64    `json:"rows_affected,omitempty"`
}

// Error is the server's verdict on a statement. The connection stays usable;
// repeating the same statement gives the same error.
type Error struct {
	// Message is the server's text.
	Message string
}

// Error returns the server's text.
func (e *Error) Error() string { return "legacy: " + e.Message }

// plain turns the values of a row or an argument list into what a line of JSON
// and database/sql have in common: whole numbers, decimals, texts, truth
// values and NULL. It works in place.
func plain(vals []any) error {
	for i, v := range vals {
		switch v := v.(type) {
		case nil, int64, float64, string, bool:
		case []byte:
			vals[i] = string(v)
		case json.Number:
			n, err := number(v)
			if err != nil {
				return err
			}
			vals[i] = n
		default:
			return fmt.Errorf("legacy: a value of type %T does not go over the wire", v)
		}
	}
	return nil
}

func number(n json.Number) (any, error) {
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	return n.Float64()
}
