// This file opens GORM in every form it has and runs what most programs do with it: migrations, associations, batches, errors.

package neighbours

import (
	"strings"
	"testing"
	"time"

	"github.com/libtnb/sqlite"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

type (
	shelf struct {
		ID    uint
		Name  string `gorm:"size:100;uniqueIndex"`
		Books []book
	}
	book struct {
		ID        uint
		Title     string `gorm:"size:200"`
		Pages     int
		ShelfID   *uint
		Shelf     *shelf
		Tags      []tag          `gorm:"many2many:book_tags"`
		DeletedAt gorm.DeletedAt `gorm:"index" json:"-"`
	}
	tag struct {
		ID   uint
		Name string `gorm:"size:50;uniqueIndex"`
	}
	// roomyShelf is what a later version makes of a shelf.
	roomyShelf struct {
		shelf
		Room string `gorm:"size:20"`
	}
)

// TableName is GORM's way to learn the table.
func (roomyShelf) TableName() string { return "shelves" }

func TestGORMDoesNotNoticeFluxor(t *testing.T) {
	tool[*gorm.DB]{
		name: "GORM", open: openGORM,
		more: func(t *testing.T, b backend) []way {
			return []way{{b, gormConn, b.alias, b.fresh(t)}}
		},
		scenarios: append(gormBasics, gormDepths...),
	}.run(t)
}

// gormConn is the way that gives GORM an open *sql.DB.
const gormConn = "Conn"

func openGORM(t *testing.T, w way) *gorm.DB {
	t.Helper()
	dialector := w.byName()
	if w.how == gormConn {
		dialector = w.byConn(w.open(t))
	}
	db, err := gorm.Open(dialector, &gorm.Config{TranslateError: true, Logger: logger.Discard, NowFunc: noon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeGORM(t, db) })
	return db
}

// noon is the time of everything, so that two runs can be compared.
func noon() time.Time { return time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC) }

func closeGORM(t *testing.T, db *gorm.DB) {
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	_ = pool.Close()
}

// byName lets GORM open the database under the way's driver name.
func (w way) byName() gorm.Dialector {
	switch w.kind {
	case kindPostgres:
		return postgres.New(postgres.Config{DriverName: w.driver, DSN: w.dsn})
	case kindMySQL:
		return mysql.New(mysql.Config{DriverName: w.driver, DSN: w.dsn})
	default:
		return sqlite.New(sqlite.Config{DriverName: w.driver, DSN: w.dsn})
	}
}

// byConn gives GORM what the program opened itself.
func (w way) byConn(db gorm.ConnPool) gorm.Dialector {
	switch w.kind {
	case kindPostgres:
		return postgres.New(postgres.Config{Conn: db})
	case kindMySQL:
		return mysql.New(mysql.Config{Conn: db})
	default:
		return sqlite.New(sqlite.Config{Conn: db})
	}
}

var gormBasics = []scenario[*gorm.DB]{
	{"AutoMigrate twice", func(n *notes, db *gorm.DB) {
		n.ok("first", db.AutoMigrate(&shelf{}, &book{}, &tag{}))
		n.ok("second", db.AutoMigrate(&shelf{}, &book{}, &tag{}))
		m := db.Migrator()
		n.want("join table", m.HasTable("book_tags"), true)
		n.want("index", m.HasIndex(&book{}, "idx_books_deleted_at"), true)
		types, err := m.ColumnTypes(&book{})
		n.ok("columns", err)
		for _, c := range types {
			nullable, known := c.Nullable()
			n.note("column %s %s %t %t", c.Name(), c.DatabaseTypeName(), nullable, known)
		}
		n.ok("a new column", m.AddColumn(&roomyShelf{}, "Room"))
	}},
	{"create with associations", func(n *notes, db *gorm.DB) {
		s := shelf{Name: "poetry", Books: []book{
			{Title: "Odes", Pages: 90, Tags: []tag{{Name: "old"}, {Name: "short"}}},
			{Title: "Elegies", Pages: 120},
		}}
		n.ok("create", db.Create(&s).Error)
		n.see("with ids", s)
		var got shelf
		n.ok("preload", db.Preload("Books.Tags").Preload("Books").First(&got, s.ID).Error)
		n.want("books", len(got.Books), 2)
		n.see("shelf", got)
	}},
	{"change associations", func(n *notes, db *gorm.DB) {
		var b book
		n.ok("joins", db.Joins("Shelf").Where("title = ?", "Odes").First(&b).Error)
		n.see("with its shelf", b)
		tags := func() *gorm.Association { return db.Model(&book{ID: b.ID}).Association("Tags") }
		n.ok("append", tags().Append(&tag{Name: "lent"}))
		n.want("count", tags().Count(), int64(3))
		n.ok("delete", tags().Delete(&tag{ID: 1}))
		var names []string
		n.ok("pluck", db.Model(&tag{}).Joins("join book_tags on book_tags.tag_id = tags.id").Order("name").Pluck("name", &names).Error)
		n.want("names", names, []string{"lent", "short"})
		n.ok("clear", tags().Clear())
		n.want("none", tags().Count(), int64(0))
	}},
	{"create in batches", func(n *notes, db *gorm.DB) {
		books := make([]book, 250)
		for i := range books {
			books[i] = book{Title: "Volume", Pages: i}
		}
		created := db.CreateInBatches(books, 100)
		n.ok("create", created.Error)
		n.want("rows", created.RowsAffected, int64(250))
		n.see("first and last id", []uint{books[0].ID, books[249].ID})
		var sum int64
		n.ok("sum", db.Model(&book{}).Where("title = ?", "Volume").Select("sum(pages)").Row().Scan(&sum))
		n.want("pages", sum, int64(250*249/2))
	}},
	{"errors are translated", func(n *notes, db *gorm.DB) {
		n.fails("duplicate", db.Create(&shelf{Name: "poetry"}).Error, gorm.ErrDuplicatedKey)
		none := uint(4711)
		n.fails("no such shelf", db.Create(&book{Title: "Lost", ShelfID: &none}).Error, gorm.ErrForeignKeyViolated)
		n.fails("not found", db.First(&shelf{}, "name = ?", "none").Error, gorm.ErrRecordNotFound)
		n.fails("no such table", db.Exec("select * from no_such_table").Error)
		n.fails("nonsense", db.Exec("nonsense").Error)
	}},
	{"first or create", func(n *notes, db *gorm.DB) {
		for _, what := range []string{"created", "found"} {
			var s shelf
			r := db.Where(shelf{Name: "drama"}).FirstOrCreate(&s)
			n.ok(what, r.Error)
			n.see("rows", r.RowsAffected)
			n.see(what, s)
		}
		var s shelf
		n.ok("init", db.Where(shelf{Name: "maps"}).Attrs(shelf{Name: "atlases"}).FirstOrInit(&s).Error)
		n.want("name", s.Name, "atlases")
	}},
	{"soft delete", func(n *notes, db *gorm.DB) {
		r := db.Where("pages < ?", 50).Delete(&book{})
		n.ok("delete", r.Error)
		n.want("rows", r.RowsAffected, int64(50))
		n.want("visible", countOf(n, db, "pages < 50"), int64(0))
		n.want("there", countOf(n, db.Unscoped(), "pages < 50"), int64(50))
		n.ok("restore", db.Unscoped().Model(&book{}).Where("pages = 7").Update("deleted_at", nil).Error)
		n.want("restored", countOf(n, db, "pages < 50"), int64(1))
		n.ok("for good", db.Unscoped().Where("pages = 7").Delete(&book{}).Error)
	}},
}

// countOf counts the books that a condition leaves.
func countOf(n *notes, db *gorm.DB, where string) int64 {
	n.Helper()
	var count int64
	n.ok("count", db.Model(&book{}).Where(where).Count(&count).Error)
	return count
}

// TestGORMMigratesAnOpenDBOverPqOnlyThroughFluxor: GORM takes an open *sql.DB
// for pgx and puts an option of pgx's before the arguments.
func TestGORMMigratesAnOpenDBOverPqOnlyThroughFluxor(t *testing.T) {
	for _, w := range backends[0].ways(t) {
		db, err := gorm.Open(w.byConn(w.open(t)), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			t.Fatal(err)
		}
		first, second := db.AutoMigrate(&tag{}), db.AutoMigrate(&tag{})
		if first != nil || (second == nil) == (w.how == "bare") {
			t.Errorf("%s: the first migration said %v, the second %v", w.how, first, second)
		}
	}
}

// TestGORMsOwnOpenPassesDatabaseSQLBy: postgres.Open parses the DSN with pgx
// and dials itself, so that it refuses Fluxor's options.
func TestGORMsOwnOpenPassesDatabaseSQLBy(t *testing.T) {
	dsn := with(freshPostgres(t), "fluxor_max_open_conns=4")
	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard, DisableAutomaticPing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closeGORM(t, db)
	if err := db.Exec("select 1").Error; err == nil || !strings.Contains(err.Error(), "fluxor_max_open_conns") {
		t.Errorf("the server did not refuse an option of Fluxor's: %v", err)
	}
}
