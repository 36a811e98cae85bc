/* variables.c - PL/SQL's variables and expressions. */
#include "ocisim.h"
#include <math.h>

Local *local_find(const Frame *f, const char *name, size_t n) {
  for (Local *l = f->locals; l && n; l = l->next)
    if (strlen(l->name) == n && !strncasecmp(l->name, name, n)) return l;
  return 0;
}

Local *local_id(const Frame *f, int id) {
  Local *l = f->locals;
  while (l && l->id != id) l = l->next;
  return l;
}

Local *local_new(Frame *f, const char *name, size_t n) {
  Local *l = allocate(1, sizeof *l);
  set_text(l->name, sizeof l->name, name, n);
  upper(l->name);
  l->v.type = SQLITE_NULL;
  l->id = ++f->nlocals;
  l->next = f->locals;
  f->locals = l;
  return l;
}

static void items_clear(Local *l) {
  for (int i = 0; i < l->nitems; i++) value_clear(&l->items[i]);
  free(l->items);
  l->items = 0;
  l->nitems = 0;
}

void locals_drop(Frame *f, Local *down_to) {
  while (f->locals && f->locals != down_to) {
    Local *l = f->locals;
    f->locals = l->next;
    value_clear(&l->v);
    items_clear(l);
    free(l);
  }
}

/* an index-by table: of a type declared here, or of a package's whose name says so */
static int table_type(const Frame *f, const Code *c, int a, int b) {
  const Tok *last = &c->tok[a];
  char name[64];
  const Local *type = local_find(f, last->s, (size_t)last->n);
  if (type) return !strcmp(type->type, "TABLE TYPE");
  if (!at(c, a + 1, ".") || a + 2 >= b) return 0;
  tok_name(&c->tok[a + 2], name, sizeof name);
  size_t n = strlen(name);
  static const char *const ends[] = {"TABLE", "TAB", "ARRAY", "LIST"};
  for (size_t i = 0; i < COUNT(ends); i++)
    if (n >= strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i])) return 1;
  return 0;
}

/* [a, b): the type; lengths and precisions hold, %TYPE does not */
void local_type(const Frame *f, Local *l, const Code *c, int a, int b) {
  if (a >= b) return;
  tok_name(&c->tok[a], l->type, sizeof l->type);
  l->table = table_type(f, c, a, b);
  l->scale = -1;
  if (!at(c, a + 1, "(") || a + 2 >= b) return;
  l->size = atoi(c->tok[a + 2].s);
  l->scale = at(c, a + 3, ",") ? atoi(c->tok[a + 4].s) : 0;
}

static int too_small(Frame *f) {
  return fail(f->e, 6502, "PL/SQL: numeric or value error: character string buffer too small");
}

static int number_set(Frame *f, Local *l, const Value *v) {
  double d = v->d, unit = pow(10, l->scale < 0 ? 0 : l->scale);
  if (v->type == SQLITE_TEXT) {
    char *end;
    d = strtod(v->p, &end);
    if (*end || end == v->p)
      return fail(f->e, 6502, "PL/SQL: numeric or value error: character to number conversion error");
  }
  if (v->type == SQLITE_INTEGER) d = (double)v->i;
  if (l->size > 0 && fabs(d) >= pow(10, l->size - l->scale))
    return fail(f->e, 6502, "PL/SQL: numeric or value error: number precision too large");
  if (l->scale >= 0 && v->type != SQLITE_INTEGER) d = round(d * unit) / unit;
  int whole = v->type == SQLITE_INTEGER || (d == floor(d) && fabs(d) < 9e15);
  value_clear(&l->v);
  l->v = v->type == SQLITE_INTEGER ? *v
         : whole                   ? value_int((int64_t)d)
                                   : (Value){.type = SQLITE_FLOAT, .d = d};
  return 0;
}

int local_set(Frame *f, Local *l, const Value *v) {
  static const char *const numbers[] = {"NUMBER",         "INTEGER", "PLS_INTEGER",
                                        "BINARY_INTEGER", "INT",     "SIMPLE_INTEGER"};
  int numeric = v->type == SQLITE_INTEGER || v->type == SQLITE_FLOAT || v->type == SQLITE_TEXT;
  if (!strcmp(l->type, "CONSTANT"))
    return fail(f->e, 6550, "line 1: PLS-00363: expression cannot be used as an assignment target");
  for (size_t i = 0; numeric && i < COUNT(numbers); i++)
    if (!strcmp(l->type, numbers[i])) return number_set(f, l, v);
  if (strstr(l->type, "CHAR") && l->size && v->type == SQLITE_TEXT && v->n > (uint32_t)l->size)
    return too_small(f);
  Value copy = value_copy(v);
  value_clear(&l->v);
  l->v = copy;
  return 0;
}

int local_item(Frame *f, Local *l, int64_t index, const Value *v) {
  if (index < 1 || index > 1000000)
    return fail(f->e, 6502, "PL/SQL: numeric or value error (ocisim: index %lld)", (long long)index);
  if (index > l->nitems) {
    l->items = resize(l->items, (size_t)index, sizeof *l->items);
    for (int i = l->nitems; i < index; i++) l->items[i] = (Value){.type = SQLITE_NULL};
    l->nitems = (int)index;
  }
  value_clear(&l->items[index - 1]);
  l->items[index - 1] = value_copy(v);
  return 0;
}

static int binds_of(const Frame *f) {
  return f->s ? f->s->code.nbind : 0;
}

/* an OUT bind: its first element */
static int bind_set(Frame *f, int k, const Value *v) {
  Var *b = find_bind(f->s, k);
  if (!b) return fail(f->e, 1008, 0);
  int text = v->type == SQLITE_TEXT && (b->dty == T_CHR || b->dty == T_AFC);
  if (text && (int64_t)v->n > b->sz) return too_small(f);
  int code = var_store(b, b->val, b->len, b->ind, b->rc, v);
  return code ? fail(f->e, code, 0) : 0;
}

int assign(Frame *f, int target, const Value *v) {
  int binds = binds_of(f);
  if (target <= binds) return bind_set(f, target, v);
  Local *l = local_id(f, target - binds);
  return l ? local_set(f, l, v)
           : fail(f->e, 6550, "line 1: PLS-00363: expression cannot be used as an assignment target");
}

int target_of(const Frame *f, const Code *c, int i, int end) {
  if (i >= end) return 0;
  const Tok *t = &c->tok[i];
  if (t->k == 'b') return t->bind;
  const Local *l = t->k == 'w' ? local_find(f, t->s, (size_t)t->n) : 0;
  return l ? binds_of(f) + l->id : 0;
}

/* ---- index-by tables as binds: OCI gives the number of elements, and takes it ---- */

static int table_read(Frame *f, Local *to, const Var *b) {
  char scratch[SCRATCH];
  Value v;
  uint32_t n = b->curele ? *b->curele : 0;
  items_clear(to);
  for (uint32_t i = 0; i < n && i < b->maxarr; i++) {
    int code = var_get(b, i, &v, scratch);
    if (code) return fail(f->e, code, 0);
    if (local_item(f, to, i + 1, &v)) return OCI_ERROR;
  }
  return 0;
}

int table_store(Frame *f, Var *b, const Local *from) {
  if ((uint32_t)from->nitems > b->maxarr)
    return fail(f->e, 6513, "PL/SQL: index for PL/SQL table out of range for host language array");
  for (int i = 0; i < from->nitems; i++) {
    int code = var_store(b, b->val + i * b->sz, b->len ? b->len + i : 0, b->ind ? b->ind + i : 0,
                         b->rc ? b->rc + i : 0, &from->items[i]);
    if (code) return fail(f->e, code, 0);
  }
  if (b->curele) *b->curele = (uint32_t)from->nitems;
  return 0;
}

static int table_copy(Frame *f, Local *to, const Local *from) {
  if (to == from) return 0;
  items_clear(to);
  for (int i = 0; i < from->nitems; i++)
    if (local_item(f, to, i + 1, &from->items[i])) return OCI_ERROR;
  return 0;
}

/* target := expression [a, b), where both are index-by tables; *done 0: they are not */
int table_assign(Frame *f, int target, int a, int b, int *done) {
  int binds = binds_of(f), source = b - a == 1 ? target_of(f, f->c, a, b) : 0;
  Var *from_bind = source && source <= binds ? find_bind(f->s, source) : 0;
  Var *to_bind = target <= binds ? find_bind(f->s, target) : 0;
  Local *from = source > binds ? local_id(f, source - binds) : 0,
        *to = target > binds ? local_id(f, target - binds) : 0;
  *done = 1;
  if (to && to->table && from_bind && from_bind->maxarr) return table_read(f, to, from_bind);
  if (to_bind && to_bind->maxarr && from && from->table) return table_store(f, to_bind, from);
  if (to && to->table && from && from->table) return table_copy(f, to, from);
  *done = 0;
  return 0;
}

/* ---- expressions ---- */

/* errors of the compiler have a number of their own */
static int expression_error(Frame *f, int a) {
  Fail was = f->e->f;
  const char *quote = strchr(was.msg, '"');
  int line = 1;
  for (const char *s = f->c->text; s < f->c->tok[a].s; s++) line += *s == '\n';
  if (was.code == 904)
    return fail(f->e, 6550, "line %d, column 7:\nPLS-00201: identifier %.*s must be declared", line,
                quote ? (int)strcspn(quote + 1, "\"") : 1, quote ? quote + 1 : "?");
  if (was.code < 900 || was.code > 999) return OCI_ERROR;
  return fail(f->e, 6550, "line %d, column 7:\nPL/SQL: %.400s", line, was.msg);
}

static int evaluate_text(Frame *f, const char *sql, int a, Value *out) {
  sqlite3_stmt *q = 0;
  Result r = {0};
  *out = (Value){.type = SQLITE_NULL};
  if (sql_prepare(f->p, sql, &q, f->e)) return expression_error(f, a);
  int rc = run_statement(f, q, 0, &r, 0, 0, 0);
  sqlite3_finalize(q);
  if (!rc && r.nrows && r.ncols) *out = value_copy(&r.rows[0]);
  result_clear(&r);
  return rc;
}

int evaluate(Frame *f, int a, int b, Value *out) {
  Buf o = {0};
  *out = (Value){.type = SQLITE_NULL};
  if (a >= b) return fail(f->e, 6550, "line 1: PLS-00103: Encountered the symbol \";\"");
  put(&o, "SELECT ", 7);
  emit(f, f->c, a, b, &o, 0, 0);
  int rc = evaluate_text(f, o.p, a, out);
  free(o.p);
  return rc;
}

int condition(Frame *f, int a, int b, int *yes) {
  Buf o = {0};
  Value v;
  *yes = 0;
  put(&o, "SELECT CASE WHEN ", 17);
  emit(f, f->c, a, b, &o, 0, 0);
  put(&o, "THEN 1 ELSE 0 END", 17);
  int rc = evaluate_text(f, o.p, a, &v);
  free(o.p);
  *yes = !rc && v.i == 1;
  value_clear(&v);
  return rc;
}
