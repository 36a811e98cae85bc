/* pseudo.c - words that stand for a value: SYSDATE, literals, sequences, PL/SQL's variables. */
#include "emit.h"

/* words that become calls; in ddl.c they stand in defaults */
static const struct {
  const char *word, *call;
} calls[] = {
    {"SYSDATE", "(ora_sysdate())"},
    {"CURRENT_DATE", "(ora_current_date())"},
    {"SYSTIMESTAMP", "(ora_systimestamp())"},
    {"CURRENT_TIMESTAMP", "(ora_current_timestamp())"},
    {"LOCALTIMESTAMP", "(ora_localtimestamp())"},
    {"SESSIONTIMEZONE", "(ora_zone())"},
    {"DBTIMEZONE", "'+00:00'"},
    {"USER", "(ora_user())"},
    {"UID", "42"},
};

static int pseudo_call(const Code *c, int i, Buf *o) {
  if (at(c, i + 1, "(") && !at(c, i + 2, ")")) return 0;
  for (size_t k = 0; k < COUNT(calls); k++) {
    if (!at(c, i, calls[k].word)) continue;
    putf(o, "%s ", calls[k].call);
    return 1;
  }
  return 0;
}

/* DATE '...', TIMESTAMP '...' */
static int pseudo_date(const Code *c, int i, int end, Buf *o) {
  if (!(at(c, i, "DATE") || at(c, i, "TIMESTAMP")) || i + 1 >= end || c->tok[i + 1].k != 's') return 0;
  putf(o, "ora_date(%.*s) ", c->tok[i + 1].n, c->tok[i + 1].s);
  return 2;
}

static int skip_precision(const Code *c, int i, int end) {
  return at(c, i, "(") ? skip_parens(c, i, end) : i;
}

/* INTERVAL '1 02:00' DAY(3) TO SECOND(6) */
static int pseudo_interval(const Code *c, int i, int end, Buf *o) {
  if (!at(c, i, "INTERVAL") || i + 2 >= end || c->tok[i + 1].k != 's') return 0;
  const Tok *text = &c->tok[i + 1], *from = &c->tok[i + 2], *to = from;
  int next = skip_precision(c, i + 3, end);
  if (at(c, next, "TO") && next + 1 < end) {
    to = &c->tok[next + 1];
    next = skip_precision(c, next + 2, end);
  }
  putf(o, "ora_interval(%.*s, '%.*s', '%.*s') ", text->n, text->s, from->n, from->s, to->n, to->s);
  return next - i;
}

/* seq.NEXTVAL, owner.seq.NEXTVAL */
static int pseudo_sequence(const Code *c, int i, int end, Buf *o) {
  int dots = at(c, i + 3, ".") ? 2 : 0, last = i + dots + 2;
  if (last >= end || !at(c, i + 1, ".")) return 0;
  int next = at(c, last, "NEXTVAL");
  if (!next && !at(c, last, "CURRVAL")) return 0;
  char name[64];
  tok_name(&c->tok[last - 2], name, sizeof name);
  putf(o, "(ora_%s('%s')) ", next ? "nextval" : "currval", name);
  return last - i + 1;
}

/* SQL%ROWCOUNT, SQL%FOUND, SQL%NOTFOUND, SQLCODE, SQLERRM */
static int pseudo_cursor(Frame *f, const Code *c, int i, Buf *o) {
  if (at(c, i, "SQL") && at(c, i + 1, "%")) {
    if (at(c, i + 2, "ROWCOUNT")) putf(o, "%llu ", (unsigned long long)f->p->rowcount);
    if (at(c, i + 2, "FOUND")) putf(o, "%d ", f->p->rowcount > 0);
    if (at(c, i + 2, "NOTFOUND")) putf(o, "%d ", f->p->rowcount == 0);
    return 3;
  }
  if (!f->c) return 0;
  if (at(c, i, "SQLERRM")) {
    put(o, "ora_sqlerrm() ", 14);
    return 1;
  }
  if (!at(c, i, "SQLCODE")) return 0;
  int code = f->handled.code;
  putf(o, "(%d) ", code == 1403 ? 100 : -code);
  return 1;
}

/* functions of packages: DBMS_LOB.GETLENGTH(x) becomes dbms_lob_getlength(x) */
static int pseudo_package(const Code *c, int i, int end, Buf *o) {
  const Tok *t = &c->tok[i];
  if (t->n < 5 || i + 2 >= end || !at(c, i + 1, ".")) return 0;
  if (strncasecmp(t->s, "DBMS_", 5) != 0 && strncasecmp(t->s, "UTL_", 4) != 0) return 0;
  putf(o, "%.*s_%.*s%s ", t->n, t->s, c->tok[i + 2].n, c->tok[i + 2].s, at(c, i + 3, "(") ? "" : "()");
  return 3;
}

static int table_attribute(const Code *c, int i, const Local *l, Buf *o) {
  if (at(c, i, "COUNT") || at(c, i, "LAST")) {
    putf(o, "%d ", l->nitems);
    return 1;
  }
  if (at(c, i, "FIRST")) putf(o, "%s ", l->nitems ? "1" : "NULL");
  return at(c, i, "FIRST");
}

/* a variable: x, a field of a loop's record: r.x, an element: t(i), and t.COUNT */
int emit_local(Frame *f, const Code *c, int i, int end, Buf *o) {
  const Tok *t = &c->tok[i];
  int binds = f->s ? f->s->code.nbind : 0;
  if (at(c, i + 1, ".") && i + 2 < end) {
    char field[128];
    int n = snprintf(field, sizeof field, "%.*s.%.*s", t->n, t->s, c->tok[i + 2].n, c->tok[i + 2].s);
    const Local *l = local_find(f, field, n > 0 && n < (int)sizeof field ? (size_t)n : 0);
    if (l) {
      putf(o, "?%d ", binds + l->id);
      return 3;
    }
    l = local_find(f, t->s, (size_t)t->n);
    return l && l->table && table_attribute(c, i + 2, l, o) ? 3 : 0;
  }
  const Local *l = local_find(f, t->s, (size_t)t->n);
  if (!l) return 0;
  if (l->table && at(c, i + 1, "(")) {
    putf(o, "ora_item(%d, ", l->id);
    emit(f, c, i + 2, skip_parens(c, i + 1, end) - 1, o, 0, 0);
    put(o, ") ", 2);
    return skip_parens(c, i + 1, end) - i;
  }
  if (at(c, i + 1, "(")) return 0;
  putf(o, "?%d ", binds + l->id);
  return 1;
}

int emit_pseudo(Frame *f, const Code *c, int i, int end, Buf *o) {
  const Tok *t = &c->tok[i];
  int taken;
  if (t->k == 'b' && t->bind) {
    putf(o, "?%d ", t->bind);
    return 1;
  }
  if (t->k == 'b') { /* :NEW.x of a trigger */
    putf(o, "%.*s ", t->n - 1, t->s + 1);
    return 1;
  }
  if (t->k != 'w') return 0;
  if (is(t, "N") && i + 1 < end && c->tok[i + 1].k == 's' && c->tok[i + 1].s == t->s + 1) {
    putf(o, "%.*s ", c->tok[i + 1].n, c->tok[i + 1].s);
    return 2;
  }
  if ((taken = emit_local(f, c, i, end, o)) || (taken = pseudo_sequence(c, i, end, o))) return taken;
  if ((taken = pseudo_package(c, i, end, o))) return taken;
  if (at(c, i + 1, ".")) return 0;
  if ((taken = pseudo_date(c, i, end, o)) || (taken = pseudo_interval(c, i, end, o))) return taken;
  if ((taken = pseudo_cursor(f, c, i, o))) return taken;
  return pseudo_call(c, i, o);
}
