/*
 * table.c - CREATE TABLE and ALTER TABLE ADD: columns with Oracle's types.
 *
 * SQLite checks neither lengths nor precisions, so a column gets a CHECK with a
 * function that raises Oracle's error, and a trigger where NUMBER(p,s) rounds.
 */
#include "ocisim.h"

/* words of a constraint that SQLite does not know */
static int storage_words(const Code *c, int i, int end) {
  static const char *const single[] = {"ENABLE", "DISABLE", "VALIDATE", "NOVALIDATE", "RELY", "NORELY", 0};
  if (at_any(c, i, single)) return 1;
  if (at(c, i, "NOT") && at(c, i + 1, "DEFERRABLE")) return 2;
  if (at(c, i, "DEFERRABLE")) return 1;
  if (at(c, i, "INITIALLY")) return 2;
  if (at(c, i, "USING") && at(c, i + 1, "INDEX"))
    return at(c, i + 2, "(") ? skip_parens(c, i + 2, end) - i : 2;
  return 0;
}

static void emit_range(Phys *p, const Code *c, int a, int b, Buf *o) {
  Frame f = {.p = p};
  for (int i = a; i < b;) {
    int skip = storage_words(c, i, b), next = i + 1;
    if (skip) {
      i += skip;
      continue;
    }
    while (next < b && !storage_words(c, next, b)) next++;
    emit(&f, c, i, next, o, 0, 0);
    i = next;
  }
}

/* where a column's DEFAULT ends */
static int default_end(const Code *c, int i, int end) {
  static const char *const words[] = {"NOT",   "NULL",       "CONSTRAINT", "PRIMARY", "UNIQUE",
                                      "CHECK", "REFERENCES", "ENABLE",     0};
  int first = i;
  while (i < end && (i == first || !at_any(c, i, words))) i = at(c, i, "(") ? skip_parens(c, i, end) : i + 1;
  return i;
}

typedef struct {
  char table[64], name[64];
  int precision, scale, length;
  char unit;
} Field;

static int type_number(Field *f, const Code *c, int i, int end, Buf *o) {
  int next = at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
  if (at(c, i, "INTEGER") || at(c, i, "INT") || at(c, i, "SMALLINT")) {
    f->precision = 38;
    putf(o, "NUMBER(38,0) ");
    return next;
  }
  if (next == i + 1) {
    putf(o, "NUMBER ");
    return next;
  }
  int any = at(c, i + 2, "*");
  f->precision = any ? 38 : atoi(c->tok[i + 2].s);
  if (at(c, i + 3, ",")) f->scale = atoi(c->tok[i + 4].s) * (at(c, i + 4, "-") ? 0 : 1);
  putf(o, "NUMBER(%d,%d) ", f->precision, f->scale);
  return next;
}

static int type_text(Field *f, const Code *c, int i, int end, Buf *o) {
  int next = at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
  f->length = next > i + 1 ? atoi(c->tok[i + 2].s) : 1;
  f->unit = at(c, i, "RAW") ? 'R' : at(c, i + 3, "CHAR") || toupper(*c->tok[i].s) == 'N' ? 'C' : 'B';
  putf(o, "%.*s(%d) ", c->tok[i].n, c->tok[i].s, f->length);
  return next;
}

static int type_timestamp(const Code *c, int i, int end, Buf *o) {
  int next = at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
  int digits = next > i + 1 ? atoi(c->tok[i + 2].s) : 6;
  if (!at(c, next, "WITH")) {
    putf(o, "TIMESTAMP(%d) ", digits);
    return next;
  }
  int local = at(c, next + 1, "LOCAL");
  putf(o, "TIMESTAMP_%s(%d) ", local ? "LTZ" : "TZ", digits);
  return next + 3 + local;
}

/* writes a column's type; returns what follows it */
static int column_type(Field *f, const Code *c, int i, int end, Buf *o) {
  static const char *const numbers[] = {"NUMBER", "NUMERIC", "DECIMAL", "INTEGER", "INT", "SMALLINT", 0};
  static const char *const texts[] = {"VARCHAR2", "NVARCHAR2", "VARCHAR", "CHAR", "NCHAR", "RAW", 0};
  if (at_any(c, i, numbers)) return type_number(f, c, i, end, o);
  if (at_any(c, i, texts)) return type_text(f, c, i, end, o);
  if (at(c, i, "TIMESTAMP")) return type_timestamp(c, i, end, o);
  if (at(c, i, "INTERVAL")) {
    putf(o, "INTERVAL ");
    while (i < end && !at(c, i, "SECOND") && !at(c, i, "MONTH")) i++;
    return at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
  }
  if (i < end) putf(o, "%.*s ", c->tok[i].n, c->tok[i].s);
  return at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
}

/* a sequence of the column's own gives its values */
static int column_identity(Phys *p, const Field *f, const Code *c, int i, int end, Buf *o) {
  char name[140];
  int start = 1, step = 1;
  while (i < end && !at(c, i, "IDENTITY")) i++;
  int next = at(c, i + 1, "(") ? skip_parens(c, i + 1, end) : i + 1;
  for (int k = i; k + 2 < next; k++) {
    if (at(c, k, "START")) start = atoi(c->tok[k + 2].s);
    if (at(c, k, "INCREMENT")) step = atoi(c->tok[k + 2].s);
  }
  snprintf(name, sizeof name, "ISEQ$$_%.24s_%.24s", f->table, f->name);
  sequence_drop(p->home, name);
  sequence_create(p->home, name, start, step);
  putf(o, "DEFAULT (ora_nextval('%s')) NOT NULL ", name);
  return next;
}

static void column_check(const Field *f, Buf *o, Buf *after) {
  if (f->length)
    putf(o, "CHECK (ora_fits('%s', '%s', \"%s\", %d, '%c')) ", f->table, f->name, f->name, f->length,
         f->unit);
  if (!f->precision) return;
  putf(o, "CHECK (ora_precise(\"%s\", %d, %d)) ", f->name, f->precision, f->scale);
  static const char *const events[] = {"INSERT", "UPDATE"};
  for (int i = 0; i < 2; i++)
    putf(after,
         "CREATE TRIGGER \"ocisim_%c_%s_%s\" AFTER %s ON \"%s\" WHEN typeof(NEW.\"%s\") = 'real' AND "
         "NEW.\"%s\" <> "
         "round(NEW.\"%s\", %d) BEGIN UPDATE \"%s\" SET \"%s\" = round(\"%s\", %d) WHERE rowid = NEW.rowid; "
         "END;",
         *events[i], f->table, f->name, events[i], f->table, f->name, f->name, f->name, f->scale, f->table,
         f->name, f->name, f->scale);
}

/* name, type, then DEFAULT, identity and constraints; key: a column of the table's primary key */
void column_definition(Phys *p, const Code *c, const char *table, int a, int b, Buf *o, Buf *after, int key) {
  Field f = {.precision = 0};
  set_text(f.table, sizeof f.table, table, strlen(table));
  tok_name(&c->tok[a], f.name, sizeof f.name);
  putf(o, "\"%s\" ", f.name);
  int i = a + 1 < b ? column_type(&f, c, a + 1, b, o) : b;
  while (i < b) {
    int from = i;
    if (at(c, i, "DEFAULT")) {
      i = default_end(c, i + 1 + 2 * (at(c, i + 1, "ON") && at(c, i + 2, "NULL")), b);
      put(o, "DEFAULT (", 9);
      emit_range(p, c, from + 1, i, o);
      put(o, ") ", 2);
    } else if (at(c, i, "GENERATED") && find_word(c, i, b, "IDENTITY") < b) {
      i = column_identity(p, &f, c, i, b, o);
    } else {
      if (at(c, i, "PRIMARY")) put(o, "NOT NULL ", 9);
      for (i++; i < b && !at(c, i, "DEFAULT") && !at(c, i, "GENERATED") && !at(c, i, "PRIMARY");)
        i = at(c, i, "(") ? skip_parens(c, i, b) : i + 1;
      if (i < b && at(c, i, "DEFAULT") && at(c, i - 1, "SET")) i++; /* ON DELETE SET DEFAULT */
      emit_range(p, c, from, i, o);
    }
  }
  if (key) put(o, "NOT NULL ", 9);
  column_check(&f, o, after);
}

static int element_end(const Code *c, int i, int end) {
  while (i < end && !at(c, i, ",")) i = at(c, i, "(") ? skip_parens(c, i, end) : i + 1;
  return i;
}

static int table_constraint(const Code *c, int i) {
  static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", 0};
  return at_any(c, i, words) && c->tok[i].k == 'w';
}

/* whether a name stands in the table's PRIMARY KEY (a, b) */
static int in_key(const Code *c, int i, int end, const Tok *name) {
  for (; i < end; i = element_end(c, i, end) + 1) {
    int key = i + 2 * at(c, i, "CONSTRAINT");
    if (!table_constraint(c, i) || !at(c, key, "PRIMARY")) continue;
    for (int k = key + 2; k < element_end(c, i, end); k++)
      if (c->tok[k].n == name->n && !strncasecmp(c->tok[k].s, name->s, (size_t)name->n)) return 1;
  }
  return 0;
}

static void table_elements(Phys *p, const Code *c, const char *table, int i, int end, Buf *o, Buf *after) {
  int first = i;
  for (; i < end; i = element_end(c, i, end) + 1) {
    int stop = element_end(c, i, end);
    if (i != first) put(o, ", ", 2);
    if (table_constraint(c, i))
      emit_range(p, c, i, stop, o);
    else
      column_definition(p, c, table, i, stop, o, after, in_key(c, first, end, &c->tok[i]));
  }
}

/* constraints go last, as SQLite wants it */
static void table_body(Phys *p, const Code *c, const char *table, int i, Buf *o, Buf *after) {
  int end = skip_parens(c, i, c->ntok) - 1;
  put(o, "(", 1);
  table_elements(p, c, table, i + 1, end, o, after);
  put(o, ")", 1);
}

/* i: the table's name */
int create_table(Phys *p, const Code *c, int i, int temporary, Err *e) {
  char name[64];
  Buf o = {0}, after = {0};
  Frame f = {.p = p, .e = e};
  if (at(c, i + 1, ".")) i += 2;
  if (i >= c->ntok) return fail(e, 903, "invalid table name");
  tok_name(&c->tok[i], name, sizeof name);
  if (object_hides(p, name, e)) return OCI_ERROR;
  int as = find_word(c, i, c->ntok, "AS"), rc;
  put(&after, "", 0);
  putf(&o, "CREATE TABLE \"%s\" ", name);
  if (at(c, i + 1, "("))
    table_body(p, c, name, i + 1, &o, &after);
  else if (as < c->ntok)
    emit(&f, c, as, c->ntok, &o, 0, 0);
  if (object_exists(p, name, 0)) {
    rc = fail(e, 955, "name is already used by an existing object");
  } else if (temporary) {
    int keep = find_word(c, i, c->ntok, "PRESERVE") < c->ntok;
    rc = temporary_create(p, name, o.p, keep, e);
  } else {
    rc = sql_script(p, e, "%s;%s", o.p, after.p);
  }
  free(o.p);
  free(after.p);
  return rc ? rc : object_changed(p, name, "TABLE", e);
}
