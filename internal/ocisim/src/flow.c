/* flow.c - PL/SQL's blocks, declarations, branches, loops and exception handlers. */
#include "ocisim.h"

int statement_end(const Code *c, int i, int end) {
  return find_word(c, i, end, ";");
}

static int opens(const Code *c, int i) {
  static const char *const words[] = {"BEGIN", "IF", "LOOP", "CASE", 0};
  return at_any(c, i, words) && c->tok[i].k == 'w' && !at(c, i - 1, "END");
}

/* the first of the words that belongs to the construct which i is in */
static int nested_end(const Code *c, int i, int end, const char *const *words) {
  for (int depth = 0; i < end; i++) {
    int leaves = at(c, i, "WHEN") && (at(c, i - 1, "EXIT") || at(c, i - 1, "CONTINUE"));
    if (!depth && at_any(c, i, words) && !leaves) return i;
    if (at(c, i, "END")) depth--;
    if (opens(c, i)) depth++;
  }
  return end;
}

int branch_end(const Code *c, int i, int end) {
  static const char *const words[] = {"ELSIF", "ELSE", "EXCEPTION", "END", 0};
  return nested_end(c, i, end, words);
}

int plsql_statements(Frame *f, int a, int b) {
  for (int i = a; i < b;) {
    int next = 0;
    if (at(f->c, i, ";") || at(f->c, i, "<<")) { /* <<label>> */
      i += at(f->c, i, ";") ? 1 : 3;
      continue;
    }
    f->at = i;
    int end = interrupted(f->p);
    if (end) return fail(f->e, end, 0);
    int flow = plsql_flow(f, i, b, &next);
    if (!flow && !next) {
      next = statement_end(f->c, i, b);
      flow = plsql_simple(f, i, next);
    }
    if (flow) return flow;
    i = next;
  }
  return FLOW_NEXT;
}

/* the THEN of a condition, which may contain CASE expressions */
static int then_of(const Code *c, int i, int end) {
  for (int depth = 0; i < end; i++) {
    if (!depth && at(c, i, "THEN")) return i;
    if (at(c, i, "CASE")) depth++;
    if (at(c, i, "END")) depth--;
  }
  return end;
}

static int branches(Frame *f, int i, int end, int *next) {
  const Code *c = f->c;
  int yes = 0, flow = FLOW_NEXT;
  while (!at(c, i, "END") && i < end) {
    int taken = yes, then = at(c, i, "ELSE") ? i : then_of(c, i, end), stop = branch_end(c, then + 1, end);
    if (at(c, i, "ELSE")) yes = 1;
    if (!yes && condition(f, i + 1, then, &yes)) return FLOW_ERROR;
    if (yes && !taken) flow = plsql_statements(f, then + 1, stop);
    if (flow) return flow;
    i = stop;
  }
  *next = statement_end(c, i, end);
  return FLOW_NEXT;
}

/* one pass through a loop's body; 1: the loop goes on */
static int pass(Frame *f, int a, int b, int *flow) {
  int end = interrupted(f->p);
  if (end) fail(f->e, end, 0);
  *flow = end ? FLOW_ERROR : plsql_statements(f, a, b);
  if (*flow == FLOW_CONTINUE) *flow = FLOW_NEXT;
  if (*flow == FLOW_EXIT) {
    *flow = FLOW_NEXT;
    return 0;
  }
  return *flow == FLOW_NEXT;
}

static int64_t whole(const Value *v) {
  return v->type == SQLITE_FLOAT ? (int64_t)v->d : v->type == SQLITE_TEXT ? atoll(v->p) : v->i;
}

/* FOR i IN [REVERSE] a..b LOOP */
static int count_loop(Frame *f, int i, int dots, int loop, int stop) {
  Value low, high, v;
  int flow = FLOW_NEXT, reverse = at(f->c, i + 3, "REVERSE");
  if (evaluate(f, i + 3 + reverse, dots, &low) || evaluate(f, dots + 1, loop, &high)) return FLOW_ERROR;
  int64_t from = whole(&low), to = whole(&high);
  value_clear(&low);
  value_clear(&high);
  Local *outer = f->locals, *l = local_new(f, f->c->tok[i + 1].s, (size_t)f->c->tok[i + 1].n);
  for (int64_t k = 0; k <= to - from; k++) {
    v = value_int(reverse ? to - k : from + k);
    l->v = v;
    if (!pass(f, loop + 1, stop, &flow)) break;
  }
  locals_drop(f, outer);
  return flow;
}

/* the loop's record: a variable for each column */
static void record(Frame *f, const Tok *name, const Result *r, size_t row) {
  for (uint32_t k = 0; k < r->ncols; k++) {
    char field[128];
    int n = snprintf(field, sizeof field, "%.*s.%.60s", name->n, name->s, r->cols[k].name);
    Local *l = local_find(f, field, strlen(field));
    if (!l) l = local_new(f, field, n > 0 ? strlen(field) : 0);
    value_clear(&l->v);
    l->v = value_copy(&r->rows[row * r->ncols + k]);
  }
}

static int cursor_range(const Frame *f, int i, int loop, int *a, int *b) {
  const Local *cursor = local_find(f, f->c->tok[i + 3].s, (size_t)f->c->tok[i + 3].n);
  if (cursor && !strcmp(cursor->type, "CURSOR")) {
    *a = cursor->size;
    *b = cursor->scale;
    return 1;
  }
  *a = i + 4;
  *b = loop - 1;
  return at(f->c, i + 3, "(");
}

/* FOR r IN (SELECT ...) LOOP, FOR r IN cursor LOOP */
static int cursor_loop(Frame *f, int i, int loop, int stop) {
  Buf o = {0};
  Result r = {0};
  Local *outer = f->locals;
  int flow = FLOW_NEXT, a, b;
  if (!cursor_range(f, i, loop, &a, &b))
    return fail(f->e, 6550, "line 1: PLS-00103: Encountered the symbol \"LOOP\"");
  emit(f, f->c, a, b, &o, 0, 0);
  int rc = run_text(f, o.p, &r, 0, 0, 0);
  free(o.p);
  for (size_t row = 0; !rc && row < r.nrows; row++) {
    record(f, &f->c->tok[i + 1], &r, row);
    if (!pass(f, loop + 1, stop, &flow)) break;
  }
  result_clear(&r);
  locals_drop(f, outer);
  return rc ? FLOW_ERROR : flow;
}

static int while_loop(Frame *f, int i, int loop, int stop) {
  int yes = 1, flow = FLOW_NEXT;
  for (;;) {
    if (at(f->c, i, "WHILE") && condition(f, i + 1, loop, &yes)) return FLOW_ERROR;
    if (!yes || !pass(f, loop + 1, stop, &flow)) return flow;
  }
}

static int loops(Frame *f, int i, int end, int *next) {
  const Code *c = f->c;
  int loop = find_word(c, i, end, "LOOP"), stop = branch_end(c, loop + 1, end);
  *next = statement_end(c, stop, end);
  if (!at(c, i, "FOR")) return while_loop(f, i, loop, stop);
  int dots = find_word(c, i, loop, "..");
  return dots < loop ? count_loop(f, i, dots, loop, stop) : cursor_loop(f, i, loop, stop);
}

int plsql_flow(Frame *f, int i, int end, int *next) {
  const Code *c = f->c;
  if (at(c, i, "IF")) return branches(f, i, end, next);
  if (at(c, i, "FOR") || at(c, i, "WHILE") || at(c, i, "LOOP")) return loops(f, i, end, next);
  if (at(c, i, "BEGIN") || at(c, i, "DECLARE")) return plsql_block(f, i, end, next);
  return FLOW_NEXT;
}

/* ---- declarations ---- */

static int not_here(Frame *f, const char *what) {
  return fail(f->e, 6550, "line 1, column 1:\nPLS-00103: ocisim does not support %s", what);
}

/* PRAGMA EXCEPTION_INIT(e, -20001) */
static int pragma(Frame *f, int i, int end) {
  const Code *c = f->c;
  if (at(c, i + 1, "AUTONOMOUS_TRANSACTION")) return not_here(f, "autonomous transactions");
  if (!at(c, i + 1, "EXCEPTION_INIT") || i + 6 >= end) return 0;
  Local *l = local_find(f, c->tok[i + 3].s, (size_t)c->tok[i + 3].n);
  if (l) l->code = atoi(c->tok[end - 2].s);
  return 0;
}

static int variable(Frame *f, int i, int end) {
  const Code *c = f->c;
  Value v;
  int constant = at(c, i + 1, "CONSTANT"), type = i + 1 + constant, value = find_word(c, i, end, ":="),
      rc = 0;
  if (value == end) value = find_word(c, i, end, "DEFAULT");
  Local *l = local_new(f, c->tok[i].s, (size_t)c->tok[i].n);
  local_type(f, l, c, type, value);
  if (find_word(c, i, end, "ROWTYPE") < end) return not_here(f, "%ROWTYPE");
  if (value < end) {
    int done = 0, target = target_of(f, c, i, end);
    rc = table_assign(f, target, value + 1, end, &done);
    if (!rc && !done) {
      rc = evaluate(f, value + 1, end, &v);
      if (!rc) rc = local_set(f, l, &v);
      if (!rc || v.p) value_clear(&v);
    }
  }
  if (constant) set_text(l->type, sizeof l->type, "CONSTANT", 8);
  return rc;
}

/* [i, end): one declaration without its ; */
static int declare(Frame *f, int i, int end) {
  const Code *c = f->c;
  if (i >= end) return 0;
  if (at(c, i, "PRAGMA")) return pragma(f, i, end);
  if (at(c, i, "PROCEDURE") || at(c, i, "FUNCTION")) return not_here(f, "routines in declarations");
  if (at(c, i, "TYPE") && i + 1 < end) {
    if (!at(c, i + 3, "TABLE")) return not_here(f, "this TYPE");
    Local *l = local_new(f, c->tok[i + 1].s, (size_t)c->tok[i + 1].n);
    set_text(l->type, sizeof l->type, "TABLE TYPE", 10);
    return 0;
  }
  if (at(c, i, "CURSOR") && i + 3 < end) {
    Local *l = local_new(f, c->tok[i + 1].s, (size_t)c->tok[i + 1].n);
    set_text(l->type, sizeof l->type, "CURSOR", 6);
    l->size = i + 3;
    l->scale = end;
    return 0;
  }
  return variable(f, i, end);
}

/* ---- exceptions ---- */

int exception_code(const Frame *f, const Tok *t) {
  static const struct {
    const char *name;
    int code;
  } known[] = {{"NO_DATA_FOUND", 1403}, {"TOO_MANY_ROWS", 1422},    {"DUP_VAL_ON_INDEX", 1},
               {"ZERO_DIVIDE", 1476},   {"INVALID_NUMBER", 1722},   {"VALUE_ERROR", 6502},
               {"LOGIN_DENIED", 1017},  {"TIMEOUT_ON_RESOURCE", 51}};
  for (size_t i = 0; i < COUNT(known); i++)
    if (is(t, known[i].name)) return known[i].code;
  const Local *l = local_find(f, t->s, (size_t)t->n);
  if (!l || strcmp(l->type, "EXCEPTION") != 0) return 0;
  return l->code ? l->code : -l->id;
}

/* [i, then): the names of a handler */
static int handles(const Frame *f, int i, int then) {
  const Fail *e = &f->e->f;
  for (; i < then; i++) {
    if (at(f->c, i, "OTHERS")) return 1;
    if (f->c->tok[i].k != 'w' || at(f->c, i, "OR")) continue;
    int code = exception_code(f, &f->c->tok[i]);
    if (code && (code == e->code || (e->code == 6510 && code == e->row))) return 1;
  }
  return 0;
}

int handle(Frame *f, int a, int b) {
  static const char *const words[] = {"WHEN", "END", 0};
  for (int i = a; at(f->c, i, "WHEN") && i < b;) {
    int then = find_word(f->c, i, b, "THEN"), stop = nested_end(f->c, then + 1, b, words);
    if (handles(f, i + 1, then)) {
      Fail outer = f->handled;
      f->handled = f->e->f;
      f->e->f = (Fail){0};
      int flow = plsql_statements(f, then + 1, stop);
      f->handled = outer;
      return flow;
    }
    i = stop;
  }
  return FLOW_ERROR;
}

/* ---- blocks ---- */

static int declarations(Frame *f, int *i, int end) {
  while (*i < end && !at(f->c, *i, "BEGIN")) {
    int stop = statement_end(f->c, *i, end);
    f->at = *i;
    if (declare(f, *i, stop)) return OCI_ERROR;
    *i = stop + 1;
  }
  return 0;
}

int plsql_block(Frame *f, int i, int end, int *next) {
  const Code *c = f->c;
  Local *outer = f->locals;
  if (at(c, i, "<<")) i += 3;
  i += at(c, i, "DECLARE");
  int flow = declarations(f, &i, end) ? FLOW_ERROR : FLOW_NEXT;
  int stop = branch_end(c, i + 1, end), last = stop;
  if (at(c, stop, "EXCEPTION")) last = branch_end(c, stop + 1, end);
  if (!flow && (!at(c, i, "BEGIN") || !at(c, last, "END")))
    flow = fail(f->e, 6550, "line 1, column 1:\nPLS-00103: Encountered the symbol \"end-of-file\"");
  else if (!flow) {
    flow = plsql_statements(f, i + 1, stop);
    if (flow < 0 && last > stop && !interrupted(f->p)) flow = handle(f, stop + 1, last);
  }
  locals_drop(f, outer);
  *next = statement_end(c, last, end);
  if (*next <= i) *next = end;
  return flow;
}
