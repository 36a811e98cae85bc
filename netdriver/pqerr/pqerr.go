// This file makes *pq.Error of the errors of PostgreSQL that came through a gateway.

// Package pqerr lets errors.As find a *pq.Error in the errors of package
// netdriver, as with lib/pq itself. Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/netdriver/pqerr"
package pqerr

import (
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/fluxor-db/fluxor/netdriver"
)

func init() { netdriver.RegisterRebuilder("postgres", rebuild) }

func rebuild(e *netdriver.Error) error {
	if e.State == "" { // with one the words are the server's, also where a context ended the statement
		return nil
	}
	return &pq.Error{
		Severity:         e.NativeField("severity"),
		Code:             pqerror.Code(e.State),
		Message:          e.Text(),
		Detail:           e.NativeField("detail"),
		Hint:             e.NativeField("hint"),
		Position:         e.NativeField("position"),
		InternalPosition: e.NativeField("internal_position"),
		InternalQuery:    e.NativeField("internal_query"),
		Where:            e.NativeField("where"),
		Schema:           e.NativeField("schema"),
		Table:            e.NativeField("table"),
		Column:           e.NativeField("column"),
		DataTypeName:     e.NativeField("data_type_name"),
		Constraint:       e.NativeField("constraint"),
		File:             e.NativeField("file"),
		Line:             e.NativeField("line"),
		Routine:          e.NativeField("routine"),
	}
}
