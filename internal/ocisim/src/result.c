/* result.c - a query's rows, read completely, and the description of its columns. */
#include "ocisim.h"

Value value_of(sqlite3_stmt *q, int i) {
  int type = sqlite3_column_type(q, i);
  if (type == SQLITE_INTEGER) return value_int(sqlite3_column_int64(q, i));
  if (type == SQLITE_FLOAT) return (Value){.type = type, .d = sqlite3_column_double(q, i)};
  if (type == SQLITE_NULL) return (Value){.type = type};
  const void *p = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(q, i) : sqlite3_column_blob(q, i);
  Value v = value_text(p, (size_t)sqlite3_column_bytes(q, i)); /* '' is NULL */
  if (v.type != SQLITE_NULL) v.type = type;
  return v;
}

void result_add(Result *r, sqlite3_stmt *q) {
  if (r->nrows == r->cap) {
    r->cap = r->cap ? r->cap * 2 : 64;
    r->rows = resize(r->rows, r->cap * (r->ncols ? r->ncols : 1), sizeof *r->rows);
  }
  for (uint32_t i = 0; i < r->ncols; i++) r->rows[r->nrows * r->ncols + i] = value_of(q, (int)i);
  r->nrows++;
}

void result_clear(Result *r) {
  for (size_t i = 0; i < r->nrows * r->ncols; i++) free(r->rows[i].p);
  free(r->rows);
  free(r->cols);
  *r = (Result){0};
}

static size_t trimmed(const char *s) {
  size_t n = strlen(s);
  while (n && s[n - 1] == ' ') n--;
  return n;
}

/* a name in quotes stays as it is, an expression is called by its own text, the rest is in capitals */
static char *column_name(const char *n, const Code *c, const Names *names) {
  Buf quoted = {0};
  putf(&quoted, "\"%s\"", n);
  int verbatim = c && strstr(c->text, quoted.p) != 0;
  free(quoted.p);
  if (verbatim) return copy_text(n, strlen(n));
  for (int i = 0; names && i < names->n; i++) {
    size_t length = trimmed(names->list[i].emitted);
    if (strlen(n) == length && !strncmp(n, names->list[i].emitted, length))
      return copy_text(names->list[i].source, strlen(names->list[i].source));
  }
  char *own = copy_text(n, strlen(n));
  upper(own);
  return own;
}

/* what the values of a column are */
typedef struct {
  uint32_t longest;
  int text, number, real, blob, date, fraction, zone, interval;
} Seen;

static void see(Seen *s, const Value *v) {
  DT d = {.h = {0}};
  Ival i;
  if (v->n > s->longest) s->longest = v->n;
  s->number |= v->type == SQLITE_INTEGER || v->type == SQLITE_FLOAT;
  s->blob |= v->type == SQLITE_BLOB;
  if (v->type != SQLITE_TEXT) return;
  int date = dt_parse(v->p, v->n, &d);
  if (!date) s->interval = interval_parse(v->p, v->n, &i) ? 1 : -1;
  s->date = date && (s->date || !s->text);
  s->text = 1;
  s->fraction |= d.fs != 0;
  s->zone |= d.tzh || d.tzm;
}

static Seen look(const Result *r, uint32_t column) {
  Seen s = {0};
  for (size_t row = 0; row < r->nrows; row++) {
    const Value *v = &r->rows[row * r->ncols + column];
    if (v->type != SQLITE_NULL) see(&s, v);
  }
  return s;
}

static const struct {
  const char *prefix;
  uint16_t dty;
} types[] = {{"NUMBER", T_NUM},
             {"NUMERIC", T_NUM},
             {"DECIMAL", T_NUM},
             {"FLOAT", T_NUM},
             {"BINARY_DOUBLE", T_IBDOUBLE},
             {"BINARY_FLOAT", T_IBFLOAT},
             {"TIMESTAMP_TZ", T_TSTZ},
             {"TIMESTAMP_LTZ", T_TSLTZ},
             {"TIMESTAMP", T_TS},
             {"DATE", T_DAT},
             {"CLOB", T_CLOB},
             {"NCLOB", T_CLOB},
             {"BLOB", T_BLOB},
             {"LONG", T_LNG},
             {"RAW", T_BIN},
             {"CHAR", T_AFC},
             {"NCHAR", T_AFC},
             {"VARCHAR", T_CHR},
             {"NVARCHAR", T_CHR},
             {"INTERVAL", T_IDS}};

static uint16_t declared(const char *type) {
  for (size_t i = 0; type && i < COUNT(types); i++)
    if (!strncasecmp(type, types[i].prefix, strlen(types[i].prefix))) return types[i].dty;
  return 0;
}

static void describe_declared(Column *c, const char *type) {
  int p = 0, s = 0;
  const char *paren = strchr(type, '(');
  int n = paren ? sscanf(paren, "( %d , %d", &p, &s) : 0;
  switch (c->dty) {
  case T_NUM:
    c->prec = (int16_t)p;
    if (n) c->scale = (int8_t)(n > 1 ? s : 0);
    if (!strncasecmp(type, "FLOAT", 5)) c->prec = 126;
    break;
  case T_TS:
  case T_TSTZ:
  case T_TSLTZ: c->scale = (int8_t)(n ? p : 6); break;
  case T_IDS:
    c->prec = 2;
    c->scale = 6;
    break;
  case T_CHR:
  case T_BIN: c->size = (uint16_t)(n ? p : 4000); break;
  case T_AFC: c->size = (uint16_t)(n ? p : 1); break;
  default: break;
  }
}

/* an expression has the type of its values */
static void describe_seen(Column *c, const Seen *s) {
  if (s->number && !s->text) {
    c->dty = T_NUM;
  } else if (s->blob && !s->text) {
    c->dty = s->longest > 2000 ? T_BLOB : T_BIN;
    c->size = s->longest > 2000 ? 0 : 2000;
  } else if (s->date && !s->number) {
    c->dty = s->zone ? T_TSTZ : s->fraction ? T_TS : T_DAT;
    c->scale = s->zone || s->fraction ? 6 : 0;
  } else if (s->interval == 1 && !s->number) {
    c->dty = T_IDS;
    c->prec = 2;
    c->scale = 6;
  } else {
    c->dty = s->longest > 32767 ? T_CLOB : T_CHR;
    c->size = s->longest > 4000 ? 32767 : s->text ? 4000 : 1;
  }
}

static void describe_column(Result *r, uint32_t i, const char *type) {
  Column *c = &r->cols[i];
  Seen s = look(r, i);
  c->h.type = DT_PARAM;
  c->nullok = 1;
  c->scale = -127;
  c->dty = declared(type);
  if (c->dty)
    describe_declared(c, type);
  else
    describe_seen(c, &s);
  int sized = c->dty == T_CHR || c->dty == T_AFC || c->dty == T_BIN;
  if (sized && s.longest > c->size) c->size = (uint16_t)(s.longest > 65535 ? 65535 : s.longest);
  if (c->dty == T_CHR && s.number && c->size < 40) c->size = 40;
}

void result_describe(Result *r, sqlite3_stmt *q, const Code *c, const Names *names) {
  r->cols = allocate(r->ncols, sizeof *r->cols);
  for (uint32_t i = 0; i < r->ncols; i++) {
    char *name = column_name(sqlite3_column_name(q, (int)i), c, names);
    r->cols[i].name = lasting_text(name);
    free(name);
    describe_column(r, i, sqlite3_column_decltype(q, (int)i));
  }
}
