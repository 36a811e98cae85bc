// This file holds the queries of PostgreSQL's catalog.

package catalog

import "strconv"

// postgresUser are the relations that are not the server's own.
const postgresUser = `u as (select c.oid, c.relname, c.relkind, c.relpersistence from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
	and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%')`

// postgresMine are the routines that are not.
const postgresMine = `f as (select p.oid, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
	where n.nspname not in ('pg_catalog', 'information_schema'))`

var limit = " limit " + strconv.Itoa(mostRows+1)

// postgresRelations: name, kind, persistence, row security, a view's text.
var postgresRelations = `with ` + postgresUser + `
	select u.relname, u.relkind::text, u.relpersistence::text, case when c.relrowsecurity then 't' else 'f' end,
		case when u.relkind = 'v' then left(pg_get_viewdef(u.oid), ` + strconv.Itoa(mostText+1) + `) else '' end
	from u join pg_class c on c.oid = u.oid where u.relkind <> 'c'` + limit

var postgresColumns = `with ` + postgresUser + `
	select distinct lower(a.attname) from u join pg_attribute a on a.attrelid = u.oid
	where a.attnum > 0 and not a.attisdropped and u.relkind <> 'S'` + limit

// postgresRoutines: name, language, volatility, body, library, whether a
// built-in one has the name, whether it takes a row, whether it is an
// extension's, the defaults of its arguments.
var postgresRoutines = `with ` + postgresMine + `
	select p.proname, l.lanname, p.provolatile::text, case when l.lanname in ('sql', 'plpgsql', 'internal') then left(BODY, ` +
	strconv.Itoa(mostText+1) + `) else '' end,
		case when l.lanname = 'c' then regexp_replace(coalesce(p.probin, ''), '^.*/|\.so$', '', 'g') else '' end,
		case when exists (select from pg_proc b where b.proname = p.proname and b.pronamespace = 'pg_catalog'::regnamespace) then '1' else '0' end,
		case when p.pronargs = 1 and t.typtype = 'c' then '1' else '0' end,
		case when exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e') then '1' else '0' end,
		coalesce(pg_get_expr(p.proargdefaults, 0), '')
	from f join pg_proc p on p.oid = f.oid join pg_language l on l.oid = p.prolang
	left join pg_type t on t.oid = p.proargtypes[0]` + limit

// postgresEdges: kind, name, name.
//
// A view's rule depends on what it names; so do other rules, triggers (on their
// WHEN as well; those of a partition count as internal before version 15), defaults, generated columns, checks, indices, policies and
// bodies that begin with ATOMIC. A domain's check runs where a value is cast to
// it, or to a type that holds it: a domain over it, an array, a row, a range, a
// domain whose check casts to it. What depends on such a type may call what the
// check calls. Its default runs where a column or a variable is filled; a domain
// over it has a copy.
var postgresEdges = `with recursive ` + postgresUser + `, ` + postgresMine + `,
	called as (select d.classid, d.objid, f.proname from pg_depend d join f on f.oid = d.refobjid where d.refclassid = 'pg_proc'::regclass),
	holds as (select case d.classid when 'pg_class'::regclass then c.reltype when 'pg_constraint'::regclass then k.contypid else d.objid end as holder,
		d.refobjid as held from pg_depend d left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
		left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
		where d.refclassid = 'pg_type'::regclass and d.classid in ('pg_type'::regclass, 'pg_class'::regclass, 'pg_constraint'::regclass)),
	checks as (select c.contypid as oid, k.proname from pg_constraint c join called k on k.classid = 'pg_constraint'::regclass and k.objid = c.oid
		where c.contypid <> 0
		union select h.holder, t.proname from checks t join holds h on h.held = t.oid where h.holder <> 0),
	fills as (select t.oid, k.proname from pg_type t join called k on k.classid = 'pg_type'::regclass and k.objid = t.oid where t.typtype = 'd'),
	calls as (select * from called
		union select d.classid, d.objid, t.proname from pg_depend d join checks t on t.oid = d.refobjid where d.refclassid = 'pg_type'::regclass),
	reads as (select d.classid, d.objid, u.oid, u.relname from pg_depend d join u on u.oid = d.refobjid where d.refclassid = 'pg_class'::regclass)
	select distinct * from (
	select case when w.ev_type = '1' then 'view' else 'rule' end, u.relname, r.relname
		from pg_rewrite w join u on u.oid = w.ev_class join reads r on r.classid = 'pg_rewrite'::regclass and r.objid = w.oid
		where r.oid <> u.oid and not (u.relkind = 'm' and w.ev_type = '1')
	union all select case when w.ev_type = '1' then 'view calls' else 'table calls' end, u.relname, k.proname
		from pg_rewrite w join u on u.oid = w.ev_class join calls k on k.classid = 'pg_rewrite'::regclass and k.objid = w.oid
		where not (u.relkind = 'm' and w.ev_type = '1')
	union all select 'foreign key', p.relname, u.relname from pg_constraint c join u p on p.oid = c.confrelid join u on u.oid = c.conrelid
		where c.contype = 'f' and (c.confdeltype in ('c', 'n', 'd') or c.confupdtype in ('c', 'n', 'd'))
	union all select 'inherits', p.relname, u.relname from pg_inherits i join u p on p.oid = i.inhparent join u on u.oid = i.inhrelid
	union all select 'table calls', u.relname, f.proname from pg_trigger t join u on u.oid = t.tgrelid join f on f.oid = t.tgfoid
	union all select 'table calls', u.relname, k.proname from pg_trigger t join u on u.oid = t.tgrelid
		join calls k on k.classid = 'pg_trigger'::regclass and k.objid = t.oid
	union all select 'table calls', u.relname, k.proname from pg_attrdef a join u on u.oid = a.adrelid
		join calls k on k.classid = 'pg_attrdef'::regclass and k.objid = a.oid
	union all select 'table calls', u.relname, k.proname from pg_constraint c join u on u.oid = c.conrelid
		join calls k on k.classid = 'pg_constraint'::regclass and k.objid = c.oid
	union all select 'table calls', u.relname, k.proname from pg_index i join u on u.oid = i.indrelid
		join calls k on k.classid = 'pg_class'::regclass and k.objid = i.indexrelid
	union all select 'policy calls', u.relname, k.proname from pg_policy p join u on u.oid = p.polrelid
		join calls k on k.classid = 'pg_policy'::regclass and k.objid = p.oid
	union all select 'type calls', t.typname, k.proname from checks k join pg_type t on t.oid = k.oid
	union all select 'type fills', t.typname, k.proname from fills k join pg_type t on t.oid = k.oid
	union all select 'column type', u.relname, t.typname from u join pg_attribute a on a.attrelid = u.oid and a.attnum > 0
		join pg_type t on t.oid = a.atttypid where t.oid in (select oid from checks union select oid from fills)
	union all select 'routine calls', f.proname, k.proname from f join calls k on k.classid = 'pg_proc'::regclass and k.objid = f.oid
	union all select 'routine calls', f.proname, g.proname from pg_aggregate a join f on f.oid = a.aggfnoid
		join f g on g.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
	union all select 'routine reads', f.proname, r.relname from f join reads r on r.classid = 'pg_proc'::regclass and r.objid = f.oid
	) edges` + limit

// postgresHidden: kind, what is to blame, the routine that is called where its
// name does not stand.
var postgresHidden = `with ` + postgresMine + `
	select 'operator', o.oprname, f.proname from pg_operator o join f on f.oid = o.oprcode
	union all select 'order', format_type(a.amproclefttype, null), f.proname from pg_amproc a join f on f.oid = a.amproc
	union all select 'cast', format_type(c.casttarget, null), f.proname from pg_cast c join f on f.oid = c.castfunc
	union all select case when exists (select from pg_proc b where b.proname = f.proname and b.pronamespace = 'pg_catalog'::regnamespace)
		then 'overload' else 'namesake' end, f.proname, f.proname from f where f.proname = lower(f.proname)
	union all select 'type', t.typname, f.proname from pg_type t join f on f.oid in (t.typinput, t.typoutput, t.typreceive, t.typsend)
	order by 1, 2, 3` + limit

// postgresFingerprint counts the rows of the server's tables and adds up the
// transactions that wrote them: a change adds a later one. Of relations it takes
// what defines them, since TRUNCATE writes their row as well. Temporary
// relations belong to their sessions.
func postgresFingerprint(l *loader) (string, error) {
	return l.value(`with ` + postgresUser + `, lasting as (select * from u where relpersistence <> 't')
	select concat_ws(' ',
	(select count(*) || ',' || sum(hashtextextended(concat_ws('|', c.oid, c.relname, c.relnamespace, c.relkind, c.relpersistence, c.relrowsecurity,
		c.relforcerowsecurity, c.relnatts, c.relowner, c.relacl, c.reloptions), 0)) from lasting join pg_class c on c.oid = lasting.oid),
	(select count(*) || ',' || sum(a.xmin::text::bigint) from lasting join pg_attribute a on a.attrelid = lasting.oid and a.attnum > 0),
	(select count(*) || ',' || sum(a.xmin::text::bigint) from lasting join pg_attrdef a on a.adrelid = lasting.oid),
	(select count(*) || ',' || sum(c.xmin::text::bigint) from pg_constraint c left join lasting on lasting.oid = c.conrelid
		where lasting.oid is not null or c.conrelid = 0),
	(select count(*) || ',' || sum(i.xmin::text::bigint) from lasting join pg_inherits i on i.inhrelid = lasting.oid),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_rewrite),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_trigger where not tgisinternal),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_proc),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_policy),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_operator),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_amproc),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_cast),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_aggregate),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_type where typtype in ('b', 'd', 'e', 'r') and typcategory <> 'A'),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_enum),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_collation),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_ts_config),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_ts_config_map),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_ts_dict),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_namespace where nspname not like 'pg\_%'),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_foreign_table),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_foreign_server),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_db_role_setting),
	(select count(*) || ',' || sum(xmin::text::bigint) from pg_auth_members),
	(select count(*) || ',' || sum(hashtextextended(concat_ws('|', oid, rolname, rolsuper, rolinherit, rolbypassrls), 0)) from pg_roles),
	pg_is_in_recovery())`)
}
