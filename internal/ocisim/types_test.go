//go:build unix && cgo

// This file tests Oracle's data types: what is stored comes back, and is described.

package ocisim_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

const allTypes = `create table everything (id number(10) primary key, n number, d number(10,2), f binary_double,
	v varchar2(50 char) not null, c char(3), dt date, ts timestamp(6), tz timestamp(6) with time zone,
	i interval day to second, r raw(16), cl clob, bl blob, created date default sysdate)`

func TestValuesOfEveryTypeComeBack(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, allTypes)
	day := time.Date(2024, 2, 29, 10, 20, 30, 0, time.UTC)
	when := time.Date(2026, 11, 23, 5, 47, 4, 123456000, time.UTC)
	zoned := when.In(time.FixedZone("", 2*3600))
	pause := 26*time.Hour + 3*time.Second
	text, binary := strings.Repeat("žluť", 50000), bytes.Repeat([]byte{0, 1, 2, 255}, 40000)
	exec(t, db, `insert into everything (id,n,d,f,v,c,dt,ts,tz,i,r,cl,bl) values (:1,:2,:3,:4,:5,:6,:7,:8,:9,:10,:11,:12,:13)`,
		1, 123456789012, 12.25, 2.5, "Zoë", "abc", day, when, zoned, pause, []byte{1, 2, 0xfe}, text, binary)
	var (
		id                      int64
		n, d, v, c, cl          string
		f                       float64
		dt, ts, tz, created     time.Time
		i                       time.Duration
		r, bl                   []byte
		row                     = db.QueryRowContext(t.Context(), "select * from everything where id = :1", 1)
		sameText, sameBin, near bool
	)
	if err := row.Scan(&id, &n, &d, &f, &v, &c, &dt, &ts, &tz, &i, &r, &cl, &bl, &created); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(id, n, d, f, v, c, r, dt.Equal(day), ts.Equal(when), tz.Equal(zoned), i)
	want := fmt.Sprint(1, "123456789012", "12.25", 2.5, "Zoë", "abc", []byte{1, 2, 0xfe}, true, true, true, pause)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	sameText, sameBin, near = cl == text, bytes.Equal(bl, binary), time.Since(created).Abs() < time.Minute
	if !sameText || !sameBin || !near {
		t.Errorf("CLOB %v, BLOB %v, DEFAULT SYSDATE %v", sameText, sameBin, created)
	}
}

func TestNullComesBackAsNull(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, allTypes, "insert into everything (id, v) values (-77, 'only')")
	var n, d sql.NullFloat64
	var at, zoned sql.NullTime
	err := db.QueryRowContext(t.Context(), "select n, d, dt, tz from everything").Scan(&n, &d, &at, &zoned)
	if err != nil || n.Valid || d.Valid || at.Valid || zoned.Valid {
		t.Error(n, d, at, zoned, err)
	}
}

func TestTheEmptyStringIsNull(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (v varchar2(10))")
	exec(t, db, "insert into t values (:1)", "")
	run(t, db, "insert into t values ('')")
	for query, want := range map[string]string{
		"select count(*) from t where v is null":                      "2",
		"select count(*) from t where v = ''":                         "0",
		"select nvl('', 'null') from dual":                            "null",
		"select 'a' || null || 'b' from dual":                         "ab",
		"select length('') || 'x' from dual":                          "x",
		"select case when trim('  ') is null then 1 end from dual":    "1",
		"select decode(null, null, 'equal', 'different') from dual":   "equal",
		"select coalesce(substr('abc', 4), 'nothing left') from dual": "nothing left",
	} {
		if got := one[string](t, db, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestNumbersAreWrittenAsOracleWritesThem(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	for number, want := range map[string]string{
		"0": "0", "1": "1", "-1": "-1", "100": "100", "0.5": "0.5", "-12.25": "-12.25", "1e3": "1000", "123456789012345": "123456789012345",
		"9223372036854775807": "9223372036854775807", "1/4": "0.25", "7/2": "3.5", "4/2": "2", "10 - 2 - 3": "5", "2 + 3 * 4": "14", "-(2 + 3)": "-5",
		"0.00001": "0.00001", "1/3*3": "1", "'5' + 1": "6", "mod(-7, 3)": "-1", "round(2.5)": "3", "trunc(-2.7)": "-2", "power(2, 10)": "1024",
	} {
		if got := one[string](t, db, "select "+number+" from dual"); got != want {
			t.Errorf("%s is written %q, want %q", number, got, want)
		}
	}
}

func TestNumbersAreRoundedToTheirScaleAndRefusedBeyondTheirPrecision(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (n number(5,2), i number(3), w number)")
	exec(t, db, "insert into t values (:1, :2, :3)", 12.345, 7.5, 12.345)
	var n, i, w string
	if err := db.QueryRowContext(t.Context(), "select n, i, w from t").Scan(&n, &i, &w); err != nil {
		t.Fatal(err)
	}
	if n != "12.35" || i != "8" || w != "12.345" {
		t.Errorf("NUMBER(5,2) %s, NUMBER(3) %s, NUMBER %s", n, i, w)
	}
	refuses(t, db, 1438, "insert into t (n) values (1000)")
	refuses(t, db, 1438, "update t set i = 1000")
	run(t, db, "insert into t (n, i) values (-999.99, 999)", "create table wide (n number(18))", "insert into wide values (999999999999999999)")
	if n := one[int64](t, db, "select n from wide"); n != 999999999999999999 {
		t.Errorf("NUMBER(18) %d", n)
	}
}

func TestStringsLongerThanTheirColumnAreRefused(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (b varchar2(4), c varchar2(4 char), r raw(2))")
	exec(t, db, "insert into t (b, c, r) values (:1, :2, :3)", "abcd", "žluť", []byte{1, 2})
	refuses(t, db, 12899, "insert into t (b) values ('abcde')")
	refuses(t, db, 12899, "insert into t (b) values ('žluť')")
	refuses(t, db, 12899, "update t set c = 'žluťo'")
	refuses(t, db, 12899, "insert into t (r) values (:1)", []byte{1, 2, 3})
	_, err := db.ExecContext(t.Context(), "insert into t (b) values ('abcde')")
	if want := `value too large for column "SCOTT"."T"."B" (actual: 5, maximum: 4)`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestColumnsAreDescribedAsDeclared(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, allTypes)
	rows, err := db.QueryContext(t.Context(), "select id, n, d, f, v, c, dt, ts, tz, i, r, cl, bl from everything")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // there are none
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range types {
		got = append(got, c.Name()+" "+c.DatabaseTypeName())
	}
	want := "ID NUMBER,N NUMBER,D NUMBER,F DOUBLE,V VARCHAR2,C CHAR,DT DATE,TS TIMESTAMP,TZ TIMESTAMP WITH TIME ZONE," +
		"I INTERVAL DAY TO SECOND,R RAW,CL CLOB,BL BLOB"
	if s := strings.Join(got, ","); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if p, s, ok := types[2].DecimalSize(); p != 10 || s != 2 || !ok {
		t.Errorf("NUMBER(10,2) is described as (%d,%d) %v", p, s, ok)
	}
	if n, ok := types[4].Length(); n != 50 || !ok {
		t.Errorf("VARCHAR2(50) is described with length %d, %v", n, ok)
	}
}

func TestLOBsAreReadAndWrittenAsStreams(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (c clob, b blob)")
	text := strings.Repeat("Příliš žluťoučký ", 20000)
	exec(t, db, "insert into t values (:1, :2)", godror.Lob{IsClob: true, Reader: strings.NewReader(text)},
		godror.Lob{Reader: bytes.NewReader(bytes.Repeat([]byte{9}, 100000))})
	rows, err := db.QueryContext(t.Context(), "select c, b from t", godror.LobAsReader())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // read to the end
	var c, b any
	for rows.Next() {
		if err := rows.Scan(&c, &b); err != nil {
			t.Fatal(err)
		}
		clob, err := io.ReadAll(c.(*godror.Lob))
		if err != nil || string(clob) != text {
			t.Errorf("CLOB of %d bytes, want %d: %v", len(clob), len(text), err)
		}
		blob, err := io.ReadAll(b.(*godror.Lob))
		if err != nil || len(blob) != 100000 {
			t.Errorf("BLOB of %d bytes: %v", len(blob), err)
		}
	}
	if err := rows.Err(); err != nil || c == nil {
		t.Error(c, err)
	}
}
