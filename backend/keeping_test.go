// This file tests what an error says of the statement that raised it.

package backend_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/backend"
)

func TestAnErrorOfPostgresTellsAStatementsAge(t *testing.T) {
	const lookup = "getTypeInputInfo"
	for name, row := range map[string]struct {
		e    backend.PostgresError
		want backend.Age
	}{
		"the server knows no such statement":     {backend.PostgresError{Code: "26000", Routine: "FetchPreparedStatement"}, backend.AgeOver},
		"a function knows no such statement":     {backend.PostgresError{Code: "26000", Routine: "plpgsql"}, backend.AgeFits},
		"the answer has other columns":           {backend.PostgresError{Code: "0A000", Routine: "RevalidateCachedQuery"}, backend.AgeOver},
		"a feature is not supported":             {backend.PostgresError{Code: "0A000"}, backend.AgeFits},
		"a name in the text is gone":             {backend.PostgresError{Code: "42703", Position: "8"}, backend.AgeOver},
		"a name in a function's text is gone":    {backend.PostgresError{Code: "42703", Position: "8", Where: "PL/pgSQL function f()"}, backend.AgeDoubtful},
		"a name is gone, somewhere in a query":   {backend.PostgresError{Code: "42703", Where: "SQL function f()", Pure: true}, backend.AgeOver},
		"a right is gone":                        {backend.PostgresError{Code: "42501"}, backend.AgeDoubtful},
		"a query cannot read an argument":        {backend.PostgresError{Code: "22P02", Pure: true}, backend.AgeOver},
		"a change cannot read an argument":       {backend.PostgresError{Code: "22P02"}, backend.AgeDoubtful},
		"a parameter's type is gone":             {backend.PostgresError{Code: "XX000", Routine: lookup, Where: "unnamed portal parameter $1"}, backend.AgeOver},
		"something is gone that a change needs":  {backend.PostgresError{Code: "XX000", Routine: "lookup"}, backend.AgeDoubtful},
		"something is gone that a query needs":   {backend.PostgresError{Code: "XX000", Routine: "lookup", Pure: true}, backend.AgeOver},
		"the transaction has failed":             {backend.PostgresError{Code: "25P02", Pure: true}, backend.AgeAborted},
		"the key is taken":                       {backend.PostgresError{Code: "23505"}, backend.AgeFits},
		"the server cancelled a query":           {backend.PostgresError{Code: "57014", Pure: true}, backend.AgeFits},
		"a code that is none":                    {backend.PostgresError{Code: "4"}, backend.AgeFits},
		"a query's transaction is not isolated":  {backend.PostgresError{Code: "40001", Pure: true}, backend.AgeFits},
		"no code at all, as from another server": {backend.PostgresError{Pure: true}, backend.AgeFits},
	} {
		t.Run(name, func(t *testing.T) {
			if got := backend.PostgresAge(row.e); got != row.want {
				t.Errorf("age %d, want %d", got, row.want)
			}
		})
	}
}

func TestAnErrorOfMySQLTellsAStatementsAge(t *testing.T) {
	for number, want := range map[uint16]backend.Age{
		1615: backend.AgeOver, 1243: backend.AgeOver, 1062: backend.AgeFits, 1461: backend.AgeFits,
	} {
		if got := backend.MySQLAge(number); got != want {
			t.Errorf("%d: age %d, want %d", number, got, want)
		}
	}
	if !backend.MySQLFull(1461) || backend.MySQLFull(1040) {
		t.Error("1461 alone says that the server holds too many statements")
	}
}
