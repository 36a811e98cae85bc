/* statement.c - statements: the cache, execution, fetches. */
#include "ocisim.h"

static void vars_clear(Var **list) {
  for (Var *v = *list, *next; v; v = next) {
    next = v->next;
    free(v->name);
    free(v);
  }
  *list = 0;
}

void stmt_clear(Stmt *s) {
  result_clear(&s->res);
  vars_clear(&s->binds);
  vars_clear(&s->defs);
  free(s->counts);
  s->counts = 0;
  s->ncounts = 0;
  s->cur = 0;
  if (s->st) sqlite3_reset(s->st);
}

void stmt_drop(Stmt *s) {
  stmt_clear(s);
  sqlite3_finalize(s->st);
  s->st = 0;
  names_free(&s->names);
  code_free(&s->code);
}

static void stmt_free(Stmt *s) {
  stmt_drop(s);
  free(s);
}

void cache_drop(Svc *s) {
  for (Stmt *t = s->cache, *next; t; t = next) {
    next = t->next;
    stmt_free(t);
  }
  s->cache = 0;
}

/* 13 characters like Oracle's, from a hash of the text */
static void sql_id(const char *text, size_t n, char id[14]) {
  uint64_t h = 1469598103934665603ull;
  for (size_t i = 0; i < n; i++) h = (h ^ (uint8_t)text[i]) * 1099511628211ull;
  for (int i = 0; i < 13; i++, h = h * 6364136223846793005ull + 1)
    id[i] = "0123456789abcdfghjkmnpqrstuvwxyz"[h >> 59];
  id[13] = 0;
}

static Stmt *stmt_new(Svc *s, const char *sql, uint32_t n) {
  Stmt *t = allocate(1, sizeof *t);
  t->h.type = HT_STMT;
  t->svc = s;
  t->prefetch = 1;
  code_parse(&t->code, sql, n);
  t->type = (uint16_t)statement_type(&t->code);
  for (int i = 0; i < t->code.ntok && t->type >= ST_UPDATE && t->type <= ST_INSERT; i++)
    if (at(&t->code, i, "RETURNING")) t->returning = 1;
  sql_id(sql, n, t->sqlid);
  return t;
}

static Stmt *cache_take(Svc *s, const char *sql, uint32_t n) {
  Stmt **at = &s->cache;
  while (*at && !(strlen((*at)->code.text) == n && !memcmp((*at)->code.text, sql, n))) at = &(*at)->next;
  Stmt *t = *at;
  if (!t) return 0;
  *at = t->next;
  t->next = 0;
  return t;
}

/* models the statement cache; there is no round trip, because OCI parses at execute */
API int OCIStmtPrepare2(void *svc, void **out, void *err UNUSED, const char *sql, uint32_t n,
                        const char *key UNUSED, uint32_t kn UNUSED, uint32_t language UNUSED,
                        uint32_t mode UNUSED) {
  Svc *s = svc;
  Stmt *t = cache_take(s, sql, n);
  if (t && s->phys) trace(s->phys->home, s->phys, "cached", t->code.text);
  *out = t ? t : stmt_new(s, sql, n);
  return OCI_SUCCESS;
}

/* drops the least recently used */
static void cache_trim(Svc *s) {
  Stmt *t = s->cache;
  for (uint32_t i = 1; t && i < s->cache_size; i++) t = t->next;
  if (!t) return;
  for (Stmt *old = t->next, *next; old; old = next) {
    next = old->next;
    stmt_free(old);
  }
  t->next = 0;
}

/* models the statement cache; mode 0x10 keeps a statement out of it */
API int OCIStmtRelease(void *stmt, void *err UNUSED, const char *key UNUSED, uint32_t kn UNUSED,
                       uint32_t mode) {
  Stmt *t = stmt;
  Svc *s = t->svc;
  stmt_clear(t);
  if ((mode & 0x10) || !s->cache_size || !t->type) {
    stmt_free(t);
    return OCI_SUCCESS;
  }
  t->next = s->cache;
  s->cache = t;
  cache_trim(s);
  return OCI_SUCCESS;
}

/* what a hint in the statement's text does */
static int hinted(const Stmt *t, Phys *p, Err *e) {
  int rc = t->code.hint_delay ? wait_ms(p, t->code.hint_delay) : 0;
  if (rc) return fail(e, rc, 0);
  return t->code.hint_error ? session_fails(p, t->code.hint_error, e) : 0;
}

static int execute(Stmt *t, uint32_t iters, uint32_t mode, Err *e) {
  Phys *p = t->svc->phys;
  int rc = hinted(t, p, e);
  if (!rc) rc = sql_execute(t, iters, mode, e);
  if (!rc && (mode & M_COMMIT))
    rc = sql_end(p, "COMMIT", e); /* after a query, too: its locks and its snapshot go */
  if (rc || !e->nbatch) return rc;
  e->f = e->batch[0];
  return OCI_SUCCESS_WITH_INFO;
}

/* models one round trip for any number of iterations; offset, snapshots and scrolling are ignored */
API int OCIStmtExecute(void *svc, void *stmt, void *err, uint32_t iters, uint32_t offset UNUSED,
                       const void *snapshot UNUSED, void *out UNUSED, uint32_t mode) {
  Svc *s = svc;
  Stmt *t = stmt;
  Err *e = err;
  free(e->batch);
  e->batch = 0;
  e->nbatch = 0;
  t->svc = s;
  int rc = call_begin(s, "execute", t->code.text, e);
  if (!rc) rc = execute(t, iters, mode, e);
  return call_end(s, "execute", t->code.text, rc, e);
}

static int fetch_row(Stmt *t, Err *e) {
  const Value *row = &t->res.rows[t->cur * t->res.ncols];
  for (Var *d = t->defs; d; d = d->next) {
    int code = d->pos <= t->res.ncols ? var_put(d, t->fetched, &row[d->pos - 1]) : 0;
    if (code) return fail(e, code, "cannot convert column %u", d->pos);
  }
  t->fetched++;
  t->cur++;
  return 0;
}

/* models a round trip that takes the next rows of a result that was read at execute */
API int OCIStmtFetch2(void *stmt, void *err, uint32_t n, uint16_t orientation UNUSED, int32_t offset UNUSED,
                      uint32_t mode UNUSED) {
  Stmt *t = stmt;
  int rc = call_begin(t->svc, "fetch", t->code.text, err);
  if (!rc) t->fetched = 0;
  while (!rc && t->fetched < n && t->cur < t->res.nrows) rc = fetch_row(t, err);
  if (!rc && t->fetched < n) rc = OCI_NO_DATA;
  return call_end(t->svc, "fetch", t->code.text, rc, err);
}

/* models no implicit results */
API int OCIStmtGetNextResult(void *stmt UNUSED, void *err UNUSED, void **result, uint32_t *type,
                             uint32_t mode UNUSED) {
  *result = 0;
  *type = 0;
  return OCI_NO_DATA;
}

static int repeated(const Code *c, int i) {
  for (int k = 0; k < i; k++)
    if (!strcmp(c->bname[k], c->bname[i])) return 1;
  return 0;
}

/* models the names of binds; no indicators' names */
API int OCIStmtGetBindInfo(void *stmt, void *err UNUSED, uint32_t size, uint32_t start, int32_t *found,
                           char *bv[], uint8_t bn[], char *iv[], uint8_t in[], uint8_t dup[], void **h) {
  const Code *c = &((const Stmt *)stmt)->code;
  uint32_t k = 0;
  *found = 0;
  if (!c->nbind || start < 1 || (int)start > c->nbind) return OCI_NO_DATA;
  for (int i = (int)start - 1; i < c->nbind && k < size; i++, k++) {
    size_t n = strlen(c->bname[i]);
    bv[k] = c->bname[i];
    bn[k] = (uint8_t)(n > 255 ? 255 : n);
    iv[k] = 0;
    in[k] = 0;
    h[k] = 0;
    dup[k] = (uint8_t)repeated(c, i);
  }
  *found = (int)(start - 1 + k) >= c->nbind ? c->nbind : -c->nbind;
  return OCI_SUCCESS;
}
