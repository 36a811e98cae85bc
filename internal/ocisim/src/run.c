/* run.c - runs one translated statement: binds in, rows out. */
#include "ocisim.h"
#include <stdarg.h>

int sql_script(Phys *p, Err *e, const char *fmt, ...) {
  va_list a;
  va_start(a, fmt);
  char *sql = sqlite3_vmprintf(fmt, a);
  va_end(a);
  if (!sql) return fail(e, 4030, "out of process memory");
  int rc = sqlite3_exec(p->db, sql, 0, 0, 0);
  sqlite3_free(sql);
  return rc ? sql_error(p, e) : 0;
}

/* what SQLite misses may be a temporary table or a stored function, which it then gets; 1: prepare again */
static int supply(Phys *p) {
  const char *m = sqlite3_errmsg(p->db);
  char name[64];
  if (sscanf(m, "no such table: main.%63s", name) == 1 || sscanf(m, "no such table: %63s", name) == 1)
    return temporary_table(p, name);
  return sscanf(m, "no such function: %63s", name) == 1 && routine_function(p, name);
}

int sql_prepare(Phys *p, const char *sql, sqlite3_stmt **out, Err *e) {
  int supplied = 1;
  for (int i = 0; i < 16 && supplied; i++) {
    if (!sqlite3_prepare_v2(p->db, sql, -1, out, 0)) return 0;
    supplied = supply(p);
  }
  return sqlite3_prepare_v2(p->db, sql, -1, out, 0) ? sql_error(p, e)
                                                    : 0; /* the message has been overwritten */
}

Var *find_bind(const Stmt *s, int k) {
  for (Var *v = s->binds; v; v = v->next)
    if (v->name ? !strcasecmp(v->name, s->code.bname[k - 1]) : v->pos == (uint32_t)k) return v;
  return 0;
}

static void bind_value(sqlite3_stmt *q, int k, const Value *v) {
  switch (v->type) {
  case SQLITE_INTEGER: sqlite3_bind_int64(q, k, v->i); break;
  case SQLITE_FLOAT: sqlite3_bind_double(q, k, v->d); break;
  case SQLITE_TEXT: sqlite3_bind_text(q, k, v->p, (int)v->n, SQLITE_TRANSIENT); break;
  case SQLITE_BLOB: sqlite3_bind_blob(q, k, v->p, (int)v->n, SQLITE_TRANSIENT); break;
  default: sqlite3_bind_null(q, k);
  }
}

static int bind_caller(Frame *f, sqlite3_stmt *q, int k, uint32_t row) {
  char scratch[SCRATCH];
  Value v;
  const Var *b = find_bind(f->s, k);
  if (!b) return fail(f->e, 1008, 0);
  if (b->dty == T_BOL && f->s->type < ST_BEGIN)
    return fail(f->e, 3115, "unsupported network datatype or representation");
  int code = var_get(b, row, &v, scratch);
  if (code) return fail(f->e, code, 0);
  bind_value(q, k, &v);
  return 0;
}

/* placeholders up to the number of binds are the caller's, the others are variables */
static int bind_all(Frame *f, sqlite3_stmt *q, uint32_t row) {
  int n = sqlite3_bind_parameter_count(q), binds = f->s ? f->s->code.nbind : 0;
  for (int k = 1; k <= n; k++) {
    if (!sqlite3_bind_parameter_name(q, k)) continue; /* not used in this text */
    if (k <= binds) {
      if (bind_caller(f, q, k, row)) return OCI_ERROR;
      continue;
    }
    const Local *l = local_id(f, k - binds);
    if (l) bind_value(q, k, &l->v);
  }
  return 0;
}

/* RETURNING INTO: a callback for each row and bind, which gives the place */
static int give_back(Frame *f, const Result *r, const Into *into, uint32_t row) {
  for (int i = 0; i < into->n; i++) {
    Var *b = find_bind(f->s, into->to[i]);
    if (!b || !b->ocb) return fail(f->e, 1008, 0);
    b->rows_returned = (uint32_t)r->nrows;
    for (uint32_t k = 0; k < r->nrows; k++) {
      void *buf = 0, *ind = 0;
      uint32_t *len = 0;
      uint8_t piece = 0;
      uint16_t *code = 0;
      b->ocb(b->octx, b, row, k, &buf, &len, &piece, &ind, &code);
      int bad = buf ? var_store(b, buf, len, ind, code, &r->rows[k * r->ncols + (uint32_t)i]) : 0;
      if (bad) return fail(f->e, bad, 0);
    }
  }
  return 0;
}

static int give_one(Frame *f, const Result *r, const Into *into, int query) {
  if (r->nrows > 1) return fail(f->e, 1422, "exact fetch returns more than requested number of rows");
  if (!r->nrows) return query ? fail(f->e, 1403, 0) : 0;
  for (int i = 0; i < into->n; i++)
    if (assign(f, into->to[i], &r->rows[i])) return OCI_ERROR;
  return 0;
}

static int step_all(Frame *f, sqlite3_stmt *q, Result *r, int keep) {
  int rc = sqlite3_step(q);
  r->ncols = (uint32_t)sqlite3_column_count(q); /* now: SQLite has prepared anew what DDL has changed */
  for (; rc == SQLITE_ROW; rc = sqlite3_step(q))
    if (keep) result_add(r, q);
  return rc == SQLITE_DONE ? 0 : sql_error(f->p, f->e);
}

/* rows go to `out`, or to the targets of `into`: by callbacks if `returning` */
int run_statement(Frame *f, sqlite3_stmt *q, uint32_t row, Result *out, const Into *into, int returning,
                  uint64_t *count) {
  Result own = {0}, *r = out ? out : &own;
  int reads = sqlite3_stmt_readonly(q), targets = into ? into->n : 0;
  int rc = bind_all(f, q, row);
  if (!rc) rc = reads ? sql_snapshot(f->p, f->e) : sql_begin(f->p, f->e);
  r->ncols = (uint32_t)sqlite3_column_count(q);
  if (!rc && targets > (int)r->ncols) rc = fail(f->e, 947, "not enough values");
  if (!rc) rc = step_all(f, q, r, out || targets);
  if (!rc && count) *count += reads ? r->nrows : (uint64_t)sqlite3_changes64(f->p->db);
  sqlite3_reset(q);
  if (!rc && targets) rc = returning ? give_back(f, r, into, row) : give_one(f, r, into, reads);
  sqlite3_clear_bindings(q);
  result_clear(&own);
  return rc;
}

int run_text(Frame *f, const char *sql, Result *out, const Into *into, int returning, uint64_t *count) {
  sqlite3_stmt *q = 0;
  if (sql_prepare(f->p, sql, &q, f->e)) return OCI_ERROR;
  if (!q) return 0;
  int rc = run_statement(f, q, 0, out, into, returning, count);
  if (!rc && out) result_describe(out, q, 0, 0);
  sqlite3_finalize(q);
  return rc;
}
