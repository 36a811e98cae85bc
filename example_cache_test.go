// This file is the code of docs/CACHE.md and of the README's part on the query cache; it runs on SQLite.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
)

// stock is a database with a table of items, open through Fluxor and bare.
type stock struct {
	db, bare *sql.DB
	c        *fluxor.Connector
	dir      string
}

// openStock makes the database and waits until its schema is known.
func openStock(options string) *stock {
	dir, err := os.MkdirTemp("", "fluxor-cache")
	must(err)
	dsn := filepath.Join(dir, "stock.db")
	s := &stock{dir: dir}
	s.bare, err = sql.Open("sqlite", dsn)
	must(err)
	for _, text := range []string{"create table item (id integer primary key, name text)", "insert into item values (7, 'bolt')"} {
		_, err = s.bare.Exec(text)
		must(err)
	}
	s.db, err = sql.Open("fluxor", dsn+"?"+options)
	must(err)
	s.c, err = fluxor.FromDB(s.db)
	must(err)
	must(s.c.LearnSchema(context.Background()))
	return s
}

// elsewhere runs a statement without Fluxor, as another program does.
func (s *stock) elsewhere(text string) {
	_, err := s.bare.Exec(text)
	must(err)
}

func (s *stock) close() {
	_ = s.db.Close()
	_ = s.bare.Close()
	_ = os.RemoveAll(s.dir)
}

// ask says what the item 7 is called, and where the answer came from.
func (s *stock) ask(ctx context.Context, text string) {
	ctx, info := fluxor.CacheInfo(ctx)
	var name string
	must(s.db.QueryRowContext(ctx, text, 7).Scan(&name))
	fmt.Println(strings.TrimSpace(name + " " + info.Status + " " + info.Why))
}

const byID = "select name from item where id = ?"

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func Example_cache() {
	s := openStock("fluxor_cache=all")
	defer s.close()
	db := s.db

	ctx, info := fluxor.CacheInfo(context.Background())
	for range 2 {
		var name string
		if err := db.QueryRowContext(ctx, "select name from item where id = ?", 7).Scan(&name); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, info.Status, info.Why)
	}
	// Output:
	// bolt miss not-there
	// bolt hit
}

func Example_cacheWrite() {
	s := openStock("fluxor_cache=all")
	defer s.close()
	ctx := context.Background()

	s.ask(ctx, byID)
	s.ask(ctx, byID)
	_, err := s.db.ExecContext(ctx, "update item set name = 'nut' where id = 7")
	must(err)
	s.ask(ctx, byID)
	// Output:
	// bolt miss not-there
	// bolt hit
	// nut miss overtaken
}

func Example_cacheHint() {
	s := openStock("fluxor_cache=hint")
	defer s.close()
	ctx := context.Background()

	const hinted = "/* fluxor:cache ttl=30s tags=catalogue */ select name from item where id = ?"

	s.ask(ctx, byID)
	s.ask(ctx, hinted)
	s.ask(ctx, hinted)
	// Output:
	// bolt bypass not-asked-for
	// bolt miss not-there
	// bolt hit
}

func Example_cacheContext() {
	s := openStock("fluxor_cache=all")
	defer s.close()
	db, ctx := s.db, context.Background()
	s.ask(ctx, byID)
	s.elsewhere("update item set name = 'nut' where id = 7")
	s.ask(ctx, byID)

	var name string
	err := db.QueryRowContext(fluxor.NoCache(ctx), byID, 7).Scan(&name) // from the database; what is kept stays
	if err != nil {
		log.Fatal(err)
	}
	err = db.QueryRowContext(fluxor.Refresh(ctx), byID, 7).Scan(&name) // from the database, and kept anew
	if err != nil {
		log.Fatal(err)
	}

	s.ask(ctx, byID)
	// Output:
	// bolt miss not-there
	// bolt hit
	// nut hit
}

func Example_cacheInvalidation() {
	s := openStock("fluxor_cache=all")
	defer s.close()
	db, ctx := s.db, context.Background()

	c, err := fluxor.FromDB(db)
	if err != nil {
		log.Fatal(err)
	}

	for _, end := range []func(){
		func() {
			c.InvalidateTags("item") // a table, or a tag of hints and rules
		},
		func() {
			c.InvalidateStatement("select name from item where id = ?") // with any arguments
		},
		func() {
			c.InvalidateCache() // everything
		},
	} {
		s.ask(ctx, byID)
		s.ask(ctx, byID)
		end()
	}
	// Output:
	// bolt miss not-there
	// bolt hit
	// bolt miss overtaken
	// bolt hit
	// bolt miss overtaken
	// bolt hit
}

func Example_cacheStaleIfError() {
	s := openStock("fluxor_cache=all&fluxor_cache_ttl=1ns&fluxor_cache_stale_if_error=10m")
	defer s.close()
	ctx := context.Background()

	s.ask(ctx, byID)
	s.c.ForceCircuitBreaker(fluxor.CircuitBreakerForcedOpen) // as when the database is away
	s.ask(ctx, byID)
	// Output:
	// bolt miss not-there
	// bolt stale database-unavailable
}

func Example_cacheExplain() {
	s := openStock("fluxor_cache=all")
	defer s.close()
	c := s.c

	for _, text := range []string{"select name from item", "update item set name = ?", "select random()"} {
		v := c.ExplainCache(text)
		fmt.Println(v.Kept, v.Why, v.Reads, v.Writes)
	}

	// Output:
	// true  [item] []
	// false changes-tables [] [item]
	// false reads-clock [] []
}

func Example_cacheBuilder() {
	config := fluxor.NewConfigBuilder().
		WithDatabaseType(fluxor.DatabaseTypePostgreSQL).
		WithDSN("postgres://app:secret@legacy/erp").
		WithCache("rules", 30*time.Second, 64<<20).
		WithCacheRules("table=orders,customers ttl=10s rows=200; table=*_log off").
		WithCacheStale(10*time.Minute, 5*time.Second).
		Build()

	fmt.Println(config.Validate(), config.Cache, config.CacheRules)
	// Output: <nil> rules table=orders,customers ttl=10s rows=200; table=*_log off
}
