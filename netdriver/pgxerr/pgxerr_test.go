// This file tests that programs written for pgx find its errors.

package pgxerr_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fluxor-db/fluxor/netdriver"
	_ "github.com/fluxor-db/fluxor/netdriver/pgxerr"
)

func TestAnErrorOfPostgresIsFoundAsPgError(t *testing.T) {
	want := &pgconn.PgError{
		Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "23505", Message: "duplicate key", Detail: "d", Hint: "h", Position: 12,
		InternalPosition: 3, InternalQuery: "q", Where: "w", SchemaName: "public", TableName: "orders", ColumnName: "id",
		DataTypeName: "int4", ConstraintName: "orders_pkey", File: "f.c", Line: 7, Routine: "r",
	}
	err := &netdriver.Error{
		Kind: "db", Dialect: "postgres", Code: "23505", State: "23505", Message: want.Error(), Native: map[string]string{
			"severity": "FEHLER", "severity_unlocalized": "ERROR", "detail": "d", "hint": "h", "position": "12", "internal_position": "3", "internal_query": "q",
			"where": "w", "schema": "public", "table": "orders", "column": "id", "data_type_name": "int4", "constraint": "orders_pkey",
			"file": "f.c", "line": "7", "routine": "r",
		},
	}
	var got *pgconn.PgError
	if !errors.As(err, &got) {
		t.Fatal("there is none")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPositionThatIsNoNumberIsLeftOut(t *testing.T) {
	err := &netdriver.Error{Kind: "db", Dialect: "postgres", State: "42601", Native: map[string]string{"position": "99999999999", "severity": "ERROR"}}
	var got *pgconn.PgError
	if !errors.As(err, &got) || got.Position != 0 || got.SeverityUnlocalized != "ERROR" {
		t.Errorf("got %+v", got)
	}
}

func TestWhatPostgresDidNotSayIsNoPgError(t *testing.T) {
	for _, err := range []*netdriver.Error{
		{Kind: "conn_lost", Dialect: "postgres"},
		{Kind: "timeout", Dialect: "postgres", Code: "08007", State: "08007", Message: "fluxor: exec was sent but its answer was lost"},
	} {
		if errors.As(err, new(*pgconn.PgError)) {
			t.Errorf("%+v is one", err)
		}
	}
}

func TestAStatementThatItsContextEndedIsAPgErrorToo(t *testing.T) {
	for _, kind := range []string{"timeout", "canceled"} {
		err := &netdriver.Error{Kind: kind, Dialect: "postgres", Code: "57014", State: "57014", Message: "canceling statement"}
		var got *pgconn.PgError
		if !errors.As(err, &got) || got.Code != "57014" {
			t.Errorf("%s: got %+v", kind, got)
		}
	}
}
