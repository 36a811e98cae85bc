/*
 * emit.c - writes a range of Oracle tokens as SQLite text.
 *
 * A placeholder becomes ?N, N being its position; a PL/SQL variable ?N above
 * those. +, - and || become calls, because they mean something else in Oracle
 * for dates, NULL and strings; / divides without rounding. For that the writer
 * knows where the sum begins that it is writing, at each level of parentheses.
 */
#include "emit.h"

static Level *level(Emitter *e) {
  return &e->level[e->depth];
}

static void word(Emitter *e, const char *s, size_t n) {
  put(e->o, s, n);
  put(e->o, " ", 1);
}

static void close_div(Emitter *e) {
  if (level(e)->div) put(e->o, ") ", 2);
  level(e)->div = 0;
}

/* ends the sum that is being written */
static void close_sum(Emitter *e) {
  close_div(e);
  if (level(e)->sum) put(e->o, ") ", 2);
  level(e)->sum = 0;
}

/* a sum may begin here */
static void mark(Emitter *e) {
  level(e)->start = e->o->n;
  level(e)->operand = 0;
}

static void boundary(Emitter *e, const char *s, size_t n) {
  close_sum(e);
  word(e, s, n);
  mark(e);
}

static void operand_begin(Emitter *e) {
  if (!level(e)->operand) return;
  close_sum(e); /* an alias follows an expression */
  mark(e);
}

static void push(Emitter *e, int kase) {
  if (e->depth + 1 < MAX_DEPTH) e->depth++;
  *level(e) = (Level){.kase = kase, .start = e->o->n};
}

static void pop(Emitter *e) {
  close_sum(e);
  emit_limit(e);
  if (e->depth) e->depth--;
  level(e)->operand = 1;
}

static void sum(Emitter *e, const Tok *t) {
  Level *l = level(e);
  if (!l->operand) { /* a sign */
    word(e, t->s, (size_t)t->n);
    return;
  }
  close_sum(e);
  put_at(e->o, l->start, is(t, "+") ? "ora_add(" : is(t, "-") ? "ora_sub(" : "ora_concat(");
  put(e->o, ", ", 2);
  l->sum = 1;
  l->operand = 0;
}

static void divide(Emitter *e) {
  close_div(e);
  put(e->o, "/ ora_divisor( ", 15);
  level(e)->div = 1;
  level(e)->operand = 0;
}

static void star(Emitter *e) {
  int times = level(e)->operand;
  close_div(e);
  word(e, "*", 1);
  level(e)->operand = !times;
}

static void punctuation(Emitter *e, const Tok *t) {
  static const char *const sums[] = {"+", "-", "||", 0};
  if (is(t, "(")) {
    word(e, "(", 1);
    push(e, 0);
  } else if (is(t, ")")) {
    pop(e);
    word(e, ")", 1);
  } else if (is(t, ".")) {
    put(e->o, ".", 1);
    level(e)->operand = 0;
  } else if (at_any(e->c, e->i, sums)) {
    sum(e, t);
  } else if (is(t, "*")) {
    star(e);
  } else if (is(t, "/")) {
    divide(e);
  } else if (is(t, ",")) {
    close_sum(e);
    item_end(e);
    word(e, ",", 1);
    mark(e);
    item_begin(e);
  } else if (is(t, "^=")) {
    boundary(e, "<>", 2);
  } else if (!is(t, ";") || e->i + 1 < e->end) {
    boundary(e, t->s, (size_t)t->n);
  }
}

/* words that are no operands; in order */
static const char *const keywords[] = {
    "ALL",      "AND",       "ANY",       "AS",        "ASC",    "BETWEEN", "BY",   "CROSS", "DESC",
    "DISTINCT", "ELSE",      "ESCAPE",    "EXCEPT",    "EXISTS", "FROM",    "FULL", "GROUP", "HAVING",
    "IN",       "INNER",     "INSERT",    "INTERSECT", "INTO",   "IS",      "JOIN", "LEFT",  "LIKE",
    "LIMIT",    "MINUS",     "NATURAL",   "NOT",       "NULLS",  "OF",      "ON",   "OR",    "ORDER",
    "OUTER",    "PARTITION", "RETURNING", "RIGHT",     "SELECT", "SET",     "THEN", "UNION", "USING",
    "VALUES",   "WHEN",      "WHERE",     "WITH"};

static int compare_word(const void *key, const void *item) {
  return strcasecmp(key, *(const char *const *)item);
}

static int keyword(const Tok *t) {
  char name[16];
  if (t->n >= (int)sizeof name) return 0;
  set_text(name, sizeof name, t->s, (size_t)t->n);
  return bsearch(name, keywords, COUNT(keywords), sizeof *keywords, compare_word) != 0;
}

static void emit_keyword(Emitter *e, const Tok *t) {
  if (is(t, "FROM") || is(t, "INTO")) item_end(e);
  if (is(t, "FROM") || is(t, "WHERE") || is(t, "RETURNING")) e->set = level(e)->list = 0;
  if (is(t, "VALUES") || is(t, "SELECT")) e->targets = 0;
  if (is(t, "SET") && !e->depth) e->set = 1;
  if (is(t, "MINUS")) {
    boundary(e, "EXCEPT", 6);
    return;
  }
  boundary(e, t->s, (size_t)t->n);
  if ((is(t, "SELECT") || is(t, "RETURNING")) && !at(e->c, e->i + 1, "DISTINCT")) level(e)->list = 1;
  if (is(t, "DISTINCT")) level(e)->list = 1;
  if (level(e)->list) item_begin(e);
}

static void emit_case(Emitter *e, const Tok *t) {
  if (is(t, "CASE")) {
    operand_begin(e);
    word(e, t->s, (size_t)t->n);
    push(e, 1);
    return;
  }
  pop(e);
  word(e, t->s, (size_t)t->n);
}

/* a column that a statement writes to: never a variable, and without its table's alias */
static int target(Emitter *e) {
  if (e->targets) return e->depth == 1;
  return e->set && !e->depth && (at(e->c, e->i - 1, "SET") || at(e->c, e->i - 1, ","));
}

/* "SCOTT." and "SYS." before a name */
static int owner(const Emitter *e, const Tok *t) {
  const Phys *p = e->f->p;
  char name[132];
  if (t->k != 'w' || !at(e->c, e->i + 1, ".") || at(e->c, e->i - 1, ".")) return 0;
  set_text(name, sizeof name, t->s, (size_t)t->n);
  return !strcasecmp(name, p->user) || !strcasecmp(name, "SYS") || !strcasecmp(name, p->schema);
}

static void emit_name(Emitter *e, const Tok *t) {
  operand_begin(e);
  if (t->k == 'w' && memchr(t->s, '#', (size_t)t->n))
    putf(e->o, "\"%.*s\" ", t->n, t->s);
  else if (t->k == 's' && t->n == 2)
    put(e->o, "NULL ", 5);
  else
    word(e, t->s, (size_t)t->n);
  level(e)->operand = 1;
}

/* writes the token at e->i and those that belong to it; returns how many */
static int emit_one(Emitter *e) {
  const Tok *t = &e->c->tok[e->i];
  int taken;
  if (t->k == 'p') {
    punctuation(e, t);
    return 1;
  }
  if (target(e)) {
    int alias = e->set && at(e->c, e->i + 1, ".") ? 2 : 0;
    emit_name(e, &e->c->tok[e->i + (e->i + alias < e->end ? alias : 0)]);
    return 1 + alias;
  }
  if (t->k == 'w' && at(e->c, e->i - 1, ".")) {
    emit_name(e, t);
    return 1;
  }
  if (t->k == 'w' && (taken = emit_clause(e))) return taken;
  if (t->k == 'w' && (is(t, "CASE") || (is(t, "END") && level(e)->kase))) {
    emit_case(e, t);
    return 1;
  }
  if (t->k == 'w' && is(t, "OVER")) { /* belongs to the operand before it */
    word(e, "OVER", 4);
    level(e)->operand = 0;
    return 1;
  }
  if (t->k == 'w' && keyword(t)) {
    emit_keyword(e, t);
    return 1;
  }
  if (owner(e, t)) return 2;
  operand_begin(e);
  if ((taken = emit_pseudo(e->f, e->c, e->i, e->end, e->o))) {
    level(e)->operand = 1;
    return taken;
  }
  emit_name(e, t);
  return 1;
}

void emit(Frame *f, const Code *c, int a, int b, Buf *o, Into *into, Names *names) {
  Emitter *e = allocate(1, sizeof *e);
  *e = (Emitter){.f = f, .c = c, .i = a, .end = b, .o = o, .into = into, .names = names};
  put(o, "", 0);
  mark(e);
  if (at(c, a, "INSERT")) {
    e->kind = ST_INSERT;
    e->targets = 1;
  }
  if (at(c, a, "UPDATE") || at(c, a, "DELETE")) emit_head(e);
  mark(e);
  while (e->i < e->end) e->i += emit_one(e);
  close_sum(e);
  item_end(e);
  while (e->depth) pop(e);
  emit_limit(e);
  free(e);
}
