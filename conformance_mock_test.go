// This file puts Fluxor over go-sqlmock, as users' tests do: through WrapConnector and by driver name.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"

	"github.com/fluxor-db/fluxor"
)

// mockConnector opens connections of a driver by name.
type mockConnector struct {
	d   driver.Driver
	dsn string
}

func (c mockConnector) Connect(context.Context) (driver.Conn, error) { return c.d.Open(c.dsn) }
func (c mockConnector) Driver() driver.Driver                        { return c.d }

var mockWays = []struct {
	name string
	open func(t *testing.T, bare *sql.DB, dsn string) *sql.DB
}{
	{"WrapConnector", func(t *testing.T, bare *sql.DB, dsn string) *sql.DB {
		db, _ := wrap(t, mockConnector{bare.Driver(), dsn}, fluxor.RuntimeConfig{})
		return db
	}},
	{"by name", func(t *testing.T, _ *sql.DB, dsn string) *sql.DB {
		return openName(t, "fluxor", dsn+"?fluxor_driver=sqlmock")
	}},
	{"with the statement cache", func(t *testing.T, _ *sql.DB, dsn string) *sql.DB {
		return openName(t, "fluxor", dsn+"?fluxor_driver=sqlmock&fluxor_stmt_cache_size=50")
	}},
}

// mocked runs use over a mock that expects, in order, what expect says.
func mocked(t *testing.T, expect func(sqlmock.Sqlmock), use func(t *testing.T, db *sql.DB)) {
	t.Helper()
	for _, way := range mockWays {
		t.Run(way.name, func(t *testing.T) {
			dsn := "mock of " + t.Name()
			bare, mock, err := sqlmock.NewWithDSN(dsn, sqlmock.MonitorPingsOption(true))
			if err != nil {
				t.Fatal(err)
			}
			defer bare.Close()
			expect(mock)
			mock.ExpectClose()
			db := way.open(t, bare, dsn)
			use(t, db)
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if err := mock.ExpectationsWereMet(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAMockSeesATransaction(t *testing.T) {
	mocked(t, func(m sqlmock.Sqlmock) {
		m.ExpectBegin()
		m.ExpectExec("UPDATE products").WithArgs(1, "x").WillReturnResult(sqlmock.NewResult(7, 1))
		m.ExpectQuery("SELECT name").WithArgs(sqlmock.AnyArg()).WillReturnRows(sqlmock.NewRows([]string{"name", "n"}).AddRow("a", 1).AddRow(nil, 2))
		m.ExpectCommit()
	}, func(t *testing.T, db *sql.DB) {
		tx := begin(t, db)
		res, err := tx.Exec("UPDATE products SET name = ?", 1, "x")
		if err != nil {
			t.Fatal(err)
		}
		if id, err := res.LastInsertId(); id != 7 || err != nil {
			t.Errorf("LastInsertId = %d, %v", id, err)
		}
		rows, err := tx.Query("SELECT name FROM products WHERE id > ?", 0)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			if err := rows.Scan(new(sql.NullString), new(int)); err != nil {
				t.Error(err)
			}
		}
		if err := errors.Join(rows.Close(), tx.Commit()); err != nil {
			t.Error(err)
		}
	})
}

func TestAMockSeesStatementsAndPings(t *testing.T) {
	mocked(t, func(m sqlmock.Sqlmock) {
		m.ExpectPing()
		st := m.ExpectPrepare("SELECT n")
		st.ExpectQuery().WithArgs(5).WillReturnRows(sqlmock.NewRows([]string{"n"}).AddRow(5))
		st.ExpectQuery().WithArgs(6).WillReturnRows(sqlmock.NewRows([]string{"n"}))
	}, func(t *testing.T, db *sql.DB) {
		if err := db.Ping(); err != nil {
			t.Fatal(err)
		}
		st, err := db.Prepare("SELECT n FROM t WHERE n = ?")
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		mustScan(t, st.QueryRow(5))
		if err := st.QueryRow(6).Scan(new(int)); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("err = %v, want sql.ErrNoRows", err)
		}
	})
}

// A mock fails on a preparation that it does not expect, and on expected ones
// that do not come.
func TestAMockSeesThePreparationsOfTheProgramAlone(t *testing.T) {
	const uses = 4
	mocked(t, func(m sqlmock.Sqlmock) {
		for range uses {
			m.ExpectQuery("SELECT n").WithArgs(5).WillReturnRows(sqlmock.NewRows([]string{"n"}).AddRow(5))
			m.ExpectExec("UPDATE t").WithArgs(5).WillReturnResult(sqlmock.NewResult(0, 1))
		}
		st := m.ExpectPrepare("UPDATE t").WillBeClosed()
		for range uses {
			st.ExpectExec().WithArgs(5).WillReturnResult(sqlmock.NewResult(0, 1))
		}
	}, func(t *testing.T, db *sql.DB) {
		for range uses {
			mustScan(t, db.QueryRow("SELECT n FROM t WHERE n = ?", 5))
			mustExec(t, db, "UPDATE t SET n = n + 1 WHERE n = ?", 5)
		}
		st, err := db.Prepare("UPDATE t SET n = n + 1 WHERE n = ?")
		if err != nil {
			t.Fatal(err)
		}
		for range uses {
			if _, err := st.Exec(5); err != nil {
				t.Error(err)
			}
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAMocksErrorsComeBackAsTheyAre(t *testing.T) {
	own, late := errors.New("own"), errors.New("late")
	mocked(t, func(m sqlmock.Sqlmock) {
		m.ExpectExec("INSERT").WillReturnError(own)
		m.ExpectQuery("SELECT").WillReturnRows(sqlmock.NewRows([]string{"n"}).AddRow(1).AddRow(2).RowError(1, late))
		m.ExpectBegin()
		m.ExpectRollback().WillReturnError(own)
	}, func(t *testing.T, db *sql.DB) {
		if _, err := db.Exec("INSERT INTO t VALUES (1)"); err != own { //nolint:errorlint // identity is the point
			t.Errorf("exec: %v", err)
		}
		rows, err := db.Query("SELECT n FROM t")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if rows.Err() != late { //nolint:errorlint // as above
			t.Errorf("rows: %v", rows.Err())
		}
		_ = rows.Close()
		if err := begin(t, db).Rollback(); err != own { //nolint:errorlint // as above
			t.Errorf("rollback: %v", err)
		}
	})
}

func TestAMockComplainsAboutWhatItDoesNotExpect(t *testing.T) {
	bare, _, err := sqlmock.NewWithDSN(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	db := openName(t, "fluxor", t.Name()+"?fluxor_driver=sqlmock")
	_, want := bare.Exec("DELETE FROM t")
	_, got := db.Exec("DELETE FROM t")
	if got == nil || got.Error() != want.Error() {
		t.Errorf("err = %v, want %v", got, want)
	}
}
