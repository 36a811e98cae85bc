//go:build unix && cgo

// This file tests what a failed login shows, to the caller and in the log.

package oracle_test

import (
	"bytes"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestRefusedLoginShowsNoPasswordAndIsLoggedInOneLine(t *testing.T) {
	d := dbtest.Oracle(t)
	d.Password = "wrong" // which the double refuses
	for name, dsn := range map[string]string{
		"easy connect": d.DSN(), "URL": d.URL(), "logfmt": d.Logfmt(), "godror's pool": d.Logfmt("standaloneConnection=0"),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: dsn, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			db := sql.OpenDB(c)
			err = db.PingContext(t.Context())
			var ora *godror.OraErr
			if !errors.As(err, &ora) || ora.Code() != 1017 || strings.Contains(err.Error(), "wrong") {
				t.Errorf("the caller hears %v", err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			said := log.String()
			if !strings.Contains(said, "ORA-01017") || strings.Contains(said, "authMode") || strings.Contains(said, "wrong") || strings.Count(said, "\n") != 1 {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

func TestErrorOfAStatementIsLoggedByItsNumberAlone(t *testing.T) {
	d := dbtest.Oracle(t)
	for _, words := range []bool{false, true} {
		var log bytes.Buffer
		c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
			DSN: d.DSN(), SlowQueryThreshold: 1, LogQueryArgs: words, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		_, err = db.ExecContext(t.Context(), "insert into missing values (:1)", "x")
		var ora *godror.OraErr
		if !errors.As(err, &ora) || ora.Message() == "" {
			t.Fatalf("the caller hears %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if said := log.String(); !strings.Contains(said, "ORA-00942") || strings.Contains(said, ora.Message()) != words {
			t.Errorf("with the database's words: %t, the log says %s", words, said)
		}
	}
}

func TestConnectorMadeInCodeIsKnownForGodrors(t *testing.T) {
	d := dbtest.Oracle(t)
	d.Password = "wrong"
	params, err := godror.ParseDSN(d.DSN())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c, err := fluxor.WrapConnector(godror.NewConnector(params), fluxor.RuntimeConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the double takes a wrong password")
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "login") || strings.Contains(log.String(), "authMode") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestErrorOfTheLoginReachesTheCallerAsGodrorMadeIt(t *testing.T) {
	d := dbtest.Oracle(t)
	d.Password = "wrong"
	said := map[string]string{}
	for _, driver := range []string{"godror", "fluxor"} {
		db, err := sql.Open(driver, d.DSN())
		if err != nil {
			t.Fatal(err)
		}
		said[driver] = db.PingContext(t.Context()).Error()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if said["fluxor"] != said["godror"] {
		t.Errorf("got  %s\nwant %s", said["fluxor"], said["godror"])
	}
}
