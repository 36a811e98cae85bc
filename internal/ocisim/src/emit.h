/* emit.h - the state of writing a range of tokens as SQLite text; see emit.c. */
#ifndef EMIT_H
#define EMIT_H
#include "ocisim.h"

enum { MAX_DEPTH = 64 };

/* one level of parentheses (or CASE) */
typedef struct {
  size_t start;       /* where the sum that is being written begins */
  int operand;        /* an operand ended: the next + or - is binary */
  int sum, div;       /* calls to close: ora_add(...), ora_divisor(...) */
  int kase;           /* opened by CASE */
  size_t item;        /* where the item of the select list begins */
  int item_tok, list; /* its first token; list: in a select list */
  char limit[64], offset[64];
  int less; /* limit comes from ROWNUM < n */
} Level;

typedef struct {
  Frame *f;
  const Code *c;
  int i, end;
  Buf *o;
  Into *into;
  Names *names;
  int kind;         /* ST_xxx of the statement */
  int targets, set; /* in INSERT's list of columns, in UPDATE's SET */
  int depth;
  Level level[MAX_DEPTH];
} Emitter;

int emit_clause(Emitter *e); /* a clause of Oracle's own at e->i: tokens taken, 0: none */
void emit_limit(Emitter *e);
void emit_head(Emitter *e); /* UPDATE t a, DELETE t a */
int emit_local(Frame *f, const Code *c, int i, int end, Buf *o);
void item_begin(Emitter *e);
void item_end(Emitter *e);
void operand_text(const Emitter *e, int i, char *to, size_t size);
#endif
