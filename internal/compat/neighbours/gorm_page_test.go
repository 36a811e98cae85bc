// This file holds the snippets of docs/neighbours/gorm.md and runs them.

package neighbours

import (
	"bytes"
	"database/sql"
	"errors"
	"log"
	"testing"

	"github.com/libtnb/sqlite"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

func gormByAlias(dsn string) (*gorm.DB, error) {
	db, err := gorm.Open(postgres.New(postgres.Config{DriverName: "postgres-fluxor", DSN: dsn}), &gorm.Config{TranslateError: true})
	return db, err
}

func gormByName(dsn string) (*gorm.DB, error) {
	db, err := gorm.Open(mysql.New(mysql.Config{DriverName: "fluxor", DSN: dsn}), &gorm.Config{})
	return db, err
}

func gormOnSQLite(dsn string) (*gorm.DB, error) {
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite-fluxor", DSN: dsn}), &gorm.Config{})
	return db, err
}

func gormOnOpenDB(dsn string) (*gorm.DB, error) {
	pool, err := sql.Open("fluxor", dsn)
	if err != nil {
		log.Fatal(err)
	}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{})
	return db, err
}

// payment is stored once. Its id is the application's.
type payment struct {
	ID    string `gorm:"primaryKey"`
	Cents int64
}

func store(db *gorm.DB, p payment) error {
	err := db.Create(&p).Error
	var lost *fluxor.IndeterminateError
	if errors.As(err, &lost) {
		// Sent, but the answer was lost: look whether the row is there.
		err = db.First(&p, "id = ?", p.ID).Error
	}
	return err
}

func TestThePageOfGORM(t *testing.T) {
	for _, form := range []struct {
		open func(string) (*gorm.DB, error)
		dsn  string
	}{
		{gormByAlias, freshPostgres(t)},
		{gormOnOpenDB, freshPostgres(t)},
		{gormByName, dbtest.MariaDB(t).NewDatabase(t).DSN("parseTime=true", "fluxor_max_open_conns=20")},
		{gormOnSQLite, dbtest.SQLite(t)},
	} {
		db, err := form.open(form.dsn)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.AutoMigrate(&tag{}); err != nil {
				t.Error(err)
			}
		}
		closeGORM(t, db)
	}
}

func TestAPaymentWhoseAnswerIsLostIsStoredOnce(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	proxy := proxyOf(t, target)
	db, err := gormByAlias(target.At(proxy.Addr()).DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer closeGORM(t, db)
	if err := db.AutoMigrate(&payment{}); err != nil {
		t.Fatal(err)
	}
	proxy.CutOnReply(1, faultproxy.RST, func(request []byte) bool { return bytes.EqualFold(request, []byte("commit")) })
	if err := store(db.Session(&gorm.Session{Logger: logger.Discard}), payment{"2026-0117", 4990}); err != nil {
		t.Error(err)
	}
	if lost := proxy.Counters().Cuts; lost != 1 {
		t.Errorf("%d answers were lost, want that to the commit", lost)
	}
}
