// This file makes *pgconn.PgError of the errors of PostgreSQL that came through a gateway.

// Package pgxerr lets errors.As find a *pgconn.PgError in the errors of package
// netdriver, as with pgx itself. Import it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/netdriver/pgxerr"
package pgxerr

import (
	"cmp"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fluxor-db/fluxor/netdriver"
)

func init() { netdriver.RegisterRebuilder("postgres", rebuild) }

func rebuild(e *netdriver.Error) error {
	if e.State == "" { // with one the words are the server's, also where a context ended the statement
		return nil
	}
	return &pgconn.PgError{
		Severity:            e.NativeField("severity"),
		SeverityUnlocalized: cmp.Or(e.NativeField("severity_unlocalized"), e.NativeField("severity")),
		Code:                e.State,
		Message:             e.Text(),
		Detail:              e.NativeField("detail"),
		Hint:                e.NativeField("hint"),
		Position:            number(e, "position"),
		InternalPosition:    number(e, "internal_position"),
		InternalQuery:       e.NativeField("internal_query"),
		Where:               e.NativeField("where"),
		SchemaName:          e.NativeField("schema"),
		TableName:           e.NativeField("table"),
		ColumnName:          e.NativeField("column"),
		DataTypeName:        e.NativeField("data_type_name"),
		ConstraintName:      e.NativeField("constraint"),
		File:                e.NativeField("file"),
		Line:                number(e, "line"),
		Routine:             e.NativeField("routine"),
	}
}

// number is a field that pgx has as a number; 0 where it is none.
func number(e *netdriver.Error, name string) int32 {
	n, err := strconv.ParseInt(e.NativeField(name), 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}
