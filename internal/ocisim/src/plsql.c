/* plsql.c - the simple statements of PL/SQL, and how a call of it begins and ends. */
#include "ocisim.h"

int find_word(const Code *c, int i, int end, const char *w) {
  while (i < end && !at(c, i, w)) i = at(c, i, "(") ? skip_parens(c, i, end) : i + 1;
  return i < end ? i : end;
}

static int line_of(const Code *c, int i) {
  int line = 1;
  if (i >= c->ntok) return line;
  for (const char *s = c->text; s < c->tok[i].s; s++) line += *s == '\n';
  return line;
}

/* what static SQL misses is an error of the compiler */
static int compile_error(Frame *f, int a) {
  Fail was = f->e->f;
  if (was.code < 900 || was.code > 999) return OCI_ERROR;
  return fail(f->e, 6550, "line %d, column 7:\nPL/SQL: %.400s", line_of(f->c, a), was.msg);
}

static int static_sql(Frame *f, int a, int b) {
  Buf o = {0};
  Into into = {.n = 0};
  sqlite3_stmt *q = 0;
  uint64_t count = 0;
  int lock = find_word(f->c, a, b, "FOR");
  if (at(f->c, a, "SELECT") && lock < b && lock_for_update(f->p, f->c, lock, b, f->e)) return OCI_ERROR;
  emit(f, f->c, a, b, &o, &into, 0);
  int rc = sql_prepare(f->p, o.p, &q, f->e) ? compile_error(f, a) : 0;
  if (!rc) rc = run_statement(f, q, 0, 0, &into, 0, &count);
  sqlite3_finalize(q);
  free(o.p);
  f->p->rowcount = count;
  return rc;
}

static int merge_sql(Frame *f, int a, int b) {
  uint64_t count = 0;
  int rc = merge(f, f->c, a, b, 0, &count);
  f->p->rowcount = count;
  return rc;
}

/* OPEN :c FOR SELECT ... */
static int open_cursor(Frame *f, int a, int b) {
  const Tok *t = &f->c->tok[a + 1];
  Var *v = f->s && t->k == 'b' ? find_bind(f->s, t->bind) : 0;
  Buf o = {0};
  sqlite3_stmt *q = 0;
  if (!v || v->dty != T_RSET) return fail(f->e, 6550, "line 1: PLS-00382: expression is of wrong type");
  Stmt *s = *(Stmt **)v->val;
  stmt_clear(s);
  s->svc = f->s->svc;
  s->type = ST_SELECT;
  if (!s->code.text) code_parse(&s->code, "", 0);
  if (v->ind) *v->ind = 0;
  emit(f, f->c, a + 3, b, &o, 0, &s->names);
  int rc = sql_prepare(f->p, o.p, &q, f->e) ? compile_error(f, a) : 0;
  if (!rc) rc = run_statement(f, q, 0, &s->res, 0, 0, 0);
  if (!rc) result_describe(&s->res, q, f->c, &s->names);
  names_free(&s->names);
  sqlite3_finalize(q);
  free(o.p);
  return rc;
}

/* the values after USING become the variables of a frame of its own, in order */
static int dynamic_binds(Frame *f, Frame *g, int i, int b) {
  while (i < b) {
    int stop = find_word(f->c, i, b, ",");
    Value v;
    i += at(f->c, i, "IN");
    if (evaluate(f, i, stop, &v)) return OCI_ERROR;
    Local *l = local_new(g, "", 0);
    value_clear(&l->v);
    l->v = v;
    i = stop + 1;
  }
  return 0;
}

static int dynamic_into(Frame *f, int i, int end, const Result *r) {
  if (r->nrows != 1)
    return fail(f->e, r->nrows ? 1422 : 1403,
                r->nrows ? "exact fetch returns more than requested number of rows" : 0);
  for (uint32_t k = 0; i < end && k < r->ncols; i += 2, k++)
    if (assign(f, target_of(f, f->c, i, end), &r->rows[k])) return OCI_ERROR;
  return 0;
}

static int dynamic_run(Frame *f, Frame *g, const Code *c, Result *r, uint64_t *count) {
  Buf o = {0};
  int rc = control(g, c, 0, c->ntok);
  if (rc) return rc < 0 ? rc : 0;
  if (is_ddl(c)) return ddl(f->p, c, f->e);
  int type = statement_type(c);
  if (type == ST_BEGIN || type == ST_DECLARE) {
    int next;
    g->c = c;
    return plsql_block(g, 0, c->ntok, &next) < 0 ? OCI_ERROR : 0;
  }
  emit(g, c, 0, c->ntok, &o, 0, 0);
  rc = run_text(g, o.p, r, 0, 0, count);
  free(o.p);
  return rc;
}

/* EXECUTE IMMEDIATE text [INTO x, y] [USING a, b] */
static int execute_immediate(Frame *f, int a, int b) {
  const Code *c = f->c;
  int using = find_word(c, a, b, "USING"), into = find_word(c, a, using, "INTO");
  Frame g = {.p = f->p, .e = f->e, .up = f};
  Code code = {0};
  Result r = {0};
  Value text;
  uint64_t count = 0;
  if (evaluate(f, a + 2, into, &text)) return OCI_ERROR;
  int rc = dynamic_binds(f, &g, using + 1, b);
  if (text.type == SQLITE_TEXT) code_parse(&code, text.p, text.n);
  if (!rc && !code.ntok) rc = fail(f->e, 6535, "statement string in EXECUTE IMMEDIATE is NULL or 0 length");
  if (!rc) rc = dynamic_run(f, &g, &code, &r, &count);
  if (!rc && into < using) rc = dynamic_into(f, into + 1, using, &r);
  f->p->rowcount = count;
  value_clear(&text);
  result_clear(&r);
  locals_drop(&g, 0);
  code_free(&code);
  return rc;
}

/* x := e, t(i) := e; i: the := */
static int assignment(Frame *f, int a, int i, int b) {
  Value v, index;
  int target = target_of(f, f->c, a, i), done = 0, binds = f->s ? f->s->code.nbind : 0;
  if (!target)
    return fail(f->e, 6550, "line %d, column 7:\nPLS-00201: identifier '%.*s' must be declared",
                line_of(f->c, a), f->c->tok[a].n, f->c->tok[a].s);
  int rc = i == a + 1 ? table_assign(f, target, i + 1, b, &done) : 0;
  if (rc || done) return rc;
  if (evaluate(f, i + 1, b, &v)) return OCI_ERROR;
  Local *l = target > binds ? local_id(f, target - binds) : 0;
  if (at(f->c, a + 1, "(") && l && l->table) {
    rc = evaluate(f, a + 2, i - 1, &index);
    if (!rc) rc = local_item(f, l, index.type == SQLITE_FLOAT ? (int64_t)index.d : index.i, &v);
    value_clear(&index);
  } else {
    rc = assign(f, target, &v);
  }
  value_clear(&v);
  return rc;
}

/* a procedure of the user's, or one of the packages that are SQL functions here */
static int call(Frame *f, int a, int b) {
  const Code *c = f->c;
  char name[128] = "", last[64] = "";
  int i = a, found = 0;
  Buf o = {0};
  for (; i < b && (c->tok[i].k == 'w' || at(c, i, ".")); i++) {
    size_t n = strlen(name);
    if (c->tok[i].k == 'w') tok_name(&c->tok[i], last, sizeof last);
    snprintf(name + n, sizeof name - n, "%.*s", c->tok[i].n, at(c, i, ".") ? "_" : c->tok[i].s);
  }
  int rc = routine_call(f, last, i, b, &found);
  if (found || rc) return rc;
  if (!*name) return fail(f->e, 900, 0);
  putf(&o, "SELECT %s", name);
  if (i == b) put(&o, "()", 2);
  emit(f, c, i, b, &o, 0, 0);
  sqlite3_stmt *q = 0;
  if (sql_prepare(f->p, o.p, &q, f->e))
    rc = f->e->f.code == 904
             ? fail(f->e, 6550, "line %d, column 7:\nPLS-00201: identifier '%s' must be declared",
                    line_of(c, a), name)
             : compile_error(f, a);
  if (!rc) rc = run_statement(f, q, 0, 0, 0, 0, 0);
  sqlite3_finalize(q);
  free(o.p);
  return rc;
}

static int leave(Frame *f, int a, int b) {
  int yes = 1, flow = at(f->c, a, "EXIT") ? FLOW_EXIT : FLOW_CONTINUE, when = find_word(f->c, a, b, "WHEN");
  if (when < b && condition(f, when + 1, b, &yes)) return FLOW_ERROR;
  return yes ? flow : FLOW_NEXT;
}

static int give_result(Frame *f, int a, int b) {
  value_clear(&f->result);
  if (a + 1 < b && evaluate(f, a + 1, b, &f->result)) return FLOW_ERROR;
  return FLOW_RETURN;
}

static int raise_named(Frame *f, int a, int b) {
  if (a + 1 >= b) {
    if (!f->handled.code)
      return fail(
          f->e, 6550,
          "line 1: PLS-00367: a RAISE statement with no exception name must be inside an exception handler");
    return fail_as(f->e, &f->handled);
  }
  int code = exception_code(f, &f->c->tok[a + 1]);
  if (!code) return fail(f->e, 6550, "line 1: PLS-00201: identifier must be declared");
  if (code > 0) return fail(f->e, code, 0);
  fail(f->e, 6510, "PL/SQL: unhandled user-defined exception");
  f->e->f.row = code;
  return OCI_ERROR;
}

/* a statement without its ;, and without others in it */
int plsql_simple(Frame *f, int a, int b) {
  static const char *const sql[] = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", 0};
  const Code *c = f->c;
  int rc, i = find_word(c, a, b, ":=");
  if (b <= a || at(c, a, "NULL") || at(c, a, "PRAGMA")) return FLOW_NEXT;
  if (at(c, a, "EXIT") || at(c, a, "CONTINUE")) return leave(f, a, b);
  if (at(c, a, "RETURN")) return give_result(f, a, b);
  if (at(c, a, "RAISE"))
    rc = raise_named(f, a, b);
  else if ((rc = control(f, c, a, b)))
    rc = rc < 0 ? rc : 0;
  else if (i < b)
    rc = assignment(f, a, i, b);
  else if (at(c, a, "OPEN") && at(c, a + 2, "FOR"))
    rc = open_cursor(f, a, b);
  else if (at(c, a, "EXECUTE") && at(c, a + 1, "IMMEDIATE"))
    rc = execute_immediate(f, a, b);
  else if (at(c, a, "MERGE"))
    rc = merge_sql(f, a, b);
  else if (at_any(c, a, sql))
    rc = static_sql(f, a, b);
  else
    rc = call(f, a, b);
  return rc ? FLOW_ERROR : FLOW_NEXT;
}

static int has_savepoints(const Code *c) {
  for (int i = 0; i < c->ntok; i++)
    if (at(c, i, "SAVEPOINT")) return 1;
  return 0;
}

static void add_line(Frame *f) {
  Fail *e = &f->e->f;
  size_t n = strlen(e->msg);
  if (e->code != 6550 && e->code != 1013 && !fatal_code(e->code))
    snprintf(e->msg + n, sizeof e->msg - n, "\nORA-06512: at line %d", line_of(f->c, f->at));
}

/* an anonymous block, or CALL: what it did is undone when it fails */
int plsql_run(Frame *f) {
  Phys *p = f->p;
  const Code *c = &f->s->code;
  int next = 0, flow;
  Atom atom = has_savepoints(c) ? (Atom){.began = !p->in_txn, .txn = p->txn} : atom_begin(p);
  f->c = c;
  p->frame = f;
  if (f->s->type == ST_CALL)
    flow = plsql_simple(f, 1, statement_end(c, 1, c->ntok));
  else
    flow = plsql_block(f, 0, c->ntok, &next);
  p->frame = 0;
  locals_drop(f, 0);
  value_clear(&f->result);
  if (flow < 0) add_line(f);
  atom_end(p, atom, flow < 0);
  return flow < 0 ? OCI_ERROR : 0;
}
