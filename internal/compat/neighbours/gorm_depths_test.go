// This file runs what less programs do with GORM: savepoints, upserts, iteration, prepared statements, raw SQL, contexts.

package neighbours

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// errStop ends a transaction from within.
var errStop = errors.New("stop")

var gormDepths = []scenario[*gorm.DB]{
	{"transactions with savepoints", func(n *notes, db *gorm.DB) {
		n.ok("outer", db.Transaction(func(tx *gorm.DB) error {
			n.ok("kept", tx.Create(&tag{Name: "outer"}).Error)
			n.fails("inner", tx.Transaction(func(tx *gorm.DB) error {
				n.ok("undone", tx.Create(&tag{Name: "inner"}).Error)
				return errStop
			}), errStop)
			n.ok("savepoint", tx.SavePoint("here").Error)
			n.fails("duplicate", tx.Create(&tag{Name: "outer"}).Error, gorm.ErrDuplicatedKey)
			n.ok("back", tx.RollbackTo("here").Error)
			return tx.Create(&tag{Name: "after"}).Error
		}))
		n.fails("whole", db.Transaction(func(tx *gorm.DB) error {
			n.ok("undone", tx.Create(&tag{Name: "never"}).Error)
			return errStop
		}), errStop)
		n.want("tags", tagNames(n, db), []string{"after", "lent", "old", "outer", "short"})
	}},
	{"a transaction by hand", func(n *notes, db *gorm.DB) {
		tx := db.Begin(&sql.TxOptions{Isolation: sql.LevelSerializable})
		n.ok("begin", tx.Error)
		n.ok("create", tx.Create(&tag{Name: "by hand"}).Error)
		n.ok("rollback", tx.Rollback().Error)
		n.fails("after the end", tx.Create(&tag{Name: "late"}).Error, sql.ErrTxDone)
		n.fails("second end", tx.Commit().Error, sql.ErrTxDone)
	}},
	{"upsert", func(n *notes, db *gorm.DB) {
		n.ok("ignored", db.Clauses(clause.OnConflict{DoNothing: true}).Create(&tag{Name: "old"}).Error)
		renamed := tag{ID: 2, Name: "brief"}
		n.ok("updated", db.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
		}).Create(&renamed).Error)
		n.want("tags", tagNames(n, db), []string{"after", "brief", "lent", "old", "outer"})
		n.ok("save", db.Save(&tag{ID: 2, Name: "short"}).Error)
	}},
	{"rows one by one", func(n *notes, db *gorm.DB) {
		rows, err := db.Model(&book{}).Where("pages between ? and ?", 60, 63).Order("pages").Rows()
		n.ok("rows", err)
		for rows.Next() {
			var b book
			n.ok("scan", db.ScanRows(rows, &b))
			n.see("book", b)
		}
		n.ok("end", errors.Join(rows.Err(), rows.Close()))
		batches := 0
		var some []book
		n.ok("batches", db.Where("pages < ?", 100).FindInBatches(&some, 20, func(*gorm.DB, int) error {
			batches++
			return nil
		}).Error)
		n.want("number", batches, 3)
	}},
	{"rows as maps", func(n *notes, db *gorm.DB) {
		var rows []map[string]any
		n.ok("find", db.Table("books").Order("id").Limit(3).Find(&rows).Error)
		for _, row := range rows {
			n.row("map", row)
		}
	}},
	{"prepared statements", func(n *notes, db *gorm.DB) {
		db = db.Session(&gorm.Session{PrepareStmt: true})
		for pages := range 5 {
			var b book
			n.ok("first", db.Where("pages = ?", 60+pages).First(&b).Error)
			n.see("book", b)
		}
		n.ok("in a transaction", db.Transaction(func(tx *gorm.DB) error {
			var b book
			n.ok("same text", tx.Where("pages = ?", 70).First(&b).Error)
			return tx.Model(&b).Update("title", "Seventy").Error
		}))
		n.want("updated", countOf(n, db, "title = 'Seventy'"), int64(1))
		n.fails("duplicate", db.Create(&tag{Name: "old"}).Error, gorm.ErrDuplicatedKey)
		n.fails("nonsense", db.Exec("nonsense").Error)
	}},
	{"raw SQL", func(n *notes, db *gorm.DB) {
		r := db.Exec("update books set pages = pages + ? where title = ?", 1000, "Seventy")
		n.ok("exec", r.Error)
		n.want("rows", r.RowsAffected, int64(1))
		var b struct {
			Title string
			Pages int
		}
		n.ok("named", db.Raw("select title, pages from books where pages = @pages", sql.Named("pages", 1070)).Scan(&b).Error)
		n.want("pages", b.Pages, 1070)
		var titles []string
		n.ok("in", db.Raw("select title from books where pages in ? order by pages", []int{60, 61, 1070}).Scan(&titles).Error)
		n.want("titles", titles, []string{"Volume", "Volume", "Seventy"})
		n.ok("null", db.Raw("select null").Row().Scan(new(sql.NullString)))
	}},
	{"contexts", func(n *notes, db *gorm.DB) {
		over, cancel := context.WithCancel(n.Context())
		cancel()
		n.ends("before", db.WithContext(over).First(&book{}).Error, context.Canceled)
		soon, cancel := context.WithTimeout(n.Context(), 50*time.Millisecond)
		defer cancel()
		n.ends("during", db.WithContext(soon).Raw(n.way.sleep()).Row().Scan(new(int)))
		n.ok("after", db.WithContext(n.Context()).First(&book{}).Error)
	}},
}

// tagNames are the names of all tags, in order.
func tagNames(n *notes, db *gorm.DB) []string {
	n.Helper()
	var names []string
	n.ok("names", db.Model(&tag{}).Order("name").Pluck("name", &names).Error)
	return names
}
