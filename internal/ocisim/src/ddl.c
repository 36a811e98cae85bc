/* ddl.c - CREATE, DROP, ALTER, TRUNCATE and so on: each commits before and after itself. */
#include "ocisim.h"

int is_ddl(const Code *c) {
  static const char *const words[] = {"CREATE",  "DROP",   "TRUNCATE", "GRANT", "REVOKE",
                                      "COMMENT", "RENAME", "ANALYZE",  "PURGE", 0};
  if (at(c, 0, "ALTER")) return !at(c, 1, "SESSION") && !at(c, 1, "SYSTEM");
  return at_any(c, 0, words) && c->tok[0].k == 'w';
}

/* the name at i, without its owner; returns what follows it */
static int object_name(const Code *c, int i, char *name, size_t size) {
  if (at(c, i + 1, ".")) i += 2;
  *name = 0;
  if (i < c->ntok) tok_name(&c->tok[i], name, size);
  return i + 1;
}

static int create_sequence(Phys *p, const Code *c, int i, Err *e) {
  char name[64];
  int start = 1, step = 1, first = 0;
  i = object_name(c, i, name, sizeof name);
  for (; i + 1 < c->ntok; i++) {
    int sign = at(c, i + 2, "-") ? -1 : 1;
    const Tok *t = i + 2 + (sign < 0) < c->ntok ? &c->tok[i + 2 + (sign < 0)] : 0;
    if (t && at(c, i, "INCREMENT")) step = sign * atoi(t->s);
    if (t && at(c, i, "START")) first = start = sign * atoi(t->s);
  }
  if (!first && step < 0) start = -1;
  if (object_exists(p, name, 0) || sequence_create(p->home, name, start, step))
    return fail(e, 955, "name is already used by an existing object");
  return object_changed(p, name, "SEQUENCE", e);
}

/* columns of a view: v (a, b) AS SELECT ... */
int view_create(Phys *p, const Code *c, int i, int replace, Err *e) {
  char name[64];
  Buf o = {0};
  Frame f = {.p = p, .e = e};
  i = object_name(c, i, name, sizeof name);
  int as = find_word(c, i, c->ntok, "AS"), end = find_word(c, as, c->ntok, "WITH");
  if (at(c, as + 1, "WITH") || !(at(c, end + 1, "READ") || at(c, end + 1, "CHECK"))) end = c->ntok;
  int exists = object_exists(p, name, "VIEW");
  if (object_exists(p, name, 0) && !(replace && exists))
    return fail(e, 955, "name is already used by an existing object");
  putf(&o, "CREATE VIEW \"%s\" ", name);
  emit(&f, c, i, end, &o, 0, 0);
  const char *text = as + 1 < c->ntok ? c->tok[as + 1].s : "";
  int rc = sql_script(p, e, "DROP VIEW IF EXISTS \"%w\"", name);
  sqlite3_stmt *q = 0;
  if (!rc) rc = sql_script(p, e, "%s", o.p);
  putf(&o, " ");
  char *look =
      sqlite3_mprintf("SELECT * FROM \"%w\"", name); /* SQLite looks into a view only when it is used */
  if (!rc) rc = sql_prepare(p, look, &q, e);
  sqlite3_free(look);
  sqlite3_finalize(q);
  if (!rc) rc = sql_script(p, e, "REPLACE INTO ocisim_source VALUES (%Q, 'VIEW', %Q)", name, text);
  free(o.p);
  if (rc || object_changed(p, name, "VIEW", e)) return OCI_ERROR;
  depend(p, name, "VIEW", c, as);
  return 0;
}

static int create_index(Phys *p, const Code *c, int i, Err *e) {
  char name[64];
  Buf o = {0};
  Frame f = {.p = p, .e = e};
  int unique = at(c, i - 2, "UNIQUE"), on = find_word(c, i, c->ntok, "ON");
  object_name(c, i, name, sizeof name);
  int paren = on;
  while (paren < c->ntok && !at(c, paren, "(")) paren++;
  putf(&o, "CREATE %sINDEX \"%s\" ", unique ? "UNIQUE " : "", name);
  emit(&f, c, on, skip_parens(c, paren, c->ntok), &o, 0, 0);
  int rc = sql_script(p, e, "%s", o.p);
  free(o.p);
  return rc ? rc : object_changed(p, name, "INDEX", e);
}

static int create(Phys *p, const Code *c, Err *e) {
  static const char *const words[] = {
      "NOFORCE", "FORCE", "EDITIONABLE", "NONEDITIONABLE", "UNIQUE", "BITMAP", "PUBLIC", "PRIVATE", 0};
  int replace = at(c, 1, "OR") && at(c, 2, "REPLACE"), i = replace ? 3 : 1, temporary = 0;
  while (at_any(c, i, words)) i++;
  if ((at(c, i, "GLOBAL") || at(c, i, "PRIVATE")) && at(c, i + 1, "TEMPORARY")) {
    temporary = 1;
    i += 2;
  }
  if (at(c, i, "TABLE")) return create_table(p, c, i + 1, temporary, e);
  if (at(c, i, "VIEW")) return view_create(p, c, i + 1, replace, e);
  if (at(c, i, "SEQUENCE")) return create_sequence(p, c, i + 1, e);
  if (at(c, i, "INDEX")) return create_index(p, c, i + 1, e);
  if (at(c, i, "TRIGGER")) return trigger_create(p, c, i + 1, replace, e);
  if (at(c, i, "PROCEDURE") || at(c, i, "FUNCTION")) return routine_create(p, c, i, replace, e);
  if (at(c, i, "USER") || at(c, i, "ROLE") || at(c, i, "SYNONYM") || at(c, i, "CONTEXT")) return 0;
  return fail(e, 901, "invalid CREATE command");
}

static int drop_table(Phys *p, const char *name, Err *e) {
  int rc = temporary_drop(p, name, e);
  if (rc < 0) return rc;
  if (!rc && sql_script(p, e, "DROP TABLE \"%w\"", name)) return OCI_ERROR;
  return sql_script(
      p, e,
      "DELETE FROM ocisim_objects WHERE type = 'TRIGGER' AND name IN (SELECT name FROM ocisim_triggers "
      "WHERE tab = upper(%Q)); DELETE FROM ocisim_triggers WHERE tab = upper(%Q)",
      name, name);
}

static int drop_trigger(Phys *p, const char *name, Err *e) {
  if (!object_exists(p, name, "TRIGGER")) return fail(e, 4080, "trigger '%s' does not exist", name);
  return sql_script(
      p, e,
      "DROP TRIGGER IF EXISTS \"ocisim_t_%w_INSERT\"; DROP TRIGGER IF EXISTS \"ocisim_t_%w_UPDATE\";"
      "DROP TRIGGER IF EXISTS \"ocisim_t_%w_DELETE\"; DELETE FROM ocisim_triggers WHERE name = upper(%Q)",
      name, name, name, name);
}

static int drop_routine(Phys *p, const char *name, const char *type, Err *e) {
  if (!object_exists(p, name, type)) return fail(e, 4043, "object %s does not exist", name);
  return sql_script(p, e, "DELETE FROM ocisim_source WHERE name = upper(%Q)", name);
}

static int drop(Phys *p, const Code *c, Err *e) {
  static const char *const kinds[] = {"TABLE",   "VIEW",      "SEQUENCE", "INDEX",
                                      "TRIGGER", "PROCEDURE", "FUNCTION"};
  char name[64];
  int kind = 0, rc = 0;
  while (kind < 7 && !at(c, 1, kinds[kind])) kind++;
  if (kind == 7)
    return at(c, 1, "USER") || at(c, 1, "ROLE") || at(c, 1, "SYNONYM") ? 0
                                                                       : fail(e, 950, "invalid DROP option");
  object_name(c, 2, name, sizeof name);
  switch (kind) {
  case 0: rc = object_exists(p, name, "TABLE") ? drop_table(p, name, e) : fail(e, 942, 0); break;
  case 1:
    rc = object_exists(p, name, "VIEW")
             ? sql_script(p, e, "DROP VIEW \"%w\"; DELETE FROM ocisim_source WHERE name = upper(%Q)", name,
                          name)
             : fail(e, 942, 0);
    break;
  case 2: rc = sequence_drop(p->home, name) ? fail(e, 2289, "sequence does not exist") : 0; break;
  case 3: rc = sql_script(p, e, "DROP INDEX \"%w\"", name); break;
  case 4: rc = drop_trigger(p, name, e); break;
  default: rc = drop_routine(p, name, kinds[kind], e);
  }
  return rc ? rc : object_dropped(p, name, kinds[kind], e);
}

static int add_columns(Phys *p, const Code *c, const char *table, int i, Err *e) {
  if (at(c, i, "COLUMN"))
    return fail(e, 904, "\"COLUMN\": invalid identifier"); /* no word of Oracle's here */
  int list = at(c, i, "("), end = list ? skip_parens(c, i, c->ntok) - 1 : c->ntok;
  for (i += list; i < end;) {
    Buf o = {0}, after = {0};
    int stop = i;
    while (stop < end && !at(c, stop, ",")) stop = at(c, stop, "(") ? skip_parens(c, stop, end) : stop + 1;
    put(&after, "", 0);
    column_definition(p, c, table, i, stop, &o, &after, 0);
    int rc = sql_script(p, e, "ALTER TABLE \"%w\" ADD COLUMN %s;%s", table, o.p, after.p);
    free(o.p);
    free(after.p);
    if (rc) return rc;
    i = stop + 1;
  }
  return 0;
}

/* UNIQUE and PRIMARY KEY as an index; others are not there */
static int add_constraint(Phys *p, const Code *c, const char *table, int i, Err *e) {
  char name[64];
  Buf o = {0};
  Frame f = {.p = p, .e = e};
  i = object_name(c, i, name, sizeof name);
  int columns = i + (at(c, i, "PRIMARY") ? 2 : 1);
  if (!at(c, i, "UNIQUE") && !at(c, i, "PRIMARY")) return fail(e, 3001, "unimplemented feature (ocisim)");
  emit(&f, c, columns, skip_parens(c, columns, c->ntok), &o, 0, 0);
  int rc = sql_script(p, e, "CREATE UNIQUE INDEX \"%w\" ON \"%w\" %s", name, table, o.p);
  free(o.p);
  return rc;
}

static int alter_table(Phys *p, const Code *c, Err *e) {
  char table[64], name[64], to[64];
  int i = object_name(c, 2, table, sizeof table), rc;
  if (!object_exists(p, table, "TABLE")) return fail(e, 942, 0);
  if (at(c, i, "ADD") && at(c, i + 1, "CONSTRAINT")) {
    rc = add_constraint(p, c, table, i + 2, e);
  } else if (at(c, i, "ADD")) {
    rc = add_columns(p, c, table, i + 1, e);
  } else if (at(c, i, "DROP") && at(c, i + 1, "COLUMN")) {
    object_name(c, i + 2, name, sizeof name);
    rc = sql_script(p, e,
                    "DROP TRIGGER IF EXISTS \"ocisim_I_%w_%w\"; DROP TRIGGER IF EXISTS \"ocisim_U_%w_%w\";"
                    "ALTER TABLE \"%w\" DROP COLUMN \"%w\"",
                    table, name, table, name, table, name);
  } else if (at(c, i, "RENAME") && at(c, i + 1, "COLUMN")) {
    object_name(c, object_name(c, i + 2, name, sizeof name) + 1, to, sizeof to);
    rc = sql_script(p, e, "ALTER TABLE \"%w\" RENAME COLUMN \"%w\" TO \"%w\"", table, name, to);
  } else {
    rc = fail(e, 3001, "unimplemented feature (ocisim: ALTER TABLE)");
  }
  return rc ? rc : object_changed(p, table, "TABLE", e);
}

static int truncate_table(Phys *p, const Code *c, Err *e) {
  char name[64];
  object_name(c, 2, name, sizeof name);
  sqlite3_stmt *q = 0;
  char *sql = sqlite3_mprintf("DELETE FROM \"%w\"", name);
  int rc = sql_prepare(p, sql, &q, e);
  sqlite3_free(sql);
  if (!rc && sqlite3_step(q) != SQLITE_DONE) rc = sql_error(p, e);
  sqlite3_finalize(q);
  return rc ? rc : object_changed(p, name, "TABLE", e);
}

static int dispatch(Phys *p, const Code *c, Err *e) {
  if (at(c, 0, "CREATE")) return create(p, c, e);
  if (at(c, 0, "DROP")) return drop(p, c, e);
  if (at(c, 0, "TRUNCATE")) return truncate_table(p, c, e);
  if (at(c, 0, "ALTER") && at(c, 1, "TABLE")) return alter_table(p, c, e);
  if (at(c, 0, "ALTER") && (at(c, 1, "USER") || at(c, 2, "COMPILE") || at(c, 3, "COMPILE"))) return 0;
  if (at(c, 0, "ALTER") || at(c, 0, "RENAME")) return fail(e, 3001, "unimplemented feature (ocisim)");
  return 0; /* GRANT, REVOKE, COMMENT, ANALYZE, PURGE */
}

/* the first commit stays, even when the statement then fails */
int ddl(Phys *p, const Code *c, Err *e) {
  if (sql_end(p, "COMMIT", e) || sql_begin(p, e)) return OCI_ERROR;
  if (!dispatch(p, c, e)) return sql_end(p, "COMMIT", e);
  sql_abandon(p);
  return OCI_ERROR;
}
