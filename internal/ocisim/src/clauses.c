/* clauses.c - Oracle's own clauses and pseudo columns, as SQLite says them. */
#include "emit.h"

void names_free(Names *n) {
  for (int i = 0; i < n->n; i++) {
    free(n->list[i].emitted);
    free(n->list[i].source);
  }
  free(n->list);
  *n = (Names){0};
}

void item_begin(Emitter *e) {
  e->level[e->depth].item = e->o->n;
  e->level[e->depth].item_tok = e->i + 1;
}

/* notes what an expression of the select list is called: its text without spaces, in capitals */
void item_end(Emitter *e) {
  Level *l = &e->level[e->depth];
  if (!e->names || e->depth || !l->list) return;
  Buf source = {0};
  for (int i = l->item_tok; i < e->i && i < e->c->ntok; i++)
    put(&source, e->c->tok[i].s, (size_t)e->c->tok[i].n);
  if (source.p) upper(source.p);
  e->names->list = resize(e->names->list, (size_t)e->names->n + 1, sizeof(Name));
  e->names->list[e->names->n++] =
      (Name){copy_text(e->o->p + l->item, e->o->n - l->item), source.p ? source.p : copy_text("", 0)};
  item_begin(e);
}

void emit_limit(Emitter *e) {
  Level *l = &e->level[e->depth];
  if (*l->limit || *l->offset) putf(e->o, "LIMIT %s%s ", *l->limit ? l->limit : "-1", l->less ? " - 1" : "");
  if (*l->offset) putf(e->o, "OFFSET %s ", l->offset);
  *l->limit = *l->offset = 0;
}

void operand_text(const Emitter *e, int i, char *to, size_t size) {
  Buf o = {0};
  if (i < e->end && !emit_pseudo(e->f, e->c, i, e->end, &o)) put(&o, e->c->tok[i].s, (size_t)e->c->tok[i].n);
  set_text(to, size, o.p ? o.p : "", o.n);
  free(o.p);
}

/* UPDATE t a SET, DELETE [FROM] t [a]: SQLite wants AS before the alias, and FROM */
void emit_head(Emitter *e) {
  static const char *const ends[] = {"SET", "WHERE", "RETURNING", ";", 0};
  const Code *c = e->c;
  int delete = at(c, e->i, "DELETE"), i = e->i + 1 + (delete &&at(c, e->i + 1, "FROM"));
  if (at(c, i, "(") || i >= e->end) return;
  if (at(c, i + 1, ".")) i += 2;
  if (i >= e->end) return;
  e->kind = delete ? ST_DELETE : ST_UPDATE;
  putf(e->o, "%s %.*s ", delete ? "DELETE FROM" : "UPDATE", c->tok[i].n, c->tok[i].s);
  i++;
  if (i < e->end && !at_any(c, i, ends)) {
    putf(e->o, "AS %.*s ", c->tok[i].n, c->tok[i].s);
    i++;
  }
  e->i = i;
}

/* INTO :x, v: the targets of a row */
static int clause_into(Emitter *e) {
  const Code *c = e->c;
  int i = e->i + 1;
  if (!e->into || !at(c, e->i, "INTO")) return 0;
  for (; i < e->end && !at(c, i, "FROM"); i++) {
    const Tok *t = &c->tok[i];
    const Local *l = t->k == 'w' ? local_find(e->f, t->s, (size_t)t->n) : 0;
    int binds = e->f->s ? e->f->s->code.nbind : 0;
    if (at(c, i, ",")) continue;
    if (t->k != 'b' && !l) break;
    if (e->into->n < MAX_INTO) e->into->to[e->into->n++] = l ? binds + l->id : t->bind;
  }
  if (i == e->i + 1) return 0;
  item_end(e);
  e->level[e->depth].list = 0;
  return i - e->i;
}

/* ROWNUM <= n, OFFSET n ROWS, FETCH FIRST n ROWS ONLY */
static int clause_limit(Emitter *e) {
  static const char *const compare[] = {"<", "<=", "=", 0}, *const rows[] = {"ROW", "ROWS", 0};
  Level *l = &e->level[e->depth];
  const Code *c = e->c;
  int i = e->i;
  if (at(c, i, "ROWNUM") && at_any(c, i + 1, compare)) {
    l->less = at(c, i + 1, "<");
    operand_text(e, i + 2, l->limit, sizeof l->limit);
    put(e->o, "1=1 ", 4);
    return 3;
  }
  if (at(c, i, "OFFSET") && at_any(c, i + 2, rows)) {
    operand_text(e, i + 1, l->offset, sizeof l->offset);
    return 3;
  }
  if (!at(c, i, "FETCH") || !(at(c, i + 1, "NEXT") || at(c, i + 1, "FIRST"))) return 0;
  if (at_any(c, i + 2, rows)) {
    set_text(l->limit, sizeof l->limit, "1", 1);
    return 4;
  }
  operand_text(e, i + 2, l->limit, sizeof l->limit);
  return 5;
}

/* FROM DUAL CONNECT BY LEVEL <= n: a series */
static int clause_series(Emitter *e) {
  const Code *c = e->c;
  int i = e->i;
  char n[64];
  if (!at(c, i, "FROM") || !at(c, i + 1, "DUAL") || !at(c, i + 2, "CONNECT") || !at(c, i + 5, "<=")) return 0;
  operand_text(e, i + 6, n, sizeof n);
  item_end(e);
  e->level[e->depth].list = 0;
  putf(e->o,
       "FROM (WITH RECURSIVE ora_s(level) AS (SELECT 1 UNION ALL SELECT level + 1 FROM ora_s WHERE level < "
       "%s) "
       "SELECT level FROM ora_s) ",
       n);
  return 7;
}

/* EXTRACT(YEAR FROM d); CAST(x AS DATE) */
static int clause_function(Emitter *e) {
  const Code *c = e->c;
  int i = e->i;
  if (at(c, i, "EXTRACT") && at(c, i + 1, "(") && at(c, i + 3, "FROM")) {
    putf(e->o, "ora_extract('%.*s', ", c->tok[i + 2].n, c->tok[i + 2].s);
    if (e->depth + 1 < MAX_DEPTH) e->depth++;
    e->level[e->depth] = (Level){.start = e->o->n};
    return 4;
  }
  if (at(c, i, "AS") && (at(c, i + 1, "DATE") || at(c, i + 1, "TIMESTAMP")) && at(c, i + 2, ")")) {
    put(e->o, "AS TEXT ", 8);
    return 2;
  }
  return 0;
}

int emit_clause(Emitter *e) {
  const Code *c = e->c;
  int taken;
  if (at(c, e->i, "FOR") && at(c, e->i + 1, "UPDATE")) return e->end - e->i;
  if ((taken = clause_into(e)) || (taken = clause_function(e))) return taken;
  Level *l = &e->level[e->depth];
  int sum = l->sum, div = l->div;
  if (!at(c, e->i, "ROWNUM") && !at(c, e->i, "OFFSET") && !at(c, e->i, "FETCH") && !at(c, e->i, "FROM"))
    return 0;
  if (div) put(e->o, ") ", 2);
  if (sum) put(e->o, ") ", 2);
  l->sum = l->div = 0;
  if (!(taken = clause_limit(e))) taken = clause_series(e);
  if (taken) return taken;
  if (!at(c, e->i, "ROWNUM")) return 0;
  put(e->o, "row_number() OVER () ", 21);
  l->operand = 1;
  return 1;
}
