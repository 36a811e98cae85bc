/* objects.c - the dictionary, and temporary tables, whose rows belong to one session. */
#include "ocisim.h"

static int one_number(Phys *p, const char *sql, const char *a, const char *b) {
  sqlite3_stmt *q;
  int n = 0;
  if (sqlite3_prepare_v2(p->db, sql, -1, &q, 0)) return 0;
  if (a) sqlite3_bind_text(q, 1, a, -1, SQLITE_STATIC);
  if (b) sqlite3_bind_text(q, 2, b, -1, SQLITE_STATIC);
  if (sqlite3_step(q) == SQLITE_ROW) n = sqlite3_column_int(q, 0);
  sqlite3_finalize(q);
  return n;
}

/* type 0: whatever shares the names of tables */
int object_exists(Phys *p, const char *name, const char *type) {
  if (type)
    return one_number(p, "SELECT count(*) FROM ocisim_objects WHERE name = upper(?1) AND type = ?2", name,
                      type);
  return one_number(
      p, "SELECT count(*) FROM ocisim_objects WHERE name = upper(?1) AND type NOT IN ('INDEX', 'TRIGGER')",
      name, 0);
}

/* a user's object may have the name of one of the dictionary's views, which it then hides from everybody */
int object_hides(Phys *p, const char *name, Err *e) {
  static const char views[] =
      "SELECT count(*) FROM sqlite_master WHERE type = 'view' AND upper(name) = upper(?1)";
  if (object_exists(p, name, 0) || !one_number(p, views, name, 0)) return 0;
  return sql_script(p, e, "DROP VIEW \"%w\"", name);
}

int object_changed(Phys *p, const char *name, const char *type, Err *e) {
  return sql_script(
      p, e,
      "INSERT INTO ocisim_objects(name, type, owner, created, changed) VALUES (upper(%Q), %Q, ora_user(), "
      "ora_sysdate(), ora_sysdate()) ON CONFLICT DO UPDATE SET changed = excluded.changed",
      name, type);
}

int object_dropped(Phys *p, const char *name, const char *type, Err *e) {
  return sql_script(p, e,
                    "DELETE FROM ocisim_objects WHERE name = upper(%Q) AND type = %Q;"
                    "DELETE FROM ocisim_depends WHERE name = upper(%Q) AND type = %Q",
                    name, type, name, type);
}

/* notes what the text of a view or routine names */
void depend(Phys *p, const char *name, const char *type, const Code *c, int from) {
  Err e = {.h = {0}};
  sql_script(p, &e, "DELETE FROM ocisim_depends WHERE name = upper(%Q) AND type = %Q", name, type);
  for (int i = from; i < c->ntok; i++) {
    char word[64];
    if (c->tok[i].k != 'w' && c->tok[i].k != 'q') continue;
    tok_name(&c->tok[i], word, sizeof word);
    sql_script(
        p, &e,
        "INSERT OR IGNORE INTO ocisim_depends SELECT upper(%Q), %Q, name FROM ocisim_objects WHERE name = %Q "
        "AND name <> upper(%Q) LIMIT 1",
        name, type, word, name);
  }
}

/* ---- CREATE GLOBAL TEMPORARY TABLE: everybody's definition, each session's rows ---- */

int temporary_create(Phys *p, const char *name, const char *sql, int keep, Err *e) {
  return sql_script(p, e, "INSERT INTO ocisim_temporary VALUES (upper(%Q), %Q, %d)", name,
                    sql + strlen("CREATE "), keep);
}

int temporary_drop(Phys *p, const char *name, Err *e) {
  if (!one_number(p, "SELECT count(*) FROM ocisim_temporary WHERE name = upper(?1)", name, 0)) return 0;
  if (sql_script(p, e,
                 "DROP TABLE IF EXISTS temp.\"%w\"; DELETE FROM ocisim_temporary WHERE name = upper(%Q)",
                 name, name))
    return OCI_ERROR;
  return 1;
}

int temporary_table(Phys *p, const char *name) {
  sqlite3_stmt *q;
  Err e = {.h = {0}};
  int made = 0;
  if (sqlite3_prepare_v2(p->db, "SELECT ddl FROM ocisim_temporary WHERE name = upper(?1)", -1, &q, 0))
    return 0;
  sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
  if (sqlite3_step(q) == SQLITE_ROW) made = !sql_script(p, &e, "CREATE TEMP %s", sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  p->temporary |= made;
  return made;
}

/* at the end of a transaction, those with ON COMMIT DELETE ROWS */
void temporary_tables_empty(Phys *p) {
  sqlite3_stmt *q;
  Err e = {.h = {0}};
  static const char names[] =
      "SELECT t.name FROM temp.sqlite_master s JOIN ocisim_temporary t ON t.name = upper(s.name) "
      "WHERE NOT t.keep";
  if (!p->temporary || sqlite3_prepare_v2(p->db, names, -1, &q, 0)) return;
  while (sqlite3_step(q) == SQLITE_ROW)
    sql_script(p, &e, "DELETE FROM temp.\"%w\"", sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
}
