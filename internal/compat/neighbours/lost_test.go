// This file loses the answer to a write of each tool: the bare drivers have it written twice, Fluxor says that nobody knows.

package neighbours

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/jmoiron/sqlx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// delivery is the row that each tool writes.
type delivery struct {
	bun.BaseModel `bun:"table:delivery" gorm:"-"`

	N int `bun:"n" db:"n" gorm:"column:n"`
}

// TableName is GORM's way to learn the table.
func (delivery) TableName() string { return "delivery" }

// writers write a delivery with one statement outside a transaction.
var writers = map[string]func(ctx context.Context, db *sql.DB) error{
	"GORM": func(ctx context.Context, db *sql.DB) error {
		g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{SkipDefaultTransaction: true, TranslateError: true, Logger: logger.Discard})
		if err != nil {
			return err
		}
		return g.WithContext(ctx).Create(&delivery{N: 1}).Error
	},
	"sqlx": func(ctx context.Context, db *sql.DB) error {
		_, err := sqlx.NewDb(db, "postgres").NamedExecContext(ctx, "insert into delivery (n) values (:n)", delivery{N: 1})
		return err
	},
	"ent": func(ctx context.Context, db *sql.DB) error {
		query, args := entsql.Dialect(dialect.Postgres).Insert("delivery").Columns("n").Values(1).Query()
		return entsql.OpenDB(dialect.Postgres, db).Exec(ctx, query, args, nil)
	},
	"bun": func(ctx context.Context, db *sql.DB) error {
		_, err := bun.NewDB(db, pgdialect.New()).NewInsert().Model(&delivery{N: 1}).Exec(ctx)
		return err
	},
	"sqlc": func(ctx context.Context, db *sql.DB) error {
		_, err := (&seats{db: db, texts: [3]string{"insert into delivery (n) values ($1)"}}).exec(ctx, addSeat, 1)
		return err
	},
}

// proxyOf stands between the test and a database of PostgreSQL.
func proxyOf(t *testing.T, target dbtest.Target) *faultproxy.Proxy {
	t.Helper()
	proxy, err := faultproxy.StartPostgres(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	return proxy
}

func TestAWriteOfAToolIsSentOnceThroughFluxor(t *testing.T) {
	at := newLossy(t)
	for tool, write := range writers {
		for _, name := range []string{"postgres", "pgx"} {
			t.Run(tool+"/"+name, func(t *testing.T) {
				rows, err := at.lose(t, name, write)
				// pgx says ErrBadConn after a text without arguments alone; bun writes its arguments into the text.
				if twice := name == "postgres" || tool == "bun"; twice && (rows != 2 || err != nil) {
					t.Errorf("bare: %d rows, error %v; the bare driver was known to have it written twice without an error", rows, err)
				}
				rows, err = at.lose(t, name+"-fluxor", write)
				if _, lost := errors.AsType[*fluxor.IndeterminateError](err); !lost || rows != 1 {
					t.Errorf("through Fluxor: %d rows, error %v; want one and *fluxor.IndeterminateError", rows, err)
				}
			})
		}
	}
}

// lossy is a table of deliveries, and a way to it on which answers get lost.
type lossy struct {
	direct *sql.DB
	proxy  *faultproxy.Proxy
	dsn    string
}

func newLossy(t *testing.T) lossy {
	t.Helper()
	target := dbtest.Postgres(t).NewDatabase(t)
	proxy := proxyOf(t, target)
	direct := way{driver: "postgres", dsn: target.DSN()}.open(t)
	if _, err := direct.Exec("create table delivery (n int)"); err != nil {
		t.Fatal(err)
	}
	return lossy{direct, proxy, target.At(proxy.Addr()).DSN()}
}

// lose writes once into the empty table and says how many rows there are.
func (l lossy) lose(t *testing.T, driver string, write func(context.Context, *sql.DB) error) (rows int, err error) {
	t.Helper()
	if _, err := l.direct.Exec("delete from delivery"); err != nil {
		t.Fatal(err)
	}
	before := l.proxy.Counters().Cuts
	l.proxy.CutOnReply(1, faultproxy.FIN, func(request []byte) bool {
		return bytes.HasPrefix(bytes.ToLower(request), []byte("insert into"))
	})
	err = write(t.Context(), way{driver: driver, dsn: l.dsn}.open(t))
	if cuts := l.proxy.Counters().Cuts - before; cuts != 1 {
		t.Errorf("%s: %d answers were lost, want 1", driver, cuts)
	}
	if err := l.direct.QueryRow("select count(*) from delivery").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows, err
}
