// This file tests interceptors that answer themselves or put rows of their own around the driver's, on real servers.

package sqlmw_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"testing"

	ngrok "github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
)

// memory answers from its own store.
type memory struct{ ngrok.NullInterceptor }

type memoryRows struct{ left []string }

func (*memoryRows) Columns() []string { return []string{"s"} }
func (*memoryRows) Close() error      { return nil }
func (r *memoryRows) Next(dest []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	dest[0], r.left = r.left[0], r.left[1:]
	return nil
}

type memoryStmt struct{}

func (memoryStmt) Close() error                               { return nil }
func (memoryStmt) NumInput() int                              { return -1 }
func (memoryStmt) Exec([]driver.Value) (driver.Result, error) { return driver.RowsAffected(7), nil }
func (memoryStmt) Query([]driver.Value) (driver.Rows, error) {
	return &memoryRows{[]string{"a", "b"}}, nil
}

func (memory) ConnQueryContext(ctx context.Context, _ driver.QueryerContext, _ string, _ []driver.NamedValue) (context.Context, driver.Rows, error) {
	return ctx, &memoryRows{[]string{"a", "b"}}, nil
}

func (memory) ConnExecContext(context.Context, driver.ExecerContext, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(7), nil
}

func (memory) ConnPrepareContext(ctx context.Context, _ driver.ConnPrepareContext, _ string) (context.Context, driver.Stmt, error) {
	return ctx, memoryStmt{}, nil
}

func TestAnInterceptorThatAnswersItselfNeedsNoConnection(t *testing.T) {
	everywhere(t, memory{}, func(t *testing.T, _ database, db *sql.DB, c *fluxor.Connector) {
		st, err := db.PrepareContext(t.Context(), "q")
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		for name, query := range map[string]func() (*sql.Rows, error){
			"query":    func() (*sql.Rows, error) { return db.QueryContext(t.Context(), "q", 1) },
			"prepared": func() (*sql.Rows, error) { return st.QueryContext(t.Context(), 1) },
		} {
			if got, err := readAll(query()); err != nil || !strings.HasSuffix(got, "a b") {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
		}
		for name, exec := range map[string]func() (sql.Result, error){
			"exec":          func() (sql.Result, error) { return db.ExecContext(t.Context(), "q", 1) },
			"prepared exec": func() (sql.Result, error) { return st.ExecContext(t.Context(), 1) },
		} {
			res, err := exec()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := res.RowsAffected(); n != 7 || err != nil {
				t.Errorf("%s: %d rows, %v", name, n, err)
			}
		}
		if s := c.Stats(); s.OpenConnections != 0 {
			t.Errorf("%d connections were opened", s.OpenConnections)
		}
	})
}

// wrapping puts rows of its own around the driver's.
type wrapping struct{ ngrok.NullInterceptor }

type wrappedRows struct{ driver.Rows }

func (r wrappedRows) Unwrap() driver.Rows { return r.Rows }

func (wrapping) ConnQueryContext(ctx context.Context, c driver.QueryerContext, query string, args []driver.NamedValue) (context.Context, driver.Rows, error) {
	rows, err := c.QueryContext(ctx, query, args)
	if err != nil {
		return ctx, nil, err
	}
	return ctx, wrappedRows{rows}, nil
}

func (wrapping) RowsNext(_ context.Context, rows driver.Rows, dest []driver.Value) error {
	return rows.(wrappedRows).Rows.Next(dest)
}

func TestRowsThatAnInterceptorWrapsKeepTheirColumnTypesAndResultSets(t *testing.T) {
	everywhere(t, wrapping{}, func(t *testing.T, d database, db *sql.DB, _ *fluxor.Connector) {
		bare, err := sql.Open(map[string]string{"lib/pq": "postgres", "go-sql-driver": "mysql"}[d.name], d.dsn(t))
		if err != nil {
			t.Fatal(err)
		}
		defer bare.Close()
		for _, query := range []string{d.two, "select cast(1.5 as decimal(10,2)) as n"} {
			want, err := columns(bare.QueryContext(t.Context(), query))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := columns(db.QueryContext(t.Context(), query)); err != nil || got != want {
				t.Errorf("%s: got %q, %v, bare %q", query, got, err, want)
			}
		}
	})
}

// columns describes all columns of all result sets.
func columns(rows *sql.Rows, err error) (string, error) {
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
		for _, c := range types {
			length, hasLength := c.Length()
			precision, scale, hasScale := c.DecimalSize()
			nullable, known := c.Nullable()
			out = append(out, fmt.Sprint(c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength, precision, scale, hasScale, nullable, known))
		}
		if !rows.NextResultSet() {
			return strings.Join(out, "; "), rows.Err()
		}
	}
}
