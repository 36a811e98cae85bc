// This file lists the statements of docs/CACHED.md and the schemas that they are judged in.

package fluxor_test

var cachedSamples = []cachedDialect{
	{
		dialect: "postgres", name: "PostgreSQL", known: true, open: schemaOn(networkBackends[0]),
		schema: []string{
			"create table orders (id int primary key, customer text, total int)",
			"create table items (id int primary key, order_id int references orders on delete cascade, price int)",
			"create table log (at timestamptz, text text)",
			"create table archive (id int, year int) partition by range (year)",
			"create table archive_2026 partition of archive for values from (2026) to (2027)",
			"create view big as select id, total from orders where total > 100",
			"create view recent as select id, now() as at from orders",
			"create view mine as select id from orders where customer = current_user",
			"create view names as select relname from pg_class",
			"create table secrets (id int)",
			"alter table secrets enable row level security",
			"create unlogged table drafts (id int)",
			"create function note() returns trigger language plpgsql as $$ begin insert into log values (now(), 'item'); return new; end $$",
			"create trigger noted after insert on items for each row execute function note()",
			"create table jobs (id int, name text)",
			"create function work() returns trigger language plpgsql as $$ begin execute new.name; return new; end $$",
			"create trigger worked after insert on jobs for each row execute function work()",
			"create sequence numbers",
		},
		samples: []sample{
			{"a read of a table", "select total from orders where id = $1"},
			{"a read of two", "select o.id, sum(i.price) from orders o join items i on i.order_id = o.id group by o.id"},
			{"a read of a view", "select total from big"},
			{"of a partition", "select id from archive_2026"},
			{"of no table", "select 1"},
			{"of a table that the schema lacks", "select id from made_lately"},
			{"a common table expression", "with o as (select id from orders) select count(*) from o"},
			{"the clock", "select now()"},
			{"a view that reads the clock", "select at from recent"},
			{"the session", "select current_user"},
			{"a view that reads the session", "select id from mine"},
			{"the server's own tables", "select relname from pg_class"},
			{"a view of them", "select relname from names"},
			{"a table with policies", "select id from secrets"},
			{"an unlogged table", "select id from drafts"},
			{"a locking read", "select id from orders where id = 7 for update"},
			{"a function of your own", "select my_total(id) from orders"},
			{"an operator that is not built in", "select id from orders where customer <~~> 'x'"},
			{"a sequence", "select nextval('numbers')"},
			{"a sequence as a table", "select last_value from numbers"},
			{"SELECT INTO", "select id into copied from orders"},
			{"a write", "update orders set total = 0 where id = 7"},
			{"a cascade", "delete from orders where id = 7"},
			{"a trigger that writes elsewhere", "insert into items values (1, 7, 5)"},
			{"a trigger with dynamic SQL", "insert into jobs values (1, 'select 1')"},
			{"a write through a view", "update big set total = 0"},
			{"a write of a partition", "insert into archive values (1, 2026)"},
			{"a write that returns rows", "with gone as (delete from items returning price) select sum(price) from gone"},
			{"of a table that the schema lacks", "delete from made_lately"},
			{"several statements", "select 1; delete from items"},
			{"a setting", "set search_path to app"},
			{"what shows settings", "show server_version"},
			{"a transaction by text", "begin"},
			{"DDL", "alter table orders add note text"},
			{"a procedure", "call tidy_up()"},
			{"a block", "do $$ begin perform 1; end $$"},
			{"an escaped name", `select id from u&"ord\0065rs"`},
			{"a backslash in a literal", `select '\'', f(), ' -- '`},
			{"a word in a strange place", "select 1 for x"},
			{"a quote that does not end", "select 'a"},
			{"a parenthesis that is missing", "select (1"},
			{"nothing", "-- nothing"},
			{"a hint that forbids", "select total from orders /* fluxor:nocache */"},
			{"a hint that is not understood", "select total from orders /* fluxor:cache ttl=soon */"},
		},
	},
	{
		dialect: "mysql", name: "MariaDB", known: true, open: schemaOn(networkBackends[2]),
		schema: []string{
			"create table orders (id int primary key, customer varchar(20), total int)",
			"create table items (id int primary key, order_id int, price int, foreign key (order_id) references orders (id) on delete cascade)",
			"create table log (at datetime, text varchar(20))",
			"create table old_orders (id int) engine = myisam",
			"create table board (id int) engine = memory",
			"create table parts_a (id int) engine = myisam",
			"create table parts (id int) engine = merge union = (parts_a)",
			"create view big as select id, total from orders where total > 100",
			"create view recent as select id, now() as at from orders",
			"create trigger noted after insert on items for each row insert into log values (now(), 'item')",
			"create sequence numbers",
		},
		samples: []sample{
			{"a read of a table", "select total from orders where id = ?"},
			{"with quotes of MySQL's", "select `total` from `orders`"},
			{"a read of a view", "select total from big"},
			{"a read of a MERGE table", "select id from parts"},
			{"a view that reads the clock", "select at from recent"},
			{"a table in memory", "select id from board"},
			{"the clock", "select total, now() from orders"},
			{"a variable", "select @@autocommit"},
			{"a variable that is set", "select @n := id from orders"},
			{"the last id", "select last_insert_id()"},
			{"the server's own tables", "select table_name from information_schema.tables"},
			{"a locking read", "select id from orders lock in share mode"},
			{"INTO OUTFILE", "select id into outfile '/tmp/x' from orders"},
			{"a comment that some servers run", "select id from orders /*! where id = 7 */"},
			{"a sequence", "select nextval(numbers)"},
			{"a character set's trap", "select id from à"},
			{"a write", "update orders set total = 0"},
			{"a cascade", "delete from orders where id = 7"},
			{"a trigger that writes elsewhere", "insert into items values (1, 7, 5)"},
			{"a table that does not roll back", "delete from old_orders"},
			{"a part of a MERGE table", "insert into parts_a values (1)"},
			{"LOAD DATA", "load data infile '/tmp/x' into table items"},
			{"a setting", "set sql_mode = 'ANSI_QUOTES'"},
			{"another database", "use other"},
			{"DDL", "alter table orders add note int"},
			{"a procedure", "call tidy_up()"},
		},
	},
	{
		dialect: "sqlite", name: "SQLite", known: true, open: schemaOnSQLite,
		schema: []string{
			"create table orders (id integer primary key, total int)",
			"create table items (id integer primary key, order_id int references orders on delete cascade, price int)",
			"create table log (text text)",
			"create view big as select id, total from orders where total > 100",
			"create view recent as select id, datetime('now') as at from orders",
			"create trigger noted after insert on items begin insert into log values ('item'); end",
			"create virtual table pages using fts5(body)",
		},
		samples: []sample{
			{"a read of a table", "select total from orders where id = ?"},
			{"a read of a view", "select total from big"},
			{"a view that reads the clock", "select at from recent"},
			{"a full-text table", "select body from pages"},
			{"the clock", "select datetime('now')"},
			{"chance", "select random()"},
			{"a setting", "pragma cache_size"},
			{"a write", "update orders set total = 0"},
			{"a cascade", "delete from orders where id = 7"},
			{"a trigger that writes elsewhere", "insert into items values (1, 7, 5)"},
			{"a full-text table", "delete from pages"},
			{"DDL", "create index by_total on orders (total)"},
		},
	},
	{
		dialect: "oracle", name: "Oracle",
		samples: []sample{
			{"a read of a table", "select total from orders where id = :1"},
			{"a literal of Oracle's", "select id from orders where customer = q'[it's]'"},
			{"the clock", "select sysdate from dual"},
			{"the session", "select sys_context('userenv', 'session_user') from dual"},
			{"a database link", "select id from orders@legacy"},
			{"a package's function", "select pricing.rate(id) from orders"},
			{"a sequence", "select numbers.nextval from dual"},
			{"a locking read", "select id from orders for update"},
			{"a write", "update orders set total = 0"},
			{"a block", "begin tidy_up; end;"},
			{"a setting", "alter session set nls_date_format = 'YYYY'"},
			{"DDL", "alter table orders add note number"},
		},
	},
}

const cachedText = `# What is cached, and why not

<!-- Written by go test . -run TestTheCachedPageIsCurrent -update; change cached_samples_test.go instead. -->

Each row was asked of ` + "`Connector.ExplainCache`" + ` with ` + "`fluxor_cache=all`" + `, over a database with the schema shown, once it was known. The modes
` + "`hint` and `rules`" + ` keep less, of the same statements. ` + "`fluxor explain`" + ` says the same of yours. [CACHE.md](CACHE.md) is the manual.

- **cached**: whether an answer is kept, and else the code of why not. While the schema is not known nothing is.
- **depends on**: the tags whose change ends the answer.
- **ends**: the tags whose answers end when the statement runs; with DDL, everything, and the schema is learned anew.

## PostgreSQL

POSTGRES SCHEMA

| what | statement | cached | depends on | ends |
|---|---|---|---|---|
POSTGRES ROWS

## MySQL and MariaDB

Asked of MariaDB.

MYSQL SCHEMA

| what | statement | cached | depends on | ends |
|---|---|---|---|---|
MYSQL ROWS

## SQLite

SQLITE SCHEMA

| what | statement | cached | depends on | ends |
|---|---|---|---|---|
SQLITE ROWS

## Oracle

Asked of the texts alone. With the schema, which Oracle's dictionary tells, answers depend on their tables, and writes end those of theirs.

| what | statement | cached | depends on | ends |
|---|---|---|---|---|
ORACLE ROWS

## The codes

What speaks against an answer from the cache is a code: in ` + "`CacheAnswer.Why`, in `CacheVerdict` with its words, in the counts of" + `
` + "`CacheStats`" + `, and in ` + "`fluxor explain`" + `. It comes from the text, from what the schema says of its names, from the settings (mode, hints, rules), or from the moment
of the call. A code of the schema may have a name behind a colon, that of what is to blame. Where a code stands for "everything", it says why nothing less is known.

| code | of | meaning | example |
|---|---|---|---|
CODES
`
