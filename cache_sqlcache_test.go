// This file holds the query cache against the bugs of prashanthpai/sqlcache's, the nearest cache of its kind, and against readers who write into what they get.

package fluxor_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSqlcacheQueryRowNeverKept(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		before := k.c.CacheStats().Hits
		for range 20 {
			k.name(k.db, 1)
		}
		if n := k.c.CacheStats().Hits - before; n != 19 {
			k.t.Errorf("%d hits of 20, want 19", n)
		}
	})
}

func TestSqlcacheUncommittedRowsShown(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		tx := k.begin(k.db)
		k.exec(tx, "update items set name = 'UNCOMMITTED' where id = 1")
		for range 2 {
			k.wantOf(tx, "UNCOMMITTED", "bypass in-transaction")
		}
		k.sees("one")
		if err := tx.Rollback(); err != nil {
			k.t.Fatal(err)
		}
		k.sees("one")
	})
}

// blobs makes a table of 900 rows of bytes and asks for them; in binary it is
// what a prepared statement's are.
func (k *shelf) blobs() {
	k.t.Helper()
	kind := "bytea"
	if k.b.name == "mysql" {
		kind = "varbinary(40)"
	}
	k.exec(k.db, "create table blobs (id int primary key, v "+kind+")")
	for from := 0; from < 900; from += 100 {
		var rows []string
		for i := from; i < from+100; i++ {
			rows = append(rows, fmt.Sprintf("(%d, 'value-%06d')", i, i))
		}
		k.exec(k.db, "insert into blobs values "+strings.Join(rows, ", "))
	}
	k.learned()
}

func TestSqlcacheRowsOverwrittenByTheDriversBuffer(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.blobs()
		for round := range 3 {
			rows, err := k.db.QueryContext(k.t.Context(), "select id, v from blobs where id >= "+k.b.placeholder+" order by id", 0)
			if err != nil {
				k.t.Fatal(err)
			}
			n, wrong := 0, 0
			for rows.Next() {
				var id int
				var v sql.RawBytes
				if err := rows.Scan(&id, &v); err != nil {
					k.t.Fatal(err)
				}
				if string(v) != fmt.Sprintf("value-%06d", id) || id != n {
					wrong++
				}
				for i := range v {
					v[i] = 'Z' // a reader's right until the next row
				}
				n++
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 900 || wrong > 0 {
				k.t.Errorf("round %d: %d rows, %d wrong, %v", round, n, wrong, err)
			}
			k.exec(k.db, "select repeat('Z', 4000)") // through the same buffer
		}
		if s := k.c.CacheStats(); s.Hits < 2 {
			k.t.Errorf("%+v", s)
		}
	})
}

// meddler is a Scanner that keeps and changes what it gets.
type meddler struct{ got any }

func (m *meddler) Scan(v any) error {
	m.got = v
	if b, ok := v.([]byte); ok {
		for i := range b {
			b[i] = '#'
		}
	}
	return nil
}

func TestWhatAReaderWritesIntoHisValuesNobodyElseSees(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.exec(k.db, "create table kinds (b "+map[bool]string{true: "varbinary(9)", false: "bytea"}[k.b.name == "mysql"]+", s varchar(9), at timestamp null, f float, n int)")
		k.exec(k.db, "insert into kinds values ('bytes', 'text', '2026-01-02 03:04:05', 1.5, null)")
		k.learned()
		var first string
		for round := range 4 {
			rows, err := k.db.QueryContext(k.t.Context(), "select b, s, at, f, n from kinds")
			if err != nil {
				k.t.Fatal(err)
			}
			if !rows.Next() {
				k.t.Fatal(rows.Err())
			}
			columns, err := rows.Columns()
			if err != nil {
				k.t.Fatal(err)
			}
			seen := fmt.Sprint(columns)
			for i := range columns {
				columns[i] = "mine"
			}
			var b []byte
			var s sql.NullString
			var at any
			var f sql.NullFloat64
			var n sql.NullInt64
			if err := rows.Scan(&b, &s, &at, &f, &n); err != nil {
				k.t.Fatal(err)
			}
			if own, ok := at.([]byte); ok {
				at = string(own)
				clear(own)
			}
			seen += fmt.Sprint(string(b), s, at, f, n)
			clear(b)
			s.String, f.Float64 = "mine", 9
			var m1, m2 meddler
			if err := rows.Scan(&m1, &m2, new(any), new(any), new(any)); err != nil {
				k.t.Fatal(err)
			}
			if err := rows.Close(); err != nil {
				k.t.Fatal(err)
			}
			if first == "" {
				first = seen
			}
			if seen != first {
				k.t.Errorf("round %d: %s, first %s", round, seen, first)
			}
		}
		if n := k.c.CacheStats().Hits; n < 3 {
			k.t.Errorf("%d hits", n)
		}
	})
}

// typesOf are columns of all kinds, as expressions, and what they are cast to.
func typesOf(name string) []string {
	if name == "mysql" {
		return strings.Split("tinyint,smallint,mediumint,int,bigint unsigned,float,double,decimal(12 3),char(5),varchar(7),binary(3),varbinary(8),tinytext,text,longtext,tinyblob,blob,date,time(3),datetime(6),timestamp(2) null,year,bit(9),enum('a' 'b'),set('a' 'b'),json,boolean,geometry", ",")
	}
	return strings.Split("smallint,integer,bigint,real,double precision,numeric(12 3),numeric,money,char(5),varchar(7),text,bytea,date,time,time with time zone,timestamp(3),timestamptz,interval,boolean,uuid,json,jsonb,xml,inet,cidr,macaddr,bit(3),bit varying(9),int[],text[],point,box,tsvector,int4range,oid,name,\"char\",pg_lsn", ",")
}

func TestEachColumnTypeIsTheSameKeptAndFresh(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		var defs, names []string
		for i, kind := range typesOf(k.b.name) {
			names = append(names, fmt.Sprintf("c%d", i))
			defs = append(defs, names[i]+" "+strings.ReplaceAll(strings.ReplaceAll(kind, "(12 3)", "(12,3)"), "'a' 'b'", "'a','b'"))
		}
		k.exec(k.bare, "create table kinds ("+strings.Join(defs, ", ")+")")
		k.exec(k.bare, "insert into kinds (c0) values (1)")
		k.exec(k.db, "create table other (id int)") // has the schema asked for again
		k.learned()
		text := "select " + strings.Join(names, ", ") + " from kinds"
		want := k.describe(k.bare, text)
		for round := range 3 {
			if got := k.describe(k.db, text); !slices.Equal(got, want) {
				k.t.Errorf("round %d:\n%s\nthe bare driver:\n%s", round, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		if n := k.c.CacheStats().Hits; n < 2 {
			k.t.Errorf("%d hits: %+v, %+v", n, k.c.ExplainCache(text), k.c.CacheStats())
		}
	})
}

// describe is all that database/sql says of an answer, column by column, and the
// values.
func (k *shelf) describe(db *sql.DB, text string, args ...any) []string {
	k.t.Helper()
	rows, err := db.QueryContext(k.t.Context(), text, args...)
	if err != nil {
		k.t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	kinds, err := rows.ColumnTypes()
	if err != nil {
		k.t.Fatal(err)
	}
	var out []string
	for _, c := range kinds {
		length, hasLength := c.Length()
		precision, scale, decimal := c.DecimalSize()
		nullable, known := c.Nullable()
		out = append(out, fmt.Sprint(c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength, precision, scale, decimal, nullable, known))
	}
	for rows.Next() {
		values := make([]any, len(kinds))
		dest := make([]any, len(kinds))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			k.t.Fatal(err)
		}
		for i, v := range values {
			if at, ok := v.(time.Time); ok {
				v = at.String()
			}
			out[i] += fmt.Sprintf(" %T %v", v, v)
		}
	}
	if err := rows.Err(); err != nil {
		k.t.Fatal(err)
	}
	return out
}
