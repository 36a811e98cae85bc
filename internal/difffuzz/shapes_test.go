// This file is the reads that all databases understand, and how one is spelt differently.

package difffuzz

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// newRead makes a read.
func (g *generator) newRead() query {
	shapes := g.d.reads
	all := 0
	for _, s := range shapes {
		all += s.weight
	}
	n := g.rng.IntN(all)
	for _, s := range shapes {
		if n -= s.weight; n < 0 {
			f := filler{g: g, chosen: map[string]string{}}
			text, args := f.fill(s.text)
			return query{s.verb, text, args}
		}
	}
	panic("no shape")
}

// shapes are reads of any database.
var shapes = []shape{
	{6, read, "select * from {r}"},
	{3, ordered, "select id, n, s from {r} order by id, n, s, ref"},
	{4, read, "select id, n, s, ref from {r} where id = {?id}"},
	{3, read, "select s, n from {r} where n = {?n}"},
	{3, read, "select id, s from {r} where s = {?s}"},
	{4, read, "select count(*), sum(id), max(n), min(s) from {r}"},
	{3, read, "select a.id, a.n, b.s from {r} a join {q} b on a.id = b.ref"},
	{3, read, "select a.id, b.n from {r} a left join {q} b on a.ref = b.id where a.id < {?id}"},
	{2, read, "select id from {r} where id in (select ref from {q})"},
	{2, read, "select id from {r} a where not exists (select 1 from {q} b where b.id = a.id)"},
	{2, read, "with x as (select id, n from {r} where id > {?id}) select count(*), max(n) from x"},
	{2, read, "select id, n from {r} union all select ref, n from {q}"},
	{2, read, "select (select count(*) from {r}) as a, (select max(id) from {q}) as b"},
	{2, read, "select n, count(*) from {r} group by n"},
	{2, ordered, "select id, n from {r} where id > {?id} order by id, n, ref limit 3"},
	{2, ordered, "select id, row_number() over (order by id, n) from {r} where id > {?id} order by id, n"},
	{1, read, "with recursive x(i) as (select 1 union all select i + 1 from x where i < {id}) select count(*) from x, {r}"},
	{1, read, "select id, case when s is null then 'null' when s = '' then 'empty' else s end from {r}"},
	{2, read, "select 1 as one, {s}, {n}, 'a'"},
	{1, read, "select id, 'a' || s from {r} where s <> 'b'"},
	{1, read, "select id as \"ID\", n as Odd from {r}"},
	{1, read, "select * from (select id, n from {r}) x where n > {?n}"},
}

// respelt is the same read in another spelling, or with another literal.
func (g *generator) respelt(q query) query {
	switch g.rng.IntN(9) {
	case 0:
		q.text = strings.ReplaceAll(q.text, "select", "SELECT")
	case 1:
		q.text = "/* a comment */ " + q.text
	case 2:
		q.text += " -- the end"
	case 3:
		q.text = strings.ReplaceAll(q.text, " from ", "\n\tfrom  ")
	case 4:
		q.text = strings.ReplaceAll(q.text, "'a'", "'A'")
	case 5:
		q.text = "/* fluxor:cache ttl=30s */ " + q.text
	case 6:
		q.text = strings.ReplaceAll(q.text, "select ", "select /* fluxor:nocache */ ")
	case 7:
		q.text = strings.ReplaceAll(q.text, "''", "null")
	case 8:
		q.text += ";"
	}
	return q
}

// twin is another read that looks much the same.
func (g *generator) twin(q query) query {
	if len(q.args) == 0 {
		upper := strings.NewReplacer("'a'", "'A'", "'A'", "'a'", "'b'", "'B'", "'up'", "'UP'", "''", "' '", "'a", "'A")
		q.text = upper.Replace(q.text)
		return q
	}
	q.args = slices.Clone(q.args)
	i := g.rng.IntN(len(q.args))
	switch v := q.args[i].(type) {
	case nil:
		q.args[i] = one(g, []any{"<nil>", "", int64(0)})
	case string:
		q.args[i] = one(g, []any{[]byte(v), nil, strings.ToUpper(v), word(v)})
	case int64:
		q.args[i] = one(g, []any{strconv.FormatInt(v, 10), float64(v), v + 1, v == 1})
	case bool:
		q.args[i] = one(g, []any{"true", int64(1)})
	case float64:
		q.args[i] = one(g, []any{-v, int64(1), fmt.Sprint(v)})
	case []byte:
		q.args[i] = one(g, []any{string(v), []byte(nil), []byte{}})
	case time.Time:
		q.args[i] = v.In(time.FixedZone("", one(g, []int{0, 3600, -7200})))
	case sql.NullString, sql.NullInt64, json.RawMessage:
		q.args[i] = one(g, odd)
	default:
		q.args[i] = fmt.Sprint(v)
	}
	return q
}

// changes are what programs do most: they show what views, keys and triggers
// make of a write, once the cache knows of them.
var changes = []recipe{
	{14, []string{"{insert:{t}}"}},
	{8, []string{"update {t} set n = {?n} where id = {?id}"}},
	{4, []string{"update {t} set {extra:{t}} where id < {?id}"}},
	{4, []string{"update {t} set s = {?s}, ref = {?id} where id >= {?id}"}},
	{3, []string{"update {p} set id = id + 20 where id = {?id}"}},
	{8, []string{"delete from {t} where id = {?id}"}},
	{2, []string{"delete from {t}"}},
	{3, []string{"insert into {t} (id, n, s) select id + 30, n, s from {u} where id < {?id}"}},
	{5, []string{"update {v} set n = {?n} where id = {?id}"}},
	{3, []string{"insert into {v} (id, n, s) values ({?id}, {?n}, {?s})"}},
	{3, []string{"delete from {v} where id = {?id}"}},
	{2, []string{"insert into log1 (what) values ({?s})"}},
}

// sharedWrites are further writes of any database.
var sharedWrites = []recipe{
	{2, []string{"alter table {t} add column {c} {kind}"}},
	{2, []string{"alter table {t} drop column {c}"}},
	{2, []string{"alter table {t} add column x9 {kind}", "read: select * from {t}", "alter table {t} drop column x9"}},
	{1, []string{"alter table {p} rename to tmp9", "read: select * from {p}", "alter table tmp9 rename to {p}"}},
	{1, []string{"alter table {t} rename column s to s9", "read: select * from {t}", "alter table {t} rename column s9 to s"}},
	{2, []string{"drop view if exists {v}"}},
	{4, []string{"run: insert into {t} (n, s) values ({?n}, {?s}) returning id"}},
	{3, []string{"fresh: insert into log1 (what) values ({s}) returning id"}},
	{2, []string{"raw: update {p} set n = {n} where id = {id}"}},
	{2, []string{"raw: insert into {p} (n, s) values ({n}, {s})"}},
}
