/* execute.c - what a statement does when it is executed. */
#include "ocisim.h"

/* ALTER SYSTEM KILL SESSION 'sid,serial#' [IMMEDIATE]; i: the string */
static int kill_session(Phys *p, const Code *c, int i, Err *e) {
  int sid, serial;
  if (i >= c->ntok || c->tok[i].k != 's' || sscanf(c->tok[i].s, "'%d , %d", &sid, &serial) != 2)
    return fail(e, 26, "missing or invalid session ID");
  return service_kill_session(p->home, p, sid, serial, e);
}

static int savepoint(Phys *p, const char *verb, const Code *c, int i, int b, Err *e) {
  char name[64];
  if (i >= b) return fail(e, 3001, "unimplemented feature");
  tok_name(&c->tok[i], name, sizeof name);
  return sql_script(p, e, "%s \"%w\"", verb, name);
}

static int rollback(Phys *p, const Code *c, int a, int b, Err *e) {
  int to = find_word(c, a, b, "TO");
  if (to == b) return sql_end(p, "ROLLBACK", e);
  int i = to + 1 + at(c, to + 1, "SAVEPOINT");
  if (!p->in_txn) return fail(e, 1086, "savepoint never established in this session or is invalid");
  return savepoint(p, "ROLLBACK TO", c, i, b, e);
}

static int alter_system(Phys *p, const Code *c, int a, Err *e) {
  return at(c, a + 2, "KILL") ? kill_session(p, c, a + 4, e) : 0;
}

int control(Frame *f, const Code *c, int a, int b) {
  Phys *p = f->p;
  int rc;
  if (at(c, a, "COMMIT")) {
    rc = sql_end(p, "COMMIT", f->e);
  } else if (at(c, a, "ROLLBACK")) {
    rc = rollback(p, c, a, b, f->e);
  } else if (at(c, a, "SAVEPOINT")) {
    rc = sql_begin(p, f->e) || savepoint(p, "SAVEPOINT", c, a + 1, b, f->e) ? OCI_ERROR : 0;
  } else if (at(c, a, "ALTER") && at(c, a + 1, "SESSION")) {
    rc = alter_session(p, c, a + 2, f->e);
  } else if (at(c, a, "ALTER") && at(c, a + 1, "SYSTEM")) {
    rc = alter_system(p, c, a, f->e);
  } else if (at(c, a, "SET") && at(c, a + 1, "TRANSACTION")) {
    rc = set_transaction(p, c, a, f->e);
  } else if (at(c, a, "SET") && (at(c, a + 1, "ROLE") || at(c, a + 1, "CONSTRAINTS"))) {
    rc = 0;
  } else if (at(c, a, "LOCK") && at(c, a + 1, "TABLE")) {
    rc = lock_for_update(p, c, a, b, f->e);
  } else {
    return 0;
  }
  return rc ? OCI_ERROR : 1;
}

/* takes the lock of a writer: at once with NOWAIT, within n seconds with WAIT n */
int lock_for_update(Phys *p, const Code *c, int a, int b, Err *e) {
  int wait = find_word(c, a, b, "WAIT");
  if (find_word(c, a, b, "NOWAIT") < b) p->lock_wait_ms = 0;
  if (wait + 1 < b) p->lock_wait_ms = atoi(c->tok[wait + 1].s) * 1000;
  int rc = p->read_only ? 0 : sql_begin(p, e);
  p->lock_wait_ms = -1;
  return rc;
}

static int for_update(const Code *c, int a, int b) {
  for (int i = a; i + 1 < b; i++)
    if (at(c, i, "FOR") && at(c, i + 1, "UPDATE")) return i;
  return 0;
}

/* translates and prepares a statement, unless that was done when it was run last */
static int prepare(Stmt *s, Frame *f) {
  Phys *p = f->p;
  Buf o = {0};
  if (s->st && sqlite3_db_handle(s->st) == p->db) return 0;
  s->st = 0;
  s->into.n = 0;
  names_free(&s->names);
  emit(f, &s->code, 0, s->code.ntok, &o, s->returning ? &s->into : 0, s->type == ST_SELECT ? &s->names : 0);
  int rc = sql_prepare(p, o.p, &s->st, f->e);
  free(o.p);
  return rc ? rc : s->st ? 0 : fail(f->e, 900, 0);
}

static int query(Stmt *s, Frame *f, uint32_t mode) {
  const Code *c = &s->code;
  int lock = for_update(c, 0, c->ntok);
  if (mode & (M_PARSE | M_DESCRIBE)) {
    s->res.ncols = (uint32_t)sqlite3_column_count(s->st);
  } else {
    if (lock && lock_for_update(f->p, c, lock, c->ntok, f->e)) return OCI_ERROR;
    if (run_statement(f, s->st, 0, &s->res, 0, 0, 0)) return OCI_ERROR;
  }
  result_describe(&s->res, s->st, c, &s->names);
  return 0;
}

/* several statements to SQLite */
static int compound(const Stmt *s) {
  return s->type == ST_MERGE || (s->type == ST_INSERT && at(&s->code, 1, "ALL"));
}

static int run_compound(const Stmt *s, Frame *f, uint32_t row, uint64_t *n) {
  const Code *c = &s->code;
  return s->type == ST_MERGE ? merge(f, c, 0, c->ntok, row, n) : insert_all(f, c, 0, c->ntok, row, n);
}

static int one_row(Stmt *s, Frame *f, uint32_t row) {
  uint64_t n = 0;
  int rc =
      compound(s) ? run_compound(s, f, row, &n) : run_statement(f, s->st, row, 0, &s->into, s->returning, &n);
  if (rc) return rc;
  s->counts[row] = n;
  s->rowcount += n;
  return 0;
}

/* one execution for each element of the binds; with M_BATCH_ERRORS those that fail are noted */
static int change(Stmt *s, Frame *f, uint32_t iters, uint32_t mode) {
  Err *e = f->e, one = {.h = {HT_ERROR}};
  s->counts = allocate(iters, sizeof *s->counts);
  s->ncounts = iters;
  f->e = &one;
  int rc = 0;
  for (uint32_t row = 0; row < iters && !rc; row++) {
    if (!one_row(s, f, row)) continue;
    one.f.row = (int)row;
    if (!(mode & M_BATCH_ERRORS) || interrupted(f->p)) {
      rc = fail_as(e, &one.f);
      s->erroff = (uint16_t)row;
      continue;
    }
    e->batch = resize(e->batch, e->nbatch + 1, sizeof *e->batch);
    e->batch[e->nbatch++] = one.f;
  }
  f->e = e;
  return rc;
}

static int run(Stmt *s, Frame *f, uint32_t iters, uint32_t mode) {
  const Code *c = &s->code;
  int rc = control(f, c, 0, c->ntok);
  if (rc) return rc < 0 ? rc : 0;
  if (is_ddl(c)) return mode & M_PARSE ? 0 : ddl(f->p, c, f->e);
  if (s->type >= ST_BEGIN && s->type <= ST_CALL) {
    if (mode & M_PARSE) return 0;
    s->rowcount = 1;
    return plsql_run(f);
  }
  if (!compound(s) && prepare(s, f)) return OCI_ERROR;
  if (s->type == ST_SELECT) return query(s, f, mode);
  if (mode & (M_PARSE | M_DESCRIBE)) return 0;
  return change(s, f, iters, mode);
}

/* a statement that fails leaves nothing behind: no change, and no transaction that it began */
int sql_execute(Stmt *s, uint32_t iters, uint32_t mode, Err *e) {
  Phys *p = s->svc->phys;
  Frame f = {.p = p, .s = s, .e = e};
  int began = !p->in_txn;
  result_clear(&s->res);
  free(s->counts);
  s->counts = 0;
  s->cur = 0;
  s->rowcount = s->fetched = s->ncounts = s->erroff = 0;
  p->raised.code = 0;
  int rc = run(s, &f, iters, mode);
  if (rc && began && p->in_txn && !s->rowcount) sql_abandon(p);
  return rc;
}
