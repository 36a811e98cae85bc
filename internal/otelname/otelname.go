// This file holds the names that OpenTelemetry's conventions for databases give to systems and errors.

// Package otelname knows the values that the OpenTelemetry semantic conventions
// for database clients (version 1.43, "Database client spans" and "Database
// client metrics") ask for, without OpenTelemetry's packages: spans, metrics
// and the Prometheus collector share them.
package otelname

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/fluxor-db/fluxor/refusal"
)

// System is the value of db.system.name for a backend's type; a type that is
// not known stands for itself, and none for "other_sql".
func System(kind string) string {
	switch kind {
	case "postgres":
		return "postgresql"
	case "oracle":
		return "oracle.db"
	case "":
		return "other_sql"
	}
	return kind
}

// StatusCode is the value of db.response.status_code: the code by which the
// database names an error, such as "23505", "1062" or "ORA-00001"; "" where err
// carries none. It is found without the drivers' packages: by the methods
// SQLState and Code, and by MySQL's field Number. The state of an
// *refusal.IndeterminateError is Fluxor's and not the database's.
func StatusCode(err error) string {
	var lost *refusal.IndeterminateError
	if err == nil || errors.As(err, &lost) {
		return ""
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState()
	}
	var oracle interface {
		Code() int
		FunName() string // godror's errors have it, SQLite's do not
	}
	if errors.As(err, &oracle) {
		return oracleCode(oracle.Code())
	}
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return strconv.Itoa(coded.Code())
	}
	return numberOf(err)
}

// oracleCode writes a number as Oracle's messages begin; an error of the client
// library has none.
func oracleCode(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("ORA-%05d", n)
}

// numberOf finds the field Number of go-sql-driver's error in the chain of err.
func numberOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		if n := v.FieldByName("Number"); n.IsValid() && n.CanUint() && n.Uint() != 0 {
			return strconv.FormatUint(n.Uint(), 10)
		}
	}
	return ""
}

// ErrorType is the value of error.type: the status code where there is one, a
// word of Fluxor's for what it refused or gave up, and else the error's Go
// type. It holds nothing of the error's text, so that it has few values. It is
// "" for nil.
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	if code := StatusCode(err); code != "" {
		return code
	}
	var lost *refusal.IndeterminateError
	var refused *refusal.Error
	switch {
	case errors.As(err, &lost):
		return "indeterminate"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &refused):
		return "refused_by_" + refused.Policy
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, driver.ErrBadConn):
		return "bad_connection"
	}
	return reflect.TypeOf(err).String()
}
