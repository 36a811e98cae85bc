/* routine.c - stored procedures and functions: their texts are in the dictionary, and are read at each call.
 */
#include "ocisim.h"

/* i: PROCEDURE or FUNCTION */
int routine_create(Phys *p, const Code *c, int i, int replace, Err *e) {
  const char *type = at(c, i, "FUNCTION") ? "FUNCTION" : "PROCEDURE";
  char name[64];
  int n = at(c, i + 2, ".") ? i + 3 : i + 1;
  if (n >= c->ntok || find_word(c, n, c->ntok, "BEGIN") == c->ntok)
    return fail(e, 6550, "line 1, column 1:\nPLS-00103: Encountered the symbol \"end-of-file\"");
  tok_name(&c->tok[n], name, sizeof name);
  if (object_exists(p, name, 0) && !(replace && object_exists(p, name, type)))
    return fail(e, 955, "name is already used by an existing object");
  if (sql_script(p, e, "REPLACE INTO ocisim_source VALUES (%Q, %Q, %Q)", name, type, c->tok[i].s) ||
      object_changed(p, name, type, e))
    return OCI_ERROR;
  depend(p, name, type, c, n + 1);
  return 0;
}

/* 1: there is one */
static int source(Phys *p, const char *name, Code *c) {
  sqlite3_stmt *q;
  static const char sql[] = "SELECT text FROM ocisim_source WHERE name = upper(?1) AND type <> 'VIEW'";
  *c = (Code){0};
  if (!*name || sqlite3_prepare_v2(p->db, sql, -1, &q, 0)) return 0;
  sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
  if (sqlite3_step(q) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(q, 0);
    code_parse(c, text, strlen(text));
  }
  sqlite3_finalize(q);
  return c->ntok > 0;
}

/* [a, b): the parameters or arguments between the parentheses at i; b 0: none */
static void between(const Code *c, int i, int end, int *a, int *b) {
  *a = *b = 0;
  if (i >= end || !at(c, i, "(")) return;
  *a = i + 1;
  *b = skip_parens(c, i, end) - 1;
}

static int parameters(const Code *c, int *a, int *b) {
  int name = at(c, 2, ".") ? 3 : 1;
  between(c, name + 1, c->ntok, a, b);
  return *b ? *b + 1 : name + 1;
}

typedef struct {
  int in, out, type, end, value;
} Parameter; /* type, end: of its type; value: of its default */

static Parameter parameter(const Code *c, int i, int end) {
  Parameter r = {.type = i + 1, .end = end, .value = end};
  for (; at(c, r.type, "IN") || at(c, r.type, "OUT") || at(c, r.type, "NOCOPY"); r.type++) {
    r.in |= at(c, r.type, "IN");
    r.out |= at(c, r.type, "OUT");
  }
  if (!r.out) r.in = 1;
  r.end = find_word(c, r.type, end, ":=");
  if (r.end == end) r.end = find_word(c, r.type, end, "DEFAULT");
  if (r.end < end) r.value = r.end + 1;
  return r;
}

/* the argument for a parameter, by name or by place; 0: none */
static int argument(const Code *c, int a, int b, const Tok *name, int place, int *from, int *to) {
  for (int i = a, k = 0; i < b; i = *to + 1, k++) {
    *to = find_word(c, i, b, ",");
    *from = i;
    int named = at(c, i + 1, "=>");
    if (named) *from = i + 2;
    if (named ? c->tok[i].n == name->n && !strncasecmp(c->tok[i].s, name->s, (size_t)name->n) : k == place)
      return 1;
  }
  return 0;
}

static int run_body(Frame *g) {
  const Code *c = g->c;
  Phys *p = g->p;
  int a, b, next, i = parameters(c, &a, &b);
  while (i < c->ntok && !at(c, i, "IS") && !at(c, i, "AS")) i++;
  if (++p->depth > 50) {
    p->depth--;
    return fail(g->e, 36, "maximum number of recursive SQL levels (50) exceeded");
  }
  Frame *caller = p->frame;
  p->frame = g;
  int flow = plsql_block(g, i + 1, c->ntok, &next);
  p->frame = caller;
  p->depth--;
  if (flow >= 0) return 0;
  char *msg = g->e->f.msg, owner[132];
  size_t n = strlen(msg);
  int line = 1;
  for (const char *s = c->text; g->at < c->ntok && s < c->tok[g->at].s; s++) line += *s == '\n';
  set_text(owner, sizeof owner, p->user, strlen(p->user));
  upper(owner);
  if (!fatal_code(g->e->f.code) && g->e->f.code != 1013)
    snprintf(msg + n, sizeof g->e->f.msg - n, "\nORA-06512: at \"%s.%s\", line %d", owner, g->routine, line);
  return OCI_ERROR;
}

/* one parameter gets its value from the caller, or its default */
static int pass_in(Frame *f, Frame *g, int i, int end, int a, int b, int place) {
  Parameter r = parameter(g->c, i, end);
  int from, to, given = argument(f->c, a, b, &g->c->tok[i], place, &from, &to);
  Value v = {.type = SQLITE_NULL};
  Local *l = local_new(g, g->c->tok[i].s, (size_t)g->c->tok[i].n);
  local_type(g, l, g->c, r.type, r.end);
  if (!given && r.value == end)
    return fail(f->e, 6550,
                "line 1, column 7:\nPLS-00306: wrong number or types of arguments in call to '%s'",
                g->routine);
  if (l->table && given) { /* by way of a variable of the caller's */
    int done = 0;
    Local *outer = f->locals, *own = local_new(f, "", 0);
    own->table = 1;
    int rc = table_assign(f, (f->s ? f->s->code.nbind : 0) + own->id, from, to, &done);
    for (int k = 0; !rc && k < own->nitems; k++) rc = local_item(g, l, k + 1, &own->items[k]);
    locals_drop(f, outer);
    return rc;
  }
  if (!r.in) return 0;
  int rc = given ? evaluate(f, from, to, &v) : evaluate(g, r.value, end, &v);
  if (!rc) rc = local_set(g, l, &v);
  value_clear(&v);
  return rc;
}

/* an OUT parameter goes to the variable or bind that the caller gave */
static int pass_out(Frame *f, Frame *g, int i, int end, int a, int b, int place) {
  Parameter r = parameter(g->c, i, end);
  int from, to;
  if (!r.out || !argument(f->c, a, b, &g->c->tok[i], place, &from, &to)) return 0;
  const Local *l = local_find(g, g->c->tok[i].s, (size_t)g->c->tok[i].n);
  int target = target_of(f, f->c, from, to);
  if (!target || !l)
    return fail(f->e, 6550,
                "line 1, column 7:\nPLS-00363: expression cannot be used as an assignment target");
  if (!l->table) return assign(f, target, &l->v);
  int binds = f->s ? f->s->code.nbind : 0;
  if (target <= binds) return table_store(f, find_bind(f->s, target), l);
  Local *own = local_id(f, target - binds);
  for (int k = 0; k < l->nitems; k++)
    if (local_item(f, own, k + 1, &l->items[k])) return OCI_ERROR;
  return 0;
}

typedef int (*Pass)(Frame *, Frame *, int, int, int, int, int);

static int each_parameter(Frame *f, Frame *g, int a, int b, Pass pass) {
  int i, end;
  parameters(g->c, &i, &end);
  for (int place = 0, stop; i < end; i = stop + 1, place++) {
    stop = find_word(g->c, i, end, ",");
    if (pass(f, g, i, stop, a, b, place)) return OCI_ERROR;
  }
  return 0;
}

static int count_items(const Code *c, int a, int b) {
  int n = 0;
  for (; a < b; a = find_word(c, a, b, ",") + 1) n++;
  return n;
}

/* [a, b): the arguments with their parentheses */
int routine_call(Frame *f, const char *name, int a, int b, int *found) {
  Code c;
  int from, to, i, end;
  if (!(*found = source(f->p, name, &c))) return 0;
  Frame g = {.p = f->p, .c = &c, .routine = name, .e = f->e, .up = f};
  between(f->c, a, b, &from, &to);
  parameters(&c, &i, &end);
  int rc =
      count_items(f->c, from, to) > count_items(&c, i, end)
          ? fail(f->e, 6550,
                 "line 1, column 7:\nPLS-00306: wrong number or types of arguments in call to '%s'", name)
          : each_parameter(f, &g, from, to, pass_in);
  if (!rc) rc = run_body(&g);
  if (!rc) rc = each_parameter(f, &g, from, to, pass_out);
  locals_drop(&g, 0);
  value_clear(&g.result);
  code_free(&c);
  return rc;
}

/* ---- stored functions as SQL functions ---- */

typedef struct {
  Phys *p;
  char name[64];
} Stored;

static Value value_from(sqlite3_value *v) {
  int type = sqlite3_value_type(v);
  if (type == SQLITE_INTEGER) return value_int(sqlite3_value_int64(v));
  if (type == SQLITE_FLOAT) return (Value){.type = type, .d = sqlite3_value_double(v)};
  Value r = value_text(sqlite3_value_blob(v), (size_t)sqlite3_value_bytes(v));
  if (r.type != SQLITE_NULL) r.type = type;
  return r;
}

static int arguments_from(Frame *g, int n, sqlite3_value **v) {
  int i, end, rc = 0;
  parameters(g->c, &i, &end);
  for (int place = 0, stop; i < end && !rc; i = stop + 1, place++) {
    stop = find_word(g->c, i, end, ",");
    Parameter r = parameter(g->c, i, stop);
    Local *l = local_new(g, g->c->tok[i].s, (size_t)g->c->tok[i].n);
    local_type(g, l, g->c, r.type, r.end);
    Value value = {.type = SQLITE_NULL};
    if (place < n)
      value = value_from(v[place]);
    else
      rc = r.value < stop
               ? evaluate(g, r.value, stop, &value)
               : fail(g->e, 6553, "PLS-306: wrong number or types of arguments in call to '%s'", g->routine);
    if (!rc) rc = local_set(g, l, &value);
    value_clear(&value);
  }
  return rc;
}

static void result_value(sqlite3_context *c, const Value *v) {
  if (v->type == SQLITE_INTEGER) sqlite3_result_int64(c, v->i);
  if (v->type == SQLITE_FLOAT) sqlite3_result_double(c, v->d);
  if (v->type == SQLITE_TEXT) sqlite3_result_text(c, v->p, (int)v->n, SQLITE_TRANSIENT);
  if (v->type == SQLITE_BLOB) sqlite3_result_blob(c, v->p, (int)v->n, SQLITE_TRANSIENT);
}

static void f_stored(sqlite3_context *c, int n, sqlite3_value **v) {
  const Stored *s = sqlite3_user_data(c);
  Err e = {.h = {HT_ERROR}};
  Code code;
  if (!source(s->p, s->name, &code)) {
    fail(&e, 904, "\"%s\": invalid identifier", s->name);
  } else {
    Frame g = {.p = s->p, .c = &code, .routine = s->name, .e = &e};
    int rc = arguments_from(&g, n, v);
    if (!rc) rc = run_body(&g);
    if (!rc) result_value(c, &g.result);
    locals_drop(&g, 0);
    value_clear(&g.result);
    code_free(&code);
  }
  if (!e.f.code) return;
  s->p->raised = e.f;
  sqlite3_result_error(c, e.f.msg, -1);
}

int routine_function(Phys *p, const char *name) {
  Code c;
  if (!source(p, name, &c)) return 0;
  int function = at(&c, 0, "FUNCTION");
  code_free(&c);
  if (!function) return 0;
  Stored *s = allocate(1, sizeof *s);
  s->p = p;
  set_text(s->name, sizeof s->name, name, strlen(name));
  return !sqlite3_create_function_v2(p->db, name, -1, SQLITE_UTF8, s, f_stored, 0, 0, free);
}
