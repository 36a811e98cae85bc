// This file is the script that the interceptors of the tests watch: an application's calls, one after the other.

package sqlmw_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// call is a step of the script.
type call struct {
	name string
	run  func(t *testing.T, d database, db *sql.DB, r *recorder) (string, error)
}

// script are the calls of an application.
var script = []call{
	{"ping", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		return "", db.PingContext(t.Context())
	}},
	{"exec", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		_, err := db.ExecContext(t.Context(), "create table t (n int primary key, s varchar(20))")
		return "", err
	}},
	{"exec with arguments", execWithArguments},
	{"exec without context", func(_ *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		_, err := db.Exec("insert into t values (2, 'b')")
		return "", err
	}},
	{"query", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		return readAll(db.QueryContext(t.Context(), "select n from t order by n"))
	}},
	{"query with arguments", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		return readAll(db.QueryContext(t.Context(), "select n from t where n < "+d.one+" order by n", 2))
	}},
	{"query row", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		var n int
		err := db.QueryRowContext(t.Context(), "select n from t order by n desc").Scan(&n)
		return fmt.Sprint(n), err
	}},
	{"query row with arguments", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		var s string
		err := db.QueryRowContext(t.Context(), "select s from t where n = "+d.one, 1).Scan(&s)
		return s, err
	}},
	{"query row of none", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		var s string
		return "", db.QueryRowContext(t.Context(), "select s from t where n = "+d.one, 99).Scan(&s)
	}},
	{"rows closed early", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		rows, err := db.QueryContext(t.Context(), "select n from t")
		if err != nil {
			return "", err
		}
		rows.Next()
		return "", errors.Join(rows.Close(), rows.Err())
	}},
	{"prepared", prepared},
	{"prepare fails", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		st, err := db.PrepareContext(t.Context(), d.broken)
		if err == nil {
			_ = st.Close()
		}
		return "", err
	}},
	{"exec fails", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		_, err := db.ExecContext(t.Context(), d.broken)
		return "", err
	}},
	{"exec with arguments fails", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		_, err := db.ExecContext(t.Context(), "insert into t values ("+d.one+", 'twice')", 1)
		return "", err
	}},
	{"query with arguments fails", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		return readAll(db.QueryContext(t.Context(), d.broken+" where n = "+d.one, 1))
	}},
	{"committed", func(t *testing.T, d database, db *sql.DB, r *recorder) (string, error) {
		return inTx(t, d, db, r, (*sql.Tx).Commit)
	}},
	{"rolled back", func(t *testing.T, d database, db *sql.DB, r *recorder) (string, error) {
		return inTx(t, d, db, r, (*sql.Tx).Rollback)
	}},
	{"statement of a transaction", statementOfTx},
	{"read-only", func(t *testing.T, _ database, db *sql.DB, _ *recorder) (string, error) {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
		if err != nil {
			return "", err
		}
		_, err = tx.ExecContext(t.Context(), "delete from t")
		return "", errors.Join(err, tx.Rollback())
	}},
	{"two result sets", func(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
		return readAll(db.QueryContext(t.Context(), d.two))
	}},
	{"conn", onConn},
}

// endings are the calls that may cost a connection.
var endings = []call{
	{"transaction whose context ends", endedTx},
	{"context ends under a query", cutShort},
	{"after the end", func(t *testing.T, d database, db *sql.DB, r *recorder) (string, error) {
		return readAll(db.QueryContext(t.Context(), "select n from t where n = "+d.one, 1))
	}},
}

func execWithArguments(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
	res, err := db.ExecContext(t.Context(), "insert into t values (1, "+d.one+")", "a")
	if err != nil {
		return "", err
	}
	n, err := res.RowsAffected()
	id, errID := res.LastInsertId()
	return fmt.Sprint(n, id, ended(errID)), err
}

func prepared(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
	st, err := db.PrepareContext(t.Context(), "select n from t where n = "+d.one)
	if err != nil {
		return "", err
	}
	first, err := readAll(st.QueryContext(t.Context(), 1))
	_, errExec := st.ExecContext(t.Context(), 2)
	return first, errors.Join(err, errExec, st.Close())
}

func inTx(t *testing.T, d database, db *sql.DB, _ *recorder, end func(*sql.Tx) error) (string, error) {
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(t.Context(), "update t set s = "+d.one+" where n = 1", "in the transaction")
	answer, errQuery := readAll(tx.QueryContext(t.Context(), "select n from t order by n"))
	return answer, errors.Join(err, errQuery, end(tx))
}

func statementOfTx(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
	outside, err := db.PrepareContext(t.Context(), "select n from t where n = "+d.one)
	if err != nil {
		return "", err
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return "", err
	}
	inside := tx.StmtContext(t.Context(), outside)
	answer, err := readAll(inside.QueryContext(t.Context(), 1))
	return answer, errors.Join(err, tx.Commit(), outside.Close())
}

func endedTx(t *testing.T, _ database, db *sql.DB, r *recorder) (string, error) {
	ctx, cancel := context.WithCancel(t.Context())
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		cancel()
		return "", err
	}
	over := r.wait("TxRollback returned")
	cancel()
	<-over
	err = tx.Commit()
	return "", err
}

func onConn(t *testing.T, d database, db *sql.DB, _ *recorder) (string, error) {
	c, err := db.Conn(t.Context())
	if err != nil {
		return "", err
	}
	_, err = c.ExecContext(t.Context(), "create temporary table mine (n int)")
	_, errExec := c.ExecContext(t.Context(), "insert into mine values ("+d.one+")", 5)
	answer, errQuery := readAll(c.QueryContext(t.Context(), "select n from mine"))
	return answer, errors.Join(err, errExec, errQuery, c.PingContext(t.Context()), c.Close())
}

// cutShort ends a context while the server works.
func cutShort(t *testing.T, d database, db *sql.DB, r *recorder) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	return readAll(db.QueryContext(ctx, d.slow))
}

// readAll returns the types and values of all result sets.
func readAll(rows *sql.Rows, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out []string
	for {
		types, err := rows.ColumnTypes()
		if err != nil {
			return "", err
		}
		out = append(out, types[0].DatabaseTypeName(), fmt.Sprint(types[0].ScanType()))
		for rows.Next() {
			var v string
			if err := rows.Scan(&v); err != nil {
				return "", err
			}
			out = append(out, v)
		}
		if !rows.NextResultSet() {
			return strings.Join(out, " "), rows.Err()
		}
		out = append(out, "/")
	}
}
