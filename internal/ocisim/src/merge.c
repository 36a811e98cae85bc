/* merge.c - statements that are several to SQLite: MERGE, INSERT ALL, CREATE TRIGGER.
 */
#include "ocisim.h"

typedef struct {
  char target[64], alias[64];
  int source, on, on_end; /* token ranges: [source, on), [on, on_end) */
  int set, set_end;       /* WHEN MATCHED THEN UPDATE SET */
  int set_where, set_where_end;
  int columns, columns_end, values, values_end; /* WHEN NOT MATCHED THEN INSERT */
  int where, where_end;
} Merge;

static void matched(Merge *m, const Code *c, int i, int end) {
  m->set = i + 2;
  m->set_where = find_word(c, i, end, "WHERE");
  m->set_end = m->set_where < end ? m->set_where : end;
  m->set_where_end = end;
}

static void not_matched(Merge *m, const Code *c, int i, int end) {
  m->columns = at(c, i + 1, "(") ? i + 1 : 0;
  m->columns_end = m->columns ? skip_parens(c, m->columns, end) : i + 1;
  m->values = m->columns_end + 1;
  m->values_end = skip_parens(c, m->values, end);
  m->where = find_word(c, m->values_end, end, "WHERE");
  m->where_end = end;
}

/* 1: it is one; the rest of the parts has none */
static int parse(Merge *m, const Code *c, int i, int end) {
  *m = (Merge){.source = 0};
  i += 1 + at(c, i + 1, "INTO");
  if (at(c, i + 1, ".")) i += 2;
  if (i >= end) return 0;
  tok_name(&c->tok[i], m->target, sizeof m->target);
  m->source = find_word(c, i, end, "USING") + 1;
  if (m->source > end) return 0;
  tok_name(&c->tok[m->source - 2], m->alias, sizeof m->alias);
  m->on = find_word(c, m->source, end, "ON");
  if (!at(c, m->on + 1, "(")) return 0;
  m->on_end = skip_parens(c, m->on + 1, end);
  for (i = m->on_end; at(c, i, "WHEN");) {
    int next = find_word(c, i + 1, end, "WHEN"), then = find_word(c, i, next, "THEN") + 1;
    if (at(c, i + 1, "MATCHED"))
      matched(m, c, then, next);
    else
      not_matched(m, c, then, next);
    i = next;
  }
  return i >= end || at(c, i, ";");
}

static int run_part(Frame *f, const Buf *o, uint32_t row, uint64_t *count) {
  sqlite3_stmt *q = 0;
  if (sql_prepare(f->p, o->p, &q, f->e)) return OCI_ERROR;
  int rc = run_statement(f, q, row, 0, 0, 0, count);
  sqlite3_finalize(q);
  return rc;
}

static int update(Frame *f, const Merge *m, const Code *c, uint32_t row, uint64_t *count) {
  Buf o = {0};
  putf(&o, "UPDATE \"%s\" AS \"%s\" SET ", m->target, m->alias);
  for (int i = m->set + (at(c, m->set, "SET") ? 1 : 0); i < m->set_end;) { /* a.x = ...: without the alias */
    int stop = i;
    while (stop < m->set_end && !at(c, stop, ","))
      stop = at(c, stop, "(") ? skip_parens(c, stop, m->set_end) : stop + 1;
    int name = at(c, i + 1, ".") ? i + 2 : i;
    putf(&o, "\"%.*s\" = ", c->tok[name].n, c->tok[name].s);
    emit(f, c, name + 2, stop, &o, 0, 0);
    if (stop < m->set_end) put(&o, ", ", 2);
    i = stop + 1;
  }
  put(&o, "FROM ", 5);
  emit(f, c, m->source, m->on, &o, 0, 0);
  put(&o, "WHERE ", 6);
  emit(f, c, m->on + 1, m->on_end, &o, 0, 0);
  if (m->set_where < m->set_where_end) {
    put(&o, "AND (", 5);
    emit(f, c, m->set_where + 1, m->set_where_end, &o, 0, 0);
    put(&o, ")", 1);
  }
  int rc = run_part(f, &o, row, count);
  free(o.p);
  return rc;
}

static int insert(Frame *f, const Merge *m, const Code *c, uint32_t row, uint64_t *count) {
  Buf o = {0};
  putf(&o, "INSERT INTO \"%s\" ", m->target);
  if (m->columns) {
    for (int i = m->columns; i < m->columns_end; i++)
      if (!at(c, i + 1, ".") && !at(c, i, ".")) putf(&o, "%.*s ", c->tok[i].n, c->tok[i].s);
  }
  put(&o, "SELECT ", 7);
  emit(f, c, m->values + 1, m->values_end - 1, &o, 0, 0);
  put(&o, "FROM ", 5);
  emit(f, c, m->source, m->on, &o, 0, 0);
  putf(&o, "WHERE NOT EXISTS (SELECT 1 FROM \"%s\" AS \"%s\" WHERE ", m->target, m->alias);
  emit(f, c, m->on + 1, m->on_end, &o, 0, 0);
  put(&o, ") ", 2);
  if (m->where < m->where_end) {
    put(&o, "AND (", 5);
    emit(f, c, m->where + 1, m->where_end, &o, 0, 0);
    put(&o, ")", 1);
  }
  int rc = run_part(f, &o, row, count);
  free(o.p);
  return rc;
}

int merge(Frame *f, const Code *c, int a, int b, uint32_t row, uint64_t *count) {
  Merge m;
  if (!parse(&m, c, a, b) || find_word(c, a, b, "DELETE") < b) return fail(f->e, 905, "missing keyword");
  Atom atom = atom_begin(f->p);
  int rc = m.set ? update(f, &m, c, row, count) : 0;
  if (!rc && m.values) rc = insert(f, &m, c, row, count);
  atom_end(f->p, atom, rc);
  return rc;
}

/* ---- INSERT ALL INTO t (a) VALUES (1) INTO u VALUES (2) SELECT ... ---- */

/* i: INTO; returns what follows its values, or 0 */
static int insert_into(Frame *f, const Code *c, int i, int select, int end, uint32_t row, uint64_t *count) {
  int name = at(c, i + 2, ".") ? i + 3 : i + 1;
  int columns = at(c, name + 1, "(") ? skip_parens(c, name + 1, select) : name + 1;
  int values = columns + 1, next = skip_parens(c, values, select);
  if (!at(c, columns, "VALUES") || !at(c, values, "(")) {
    fail(f->e, 926, "missing VALUES keyword");
    return 0;
  }
  Buf o = {0};
  putf(&o, "INSERT INTO ");
  for (int k = name; k < columns; k++) putf(&o, "%.*s ", c->tok[k].n, c->tok[k].s);
  put(&o, "SELECT ", 7);
  emit(f, c, values + 1, next - 1, &o, 0, 0);
  put(&o, "FROM (", 6);
  emit(f, c, select, end, &o, 0, 0);
  put(&o, ")", 1);
  int rc = run_part(f, &o, row, count);
  free(o.p);
  return rc ? 0 : next;
}

int insert_all(Frame *f, const Code *c, int a, int b, uint32_t row, uint64_t *count) {
  int select = find_word(c, a, b, "SELECT"), i = a + 2;
  if (select == b || !at(c, i, "INTO")) return fail(f->e, 928, "missing SELECT keyword");
  Atom atom = atom_begin(f->p);
  while (i && at(c, i, "INTO")) i = insert_into(f, c, i, select, b, row, count);
  atom_end(f->p, atom, !i);
  return i ? 0 : OCI_ERROR;
}

/* ---- triggers: AFTER or BEFORE, FOR EACH ROW, DML in their bodies ---- */

static int trigger_event(Phys *p, const char *name, const char *table, const Code *c, int event, int begin,
                         int end, Err *e) {
  Buf o = {0};
  Frame f = {.p = p, .e = e};
  const Tok *t = &c->tok[event];
  putf(&o, "CREATE TRIGGER \"ocisim_t_%s_%.*s\" AFTER %.*s ON \"%s\" BEGIN ", name, t->n, t->s, t->n, t->s,
       table);
  for (int i = begin + 1; i < end; i = statement_end(c, i, end) + 1) {
    emit(&f, c, i, statement_end(c, i, end), &o, 0, 0);
    put(&o, "; ", 2);
  }
  int rc = sql_script(p, e, "%s END", o.p);
  free(o.p);
  return rc;
}

/* name {BEFORE | AFTER} event [OR event] ON table [FOR EACH ROW] BEGIN DML; ... END; */
int trigger_create(Phys *p, const Code *c, int i, int replace, Err *e) {
  static const char *const events[] = {"INSERT", "UPDATE", "DELETE", 0};
  char name[64], table[64], timing[16], list[64] = "";
  int on = find_word(c, i, c->ntok, "ON"), begin = find_word(c, i, c->ntok, "BEGIN"), end = c->ntok;
  while (end > begin && !at(c, end, "END")) end--;
  if (on + 1 >= c->ntok || begin >= c->ntok)
    return fail(e, 4071, "missing BEFORE, AFTER or INSTEAD OF keyword");
  tok_name(&c->tok[i], name, sizeof name);
  tok_name(&c->tok[i + 1], timing, sizeof timing);
  tok_name(&c->tok[on + 1], table, sizeof table);
  if (strcmp(timing, "AFTER") != 0)
    return fail(e, 3001, "unimplemented feature (ocisim: %s triggers)", timing);
  if (object_exists(p, name, "TRIGGER") && !replace)
    return fail(e, 4081, "trigger '%s' already exists", name);
  for (int k = 0; k < 3; k++)
    if (sql_script(p, e, "DROP TRIGGER IF EXISTS \"ocisim_t_%w_%w\"", name, events[k])) return OCI_ERROR;
  for (int k = i + 2; k < on; k++) {
    if (!at_any(c, k, events)) continue;
    if (trigger_event(p, name, table, c, k, begin, end, e)) return OCI_ERROR;
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.*s", *list ? " OR " : "", c->tok[k].n,
             c->tok[k].s);
  }
  upper(list);
  int rc =
      sql_script(p, e, "REPLACE INTO ocisim_triggers VALUES (%Q, %Q, %Q, %Q)", name, table, timing, list);
  return rc ? rc : object_changed(p, name, "TRIGGER", e);
}
