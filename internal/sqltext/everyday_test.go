// This file holds what applications and their libraries send every day, which must not be feared.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestEverydayStatementsOfPostgres(t *testing.T) { judged(t, sqltext.PostgreSQL, everydayPostgres) }
func TestEverydayStatementsOfMySQL(t *testing.T)    { judged(t, sqltext.MySQL, everydayMySQL) }
func TestEverydayStatementsOfSQLite(t *testing.T)   { judged(t, sqltext.SQLite, everydaySQLite) }
func TestEverydayStatementsOfOracle(t *testing.T)   { judged(t, sqltext.Oracle, everydayOracle) }

var everydayPostgres = []trap{
	// GORM.
	{`SELECT * FROM "users" WHERE "users"."deleted_at" IS NULL AND "users"."id" = $1 ORDER BY "users"."id" LIMIT $2`, pure, sqltext.OneRead, "ns", "users"},
	{`INSERT INTO "users" ("created_at","name") VALUES ($1,$2) ON CONFLICT ("id") DO UPDATE SET "name"="excluded"."name" RETURNING "id"`, write, sqltext.Changes, "n", "users"},
	{`UPDATE "users" SET "name"=$1,"updated_at"=$2 WHERE id = $3 AND "users"."deleted_at" IS NULL`, write, sqltext.Changes, "n", "users"},
	{`SELECT count(*) FROM "users" JOIN "orders" "o" ON o.user_id = users.id WHERE o.total > $1`, pure, sqltext.OneRead, "ns", "users orders"},
	{`SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = $1 AND table_type = $2`, session, sqltext.Settings, "n", "tables"},
	{`SELECT c.column_name, c.is_nullable = 'YES', c.udt_name, c.character_maximum_length FROM information_schema.columns AS c WHERE table_catalog = $1`, pure, sqltext.Catalog, "n", "columns"},
	{`SELECT * FROM "users" FOR UPDATE OF "users"`, write, sqltext.Locks, "n", "users"},
	// ent.
	{`SELECT "users"."id", "users"."age" FROM "users" WHERE "users"."id" IN (SELECT "cars"."owner_id" FROM "cars" WHERE "cars"."model" = $1) LIMIT 2`, pure, sqltext.OneRead, "ns", "users cars"},
	{`SELECT COUNT(DISTINCT "users"."id") FROM "users"`, pure, sqltext.OneRead, "ns", "users"},
	// bun.
	{`WITH "_data" ("id", "name") AS (VALUES (1::BIGINT, 'x'::VARCHAR)) UPDATE "books" AS "book" SET "name" = _data."name" FROM _data WHERE (("book"."id" = _data."id"))`, write, sqltext.Changes, "n", "books"},
	{`SELECT "u"."id", "profile"."id" AS "profile__id" FROM "users" AS "u" LEFT JOIN "profiles" AS "profile" ON ("profile"."user_id" = "u"."id") ORDER BY "u"."id" DESC NULLS LAST LIMIT 10`, pure, sqltext.OneRead, "ns", "users profiles"},
	// sqlc, sqlx.
	{"-- name: GetAuthor :one\nSELECT id, name, bio FROM authors\nWHERE id = $1 LIMIT 1", pure, sqltext.OneRead, "ns", "authors"},
	{"-- name: ListByIDs :many\nSELECT id FROM authors WHERE id = ANY($1::int[]) ORDER BY array_position($1::int[], id)", pure, sqltext.OneRead, "ns", "authors"},
	{"INSERT INTO venue (slug, created_at) VALUES ($1, NOW()) RETURNING id", write, sqltext.Changes, "n", "venue"},
	{"SELECT a.*, row_number() OVER (PARTITION BY b ORDER BY c DESC) AS n FROM t a WHERE a.created > now() - interval '1 day'", pure, sqltext.Clock, "n", "t"},
	{"SELECT date_trunc('day', created_at), count(*) FILTER (WHERE ok), sum(x)::float8 / NULLIF(count(*), 0) FROM e GROUP BY 1 HAVING count(*) > 1 ORDER BY 1", pure, sqltext.OneRead, "ns", "e"},
	{"SELECT coalesce(json_agg(json_build_object('id', b.id) ORDER BY b.id) FILTER (WHERE b.id IS NOT NULL), '[]') FROM a LEFT JOIN b ON b.a = a.id GROUP BY a.id", pure, sqltext.OneRead, "ns", "a b"},
	{"SELECT x.* FROM a, LATERAL (SELECT * FROM b WHERE b.a = a.id ORDER BY b.n LIMIT 1) x", pure, sqltext.OneRead, "ns", "a b"},
	{"SELECT extract(epoch FROM a), EXTRACT(YEAR FROM b), a AT TIME ZONE 'UTC', b::date FROM t WHERE c ILIKE '%' || $1 || '%'", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT * FROM t WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC FETCH FIRST 10 ROWS ONLY", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT unnest($1::text[]), string_agg(DISTINCT a, ', ' ORDER BY a), array_agg(b) FROM t WHERE d BETWEEN $2 AND $3 AND e IS DISTINCT FROM f", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT to_tsvector('english', body) @@ plainto_tsquery('english', $1), ts_rank(v, q) FROM docs, to_tsquery('a') q", pure, sqltext.OneRead, "ns", "docs"},
	{"SELECT d->'a'->>'b', d #>> '{a,b}', d ? 'x', jsonb_array_elements(d) FROM docs WHERE d @> $1::jsonb", pure, sqltext.OneRead, "ns", "docs"},
	{"SELECT CASE WHEN a > 1 THEN 'x' ELSE (SELECT max(b) FROM u) END FROM t UNION ALL SELECT c FROM v EXCEPT SELECT d FROM w", pure, sqltext.OneRead, "ns", "t u v w"},
	{"DELETE FROM sessions WHERE expires_at < now() AND id IN (SELECT id FROM sessions ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)", write, sqltext.Changes, "n", "sessions"},
	{"SELECT 1", pure, sqltext.OneRead, "ns", ""},
	// goose, migrate.
	{"SELECT version_id, is_applied FROM goose_db_version ORDER BY id DESC", pure, sqltext.OneRead, "ns", "goose_db_version"},
	{"SELECT pg_try_advisory_lock($1)", session, sqltext.Settings, "n", ""},
	{"INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)", write, sqltext.Changes, "n", "goose_db_version"},
	// psql and the catalog.
	{`SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
		FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2`, session, sqltext.Settings, "n", "pg_class pg_namespace"},
	{`SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid)
		FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16385'::pg_catalog.regclass AND a.attnum > 0`, session, sqltext.Settings, "n", "pg_attribute pg_attrdef"},
	{"SELECT c.oid, c.relname FROM pg_catalog.pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default", pure, sqltext.Catalog, "n", "pg_class"},
	{"SELECT oid, typname FROM pg_type WHERE typname = $1", pure, sqltext.Catalog, "n", "pg_type"},
	{"SELECT current_database(), version()", session, sqltext.Settings, "n", ""},
	// Lists and documents as tables.
	{"SELECT u.*, t.ord FROM unnest($1::bigint[]) WITH ORDINALITY t(id, ord) JOIN users u USING (id) ORDER BY t.ord", pure, sqltext.OneRead, "ns", "users"},
	{"SELECT d FROM generate_series($1::date, $2::date, '1 day') g(d) LEFT JOIN orders o ON o.day = g.d", pure, sqltext.OneRead, "ns", "orders"},
	{`UPDATE t SET n = v.n FROM (VALUES (1, 'a'), (2, 'b')) "v" ("id", "n") WHERE t.id = v.id`, write, sqltext.Changes, "n", "t"},
	{"SELECT x.k FROM docs, LATERAL jsonb_each_text(docs.body) x(k, v) WHERE (a, b) OVERLAPS ($1, $2)", pure, sqltext.OneRead, "ns", "docs"},
	{`SELECT p.proname, pg_catalog.pg_get_function_result(p.oid), pg_catalog.pg_get_function_arguments(p.oid), CASE p.prokind WHEN 'a' THEN 'agg' ELSE 'func' END
		FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE pg_catalog.pg_function_is_visible(p.oid)`, session, sqltext.Settings, "n", "pg_proc"},
	{`SELECT pg_catalog.pg_get_partkeydef('1'::pg_catalog.oid), inhparent::pg_catalog.regclass, pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_inherits i ON c.oid = inhrelid WHERE pg_catalog.pg_relation_is_publishable('1')`, session, sqltext.Settings, "n", "pg_class pg_inherits"},
}

var everydayMySQL = []trap{
	{"SELECT * FROM `users` WHERE `users`.`deleted_at` IS NULL AND `users`.`id` = ? ORDER BY `users`.`id` LIMIT 1", pure, sqltext.OneRead, "ns", "users"},
	{"INSERT INTO `users` (`created_at`,`name`) VALUES (?,?) ON DUPLICATE KEY UPDATE `name`=VALUES(`name`)", write, sqltext.Changes, "n", "users"},
	{"INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y') AS new ON DUPLICATE KEY UPDATE b = new.b", write, sqltext.Changes, "n", "t"},
	{"UPDATE `users` SET `name`=?,`updated_at`=NOW(3) WHERE `id` = ?", write, sqltext.Changes, "n", "users"},
	{"SELECT VERSION()", session, sqltext.Settings, "n", ""},
	{"SELECT DATABASE()", session, sqltext.Settings, "n", ""},
	{"SELECT SCHEMA_NAME from Information_schema.SCHEMATA where SCHEMA_NAME LIKE ? ORDER BY SCHEMA_NAME=? DESC,SCHEMA_NAME limit 1", pure, sqltext.Catalog, "n", "schemata"},
	{"SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ? AND table_type = ?", pure, sqltext.Catalog, "n", "tables"},
	{"SELECT column_name, column_default, is_nullable = 'YES', data_type FROM information_schema.columns WHERE table_schema = ? ORDER BY ORDINAL_POSITION", pure, sqltext.Catalog, "n", "columns"},
	{"SELECT DATE_FORMAT(created_at, '%Y-%m-%d') d, COUNT(DISTINCT user_id) FROM e WHERE created_at >= DATE_SUB(NOW(), INTERVAL 7 DAY) GROUP BY d WITH ROLLUP", pure, sqltext.Clock, "n", "e"},
	{"SELECT IFNULL(SUM(a), 0), IF(b > 1, 'x', 'y'), CONCAT_WS(' ', c, d), GROUP_CONCAT(e ORDER BY e SEPARATOR ', ') FROM t FORCE INDEX (i) GROUP BY f", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT JSON_UNQUOTE(JSON_EXTRACT(doc, '$.a')), doc->>'$.b', CAST(x AS UNSIGNED), CONVERT(y USING utf8mb4) FROM t", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT a FROM t WHERE b IN (?, ?) AND c BETWEEN ? AND ? AND d NOT LIKE '%x%' ESCAPE '|' LIMIT ?, ?", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT a, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) n, LAG(a, 1) OVER w FROM t WINDOW w AS (ORDER BY d)", pure, sqltext.OneRead, "ns", "t"},
	{"WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c", pure, sqltext.OneRead, "ns", "c"},
	{"DELETE FROM t WHERE a < UNIX_TIMESTAMP() ORDER BY a LIMIT 100", write, sqltext.Changes, "n", "t"},
	{"SELECT TIMESTAMPDIFF(SECOND, a, b), YEAR(c), DATE(d), LEFT(e, 3), REPLACE(f, 'x', 'y'), TRIM(BOTH ' ' FROM g) FROM t", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT HEX(id), UNHEX(?), MD5(a), SHA2(b, 256), LOWER(c), CHAR_LENGTH(d), FIELD(e, 1, 2), GREATEST(f, g) FROM t", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT `a`.`id`, (SELECT COUNT(*) FROM b WHERE b.a_id = a.id) FROM a NATURAL JOIN c USE INDEX (PRIMARY)", pure, sqltext.OneRead, "ns", "a b c"},
	{"SHOW FULL TABLES", session, sqltext.Shows, "n", ""},
	{"SHOW VARIABLES LIKE 'lower_case%'", session, sqltext.Shows, "n", ""},
	{"SELECT GET_LOCK(?, 10)", session, sqltext.Settings, "n", ""},
	{"SELECT @@tx_isolation", session, sqltext.Settings, "n", ""},
	{"START TRANSACTION", txctl, sqltext.Transaction, "", ""},
	{"SELECT v.id FROM (SELECT 1 UNION SELECT 2) v (id) JOIN t ON t.id = v.id", pure, sqltext.OneRead, "ns", "t"},
	{"INSERT INTO t (a) VALUE (1)", write, sqltext.Changes, "n", "t"},
}

var everydaySQLite = []trap{
	{"SELECT * FROM `users` WHERE `users`.`id` = ? AND `users`.`deleted_at` IS NULL ORDER BY `users`.`id` LIMIT 1", pure, sqltext.OneRead, "ns", "users"},
	{"INSERT INTO `users` (`name`) VALUES (?) ON CONFLICT (`id`) DO UPDATE SET `name`=`excluded`.`name` RETURNING `id`", write, sqltext.Changes, "n", "users"},
	{"SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?", pure, sqltext.Catalog, "n", "sqlite_master"},
	{`SELECT "users"."id" FROM "users" WHERE "users"."name" LIKE ? ESCAPE '\' GROUP BY "users"."id"`, pure, sqltext.OneRead, "ns", "users"},
	{"SELECT sqlite_version()", session, sqltext.Settings, "n", ""},
	{"SELECT strftime('%Y', a), date(b, '+1 day') FROM t", pure, sqltext.Clock, "n", "t"},
	{"SELECT ifnull(max(a), 0), coalesce(b, c), length(d), json_extract(e, '$.x'), group_concat(f) FROM t GROUP BY g HAVING count(*) > 1", pure, sqltext.OneRead, "ns", "t"},
	{"WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM c WHERE n < 5) SELECT n FROM c", pure, sqltext.OneRead, "ns", "c"},
	{"INSERT OR IGNORE INTO t (a, b) VALUES (?1, ?2)", write, sqltext.Changes, "n", "t"},
	{"INSERT INTO t (a) SELECT b FROM u WHERE true ON CONFLICT DO NOTHING", write, sqltext.Changes, "n", "t u"},
	{"SELECT a FROM t INDEXED BY i WHERE b IS NOT NULL AND c NOT IN (SELECT d FROM u) UNION SELECT 1", pure, sqltext.OneRead, "ns", "t u"},
	{"SELECT version_id FROM goose_db_version ORDER BY id DESC", pure, sqltext.OneRead, "ns", "goose_db_version"},
	{"BEGIN IMMEDIATE", txctl, sqltext.Transaction, "", ""},
	{"DELETE FROM t WHERE a = ?", write, sqltext.Changes, "n", "t"},
	{"EXPLAIN QUERY PLAN SELECT * FROM t", session, sqltext.Shows, "n", "t"},
	// ent.
	{"SELECT `name`, `type`, `notnull`, `dflt_value`, `pk` FROM pragma_table_info('users') ORDER BY `pk`", session, sqltext.Settings, "n", ""},
}

var everydayOracle = []trap{
	{"SELECT * FROM users WHERE id = :1 AND ROWNUM <= 1", pure, sqltext.OneRead, "ns", "users"},
	{`SELECT "ID", "NAME" FROM "USERS" WHERE "ID" = :1 ORDER BY "ID" FETCH NEXT 1 ROWS ONLY`, pure, sqltext.OneRead, "ns", "users"},
	{`INSERT INTO "USERS" ("NAME") VALUES (:1) RETURNING "ID" INTO :2`, write, sqltext.Changes, "n", "users"},
	{"SELECT NVL(a, 0), TO_CHAR(b, 'YYYY-MM-DD'), DECODE(c, 1, 'x', 'y'), TRUNC(d) FROM t WHERE e >= SYSDATE - 7", pure, sqltext.Clock, "n", "t"},
	{"SELECT u.name, o.total FROM users u INNER JOIN orders o ON o.user_id = u.id LEFT OUTER JOIN items i ON i.order_id = o.id", pure, sqltext.OneRead, "ns", "users orders items"},
	{"SELECT table_name FROM user_tables", pure, sqltext.Catalog, "n", "user_tables"},
	{"SELECT COUNT(*) FROM all_objects WHERE owner = :1 AND object_type IN ('TABLE', 'VIEW')", pure, sqltext.Catalog, "n", "all_objects"},
	{"SELECT a, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) rn FROM t", pure, sqltext.OneRead, "ns", "t"},
	{"INSERT INTO t (id, a) VALUES (t_seq.NEXTVAL, :1)", write, sqltext.Changes, "n", "t t_seq"},
	{"UPDATE t SET a = :1, b = SYSTIMESTAMP WHERE id = :2", write, sqltext.Changes, "n", "t"},
	{"SELECT t.* FROM (SELECT x.*, ROWNUM rn FROM (SELECT * FROM t ORDER BY id) x WHERE ROWNUM <= :1) t WHERE rn > :2", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL", session, sqltext.Settings, "n", ""},
	{"SELECT level, a FROM t START WITH b IS NULL CONNECT BY PRIOR a = b", pure, sqltext.OneRead, "ns", "t"},
	{"SELECT EXTRACT(YEAR FROM SYSDATE) y FROM DUAL", pure, sqltext.Clock, "n", ""},
}
