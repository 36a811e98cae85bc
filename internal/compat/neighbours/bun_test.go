// This file runs bun: tables, relations, bulk inserts, upserts, transactions.

package neighbours

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
)

type (
	author struct {
		bun.BaseModel `bun:"table:authors,alias:a"`

		ID      int64    `bun:"id,pk,autoincrement"`
		Name    string   `bun:"name,notnull,unique,type:varchar(50)"`
		Stories []*story `bun:"rel:has-many,join:id=author_id"`
	}
	story struct {
		bun.BaseModel `bun:"table:stories,alias:s"`

		ID       int64             `bun:"id,pk,autoincrement"`
		Title    string            `bun:"title,notnull,type:varchar(100)"`
		Words    int               `bun:"words"`
		Extra    map[string]string `bun:"extra,type:json"`
		At       time.Time         `bun:"at,nullzero"`
		AuthorID int64             `bun:"author_id"`
		Author   *author           `bun:"rel:belongs-to,join:author_id=id"`
		Topics   []topic           `bun:"m2m:story_topics,join:Story=Topic"`
	}
	topic struct {
		bun.BaseModel `bun:"table:topics,alias:t"`

		ID   int64  `bun:"id,pk,autoincrement"`
		Name string `bun:"name,type:varchar(50),unique"`
	}
	storyTopic struct {
		bun.BaseModel `bun:"table:story_topics,alias:st"`

		StoryID int64  `bun:"story_id,pk"`
		Story   *story `bun:"rel:belongs-to,join:story_id=id"`
		TopicID int64  `bun:"topic_id,pk"`
		Topic   *topic `bun:"rel:belongs-to,join:topic_id=id"`
	}
)

func TestBunDoesNotNoticeFluxor(t *testing.T) {
	tool[*bun.DB]{name: "bun", open: openBun, scenarios: bunScenarios}.run(t)
}

func openBun(t *testing.T, w way) *bun.DB {
	t.Helper()
	dialects := map[string]func() schema.Dialect{
		kindPostgres: func() schema.Dialect { return pgdialect.New() },
		kindMySQL:    func() schema.Dialect { return mysqldialect.New() },
		kindSQLite:   func() schema.Dialect { return sqlitedialect.New() },
	}
	db := bun.NewDB(w.open(t), dialects[w.kind]())
	db.RegisterModel((*storyTopic)(nil))
	return db
}

var bunScenarios = []scenario[*bun.DB]{
	{"create tables", func(n *notes, db *bun.DB) {
		for _, model := range []any{(*author)(nil), (*story)(nil), (*topic)(nil), (*storyTopic)(nil)} {
			for range 2 {
				_, err := db.NewCreateTable().Model(model).IfNotExists().Exec(n.Context())
				n.ok("table", err)
			}
		}
		_, err := db.NewCreateIndex().Model((*story)(nil)).Index("by_words").Column("words").Exec(n.Context())
		n.ok("index", err)
	}},
	{"insert", func(n *notes, db *bun.DB) {
		a := author{Name: "O'Hara \\ ? \"quoted\""}
		_, err := db.NewInsert().Model(&a).Exec(n.Context())
		n.ok("one", err)
		n.see("author", a)
		stories := make([]story, 120)
		for i := range stories {
			stories[i] = story{Title: "Story", Words: i, AuthorID: a.ID, At: noon(), Extra: map[string]string{"lang": "en"}}
		}
		result, err := db.NewInsert().Model(&stories).Exec(n.Context())
		n.ok("bulk", err)
		rows, err := result.RowsAffected()
		n.ok("rows", err)
		n.want("rows", rows, int64(120))
		_, err = db.NewInsert().Model(&[]topic{{Name: "sea"}, {Name: "war"}}).Exec(n.Context())
		n.ok("topics", err)
		_, err = db.NewInsert().Model(&[]storyTopic{{StoryID: 1, TopicID: 1}, {StoryID: 1, TopicID: 2}}).Exec(n.Context())
		n.ok("join table", err)
	}},
	{"relations", func(n *notes, db *bun.DB) {
		var a author
		n.ok("has many", db.NewSelect().Model(&a).Relation("Stories", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("words < ?", 3).Order("words")
		}).Where("a.name LIKE ?", "O'Hara%").Scan(n.Context()))
		n.want("stories", len(a.Stories), 3)
		n.see("author", a)
		var s story
		n.ok("belongs to", db.NewSelect().Model(&s).Relation("Author").Relation("Topics").Where("s.id = ?", 1).Scan(n.Context()))
		n.want("topics", len(s.Topics), 2)
		n.see("story", s)
	}},
	{"select", func(n *notes, db *bun.DB) {
		var titles []string
		count, err := db.NewSelect().Model((*story)(nil)).Column("title").Where("words IN (?)", bun.List([]int{5, 6, 7})).ScanAndCount(n.Context(), &titles)
		n.ok("scan", err)
		n.want("count", count, int64(3))
		var rows []map[string]any
		n.ok("maps", db.NewSelect().Table("stories").Column("id", "title", "words").Order("id").Limit(2).Scan(n.Context(), &rows))
		for _, row := range rows {
			n.row("row", row)
		}
		exists, err := db.NewSelect().Model((*author)(nil)).Where("id = ?", 4711).Exists(n.Context())
		n.ok("exists", err)
		n.want("exists", exists, false)
		var sum int
		n.ok("raw", db.NewRaw("SELECT sum(words) FROM ? WHERE author_id = ?", bun.Ident("stories"), 1).Scan(n.Context(), &sum))
		n.want("sum", sum, 120*119/2)
	}},
	{"upsert", func(n *notes, db *bun.DB) {
		q := db.NewInsert().Model(&topic{ID: 1, Name: "ocean"})
		if n.way.kind == kindMySQL {
			q = q.On("DUPLICATE KEY UPDATE")
		} else {
			q = q.On("CONFLICT (id) DO UPDATE").Set("name = EXCLUDED.name")
		}
		_, err := q.Exec(n.Context())
		n.ok("upsert", err)
		_, err = db.NewInsert().Model(&topic{ID: 1, Name: "lake"}).Ignore().Exec(n.Context())
		n.ok("ignore", err)
		var names []string
		n.ok("names", db.NewSelect().Model((*topic)(nil)).Column("name").Order("name").Scan(n.Context(), &names))
		n.want("names", names, []string{"ocean", "war"})
	}},
	{"update and delete", func(n *notes, db *bun.DB) {
		s := story{ID: 2, Title: "Renamed", Words: 9000}
		_, err := db.NewUpdate().Model(&s).Column("title", "words").WherePK().Exec(n.Context())
		n.ok("update", err)
		_, err = db.NewUpdate().Model((*story)(nil)).Set("words = words + ?", 1).Where("words < ?", 10).Exec(n.Context())
		n.ok("add", err)
		result, err := db.NewDelete().Model((*story)(nil)).Where("words >= ?", 100).Exec(n.Context())
		n.ok("delete", err)
		rows, err := result.RowsAffected()
		n.ok("rows", err)
		n.want("deleted", rows, int64(21))
	}},
	{"transactions", func(n *notes, db *bun.DB) {
		n.fails("rolled back", db.RunInTx(n.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&author{Name: "never"}).Exec(ctx)
			n.ok("insert", err)
			return errStop
		}), errStop)
		n.ok("committed", db.RunInTx(n.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable}, func(ctx context.Context, tx bun.Tx) error {
			n.fails("savepoint", tx.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewInsert().Model(&author{Name: "inner"}).Exec(ctx)
				n.ok("insert", err)
				return errStop
			}), errStop)
			_, err := tx.NewInsert().Model(&author{Name: "outer"}).Exec(ctx)
			return err
		}))
		var names []string
		n.ok("names", db.NewSelect().Model((*author)(nil)).Column("name").Where("id > 1").Scan(n.Context(), &names))
		n.want("names", names, []string{"outer"})
	}},
	{"rows, connections and errors", func(n *notes, db *bun.DB) {
		rows, err := db.NewSelect().Model((*story)(nil)).Order("words").Limit(4).Rows(n.Context())
		n.ok("rows", err)
		for rows.Next() {
			var s story
			n.ok("scan", db.ScanRow(n.Context(), rows, &s))
			n.see("story", s)
		}
		n.ok("end", errors.Join(rows.Err(), rows.Close()))
		c, err := db.Conn(n.Context())
		n.ok("conn", err)
		var one int
		n.ok("on it", c.NewRaw("SELECT 1").Scan(n.Context(), &one))
		n.ok("close", c.Close())
		_, err = db.NewInsert().Model(&author{Name: "outer"}).Exec(n.Context())
		n.fails("duplicate", err)
		n.fails("none", db.NewSelect().Model(&author{}).Where("id = 4711").Scan(n.Context()), sql.ErrNoRows)
		over, cancel := context.WithCancel(n.Context())
		cancel()
		n.ends("over", db.NewSelect().Model(&author{}).Limit(1).Scan(over), context.Canceled)
	}},
}
