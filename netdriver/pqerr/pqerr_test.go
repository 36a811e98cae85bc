// This file tests that programs written for lib/pq find its errors.

package pqerr_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor/netdriver"
	_ "github.com/fluxor-db/fluxor/netdriver/pqerr"
)

func TestAnErrorOfPostgresIsFoundAsPqError(t *testing.T) {
	direct := &pq.Error{
		Severity: "ERROR", Code: "23505", Message: "duplicate key", Detail: "Key (id)=(1)", Hint: "h", Position: "12", InternalPosition: "3",
		InternalQuery: "q", Where: "w", Schema: "public", Table: "orders", Column: "id", DataTypeName: "int4", Constraint: "orders_pkey",
		File: "f.c", Line: "7", Routine: "r",
	}
	for spelling, native := range map[string]map[string]string{
		"with underscores": {
			"severity": "ERROR", "detail": "Key (id)=(1)", "hint": "h", "position": "12", "internal_position": "3", "internal_query": "q", "where": "w",
			"schema": "public", "table": "orders", "column": "id", "data_type_name": "int4", "constraint": "orders_pkey", "file": "f.c", "line": "7", "routine": "r",
		},
		"as pgx has it": {
			"Severity": "ERROR", "Detail": "Key (id)=(1)", "Hint": "h", "Position": "12", "InternalPosition": "3", "InternalQuery": "q", "Where": "w",
			"SchemaName": "public", "TableName": "orders", "ColumnName": "id", "DataTypeName": "int4", "ConstraintName": "orders_pkey", "File": "f.c", "Line": "7", "Routine": "r",
		},
	} {
		for _, text := range []string{"duplicate key", direct.Error(), "pq: duplicate key at column 12 (23505)", "ERROR: duplicate key (SQLSTATE 23505)"} {
			err := fmt.Errorf("save: %w", &netdriver.Error{Kind: "db", Dialect: "postgres", Code: "23505", State: "23505", Message: text, Native: native})
			var got *pq.Error
			if !errors.As(err, &got) {
				t.Fatalf("%s: there is none in %v", spelling, err)
			}
			if diff := cmp.Diff(direct, got, cmpopts.IgnoreUnexported(pq.Error{})); diff != "" {
				t.Errorf("%s, %s: %s", spelling, text, diff)
			}
		}
	}
}

func TestWhatPostgresDidNotSayIsNoPqError(t *testing.T) {
	for _, err := range []*netdriver.Error{
		{Kind: "db", Dialect: "mysql", Code: "1062", State: "23000"},
		{Kind: "timeout", Dialect: "postgres"},
		{Kind: "timeout", Dialect: "postgres", Code: "08007", State: "08007", Message: "fluxor: exec was sent but its answer was lost"},
		{Kind: "db", Dialect: "postgres", Message: "no code"},
	} {
		if errors.As(err, new(*pq.Error)) {
			t.Errorf("%+v is one", err)
		}
	}
}

func TestAStatementThatItsContextEndedIsAPqErrorToo(t *testing.T) {
	for _, kind := range []string{"timeout", "canceled"} {
		err := &netdriver.Error{
			Kind: kind, Dialect: "postgres", Code: "57014", State: "57014", Message: "pq: canceling statement due to user request (57014)",
		}
		var got *pq.Error
		if !errors.As(err, &got) || got.Code != "57014" || got.Message != "canceling statement due to user request" {
			t.Errorf("%s: got %+v", kind, got)
		}
	}
}
