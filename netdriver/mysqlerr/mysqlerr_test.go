// This file tests that programs written for go-sql-driver find its errors.

package mysqlerr_test

import (
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/netdriver"
	_ "github.com/fluxor-db/fluxor/netdriver/mysqlerr"
)

func TestAnErrorOfMySQLIsFoundAsMySQLError(t *testing.T) {
	want := mysql.MySQLError{Number: 1062, SQLState: [5]byte([]byte("23000")), Message: "Duplicate entry"}
	for _, text := range []string{"Duplicate entry", want.Error(), "Error 1062: Duplicate entry"} {
		err := &netdriver.Error{Kind: "db", Dialect: "mysql", Code: "1062", State: "23000", Message: text}
		var got *mysql.MySQLError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestWhatMySQLDidNotSayIsNoMySQLError(t *testing.T) {
	for _, err := range []*netdriver.Error{
		{Kind: "db", Dialect: "oracle", Code: "1062"},
		{Kind: "db", Dialect: "mysql", Code: "99999999"},
		{Kind: "overloaded", Dialect: "mysql"},
	} {
		if errors.As(err, new(*mysql.MySQLError)) {
			t.Errorf("%+v is one", err)
		}
	}
}

func TestAStatementThatItsTimeEndedIsAMySQLErrorToo(t *testing.T) {
	err := &netdriver.Error{Kind: "timeout", Dialect: "mysql", Code: "1317", State: "70100", Message: "Error 1317 (70100): Query execution was interrupted"}
	var got *mysql.MySQLError
	if !errors.As(err, &got) || got.Number != 1317 || got.Message != "Query execution was interrupted" {
		t.Errorf("got %+v", got)
	}
}
