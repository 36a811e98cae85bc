/* vars.c - moves values between the caller's buffers and SQLite's values. */
#include "ocisim.h"

/* the place of an element: descriptors stand behind a pointer, but for callbacks */
static void *descriptor(char *p, int direct) {
  return direct ? (void *)p : *(void **)p;
}

static void get_number(const char *p, Value *o, char *scratch) {
  num_get((const uint8_t *)p, scratch, SCRATCH);
  if (strcspn(scratch, ".") < strlen(scratch) || strlen(scratch) > 18) {
    o->type = SQLITE_FLOAT;
    o->d = strtod(scratch, 0);
    return;
  }
  *o = value_int(strtoll(scratch, 0, 10));
}

static void get_date(const char *p, Value *o, char *scratch) {
  const OCIDate *q = (const OCIDate *)p;
  DT d = {.y = q->y, .mo = q->mo, .d = q->d, .hh = q->hh, .mi = q->mi, .ss = q->ss};
  dt_text(&d, 0, scratch, SCRATCH);
  o->n = (uint32_t)strlen(scratch);
}

static void get_lob(const Lob *l, int clob, Value *o) {
  o->type = !l->n ? SQLITE_NULL : clob ? SQLITE_TEXT : SQLITE_BLOB;
  o->p = l->p;
  o->n = (uint32_t)l->n;
}

static void get_bytes(int type, char *p, uint32_t n, Value *o) {
  o->type = n ? type : SQLITE_NULL; /* '' is NULL */
  o->p = p;
  o->n = n;
}

static int get_typed(const Var *v, char *p, uint32_t n, Value *o, char *scratch) {
  int direct = v->icb != 0;
  switch (v->dty) {
  case T_CHR:
  case T_AFC:
  case T_LNG: get_bytes(SQLITE_TEXT, p, n, o); return 0;
  case T_BIN: get_bytes(SQLITE_BLOB, p, n, o); return 0;
  case T_INT:
  case T_UIN: *o = value_int(*(int64_t *)p); return 0;
  case T_BOL: *o = value_int(*(int *)p); return 0;
  case T_BFLOAT: *o = (Value){.type = SQLITE_FLOAT, .d = *(float *)p}; return 0;
  case T_BDOUBLE: *o = (Value){.type = SQLITE_FLOAT, .d = *(double *)p}; return 0;
  case T_VNU: get_number(p, o, scratch); return 0;
  case T_ODT: get_date(p, o, scratch); return 0;
  case T_TS:
  case T_TSTZ:
  case T_TSLTZ:
    dt_text(descriptor(p, direct), v->dty != T_TS, scratch, SCRATCH);
    o->n = (uint32_t)strlen(scratch);
    return 0;
  case T_IDS: o->n = (uint32_t)interval_text(descriptor(p, direct), scratch, SCRATCH); return 0;
  case T_CLOB:
  case T_BLOB: get_lob(descriptor(p, direct), v->dty == T_CLOB, o); return 0;
  default: return 932;
  }
}

/* where element `row` of a bind is; 0: it is NULL */
static char *element(const Var *v, uint32_t row, uint32_t *n) {
  if (v->icb) {
    void *b = 0, *ind = 0;
    uint8_t piece = 0;
    *n = 0;
    v->icb(v->ictx, (void *)v, row, 0, &b, n, &piece, &ind);
    return ind && *(int16_t *)ind == -1 ? 0 : b;
  }
  if (!v->val || (v->ind && v->ind[row] == -1)) return 0;
  *n = v->len ? v->len[row] : (uint32_t)v->sz;
  return v->val + row * v->sz;
}

int var_get(const Var *v, uint32_t row, Value *o, char scratch[SCRATCH]) {
  uint32_t n = 0;
  char *p = element(v, row, &n);
  *o = (Value){.type = SQLITE_NULL};
  if (!p) return 0;
  *o = (Value){.type = SQLITE_TEXT, .p = scratch};
  return get_typed(v, p, n, o, scratch);
}

static const char *as_text(const Value *v, char b[64], uint32_t *n) {
  if (v->type == SQLITE_TEXT || v->type == SQLITE_BLOB) {
    *n = v->n;
    return v->p;
  }
  if (v->type == SQLITE_INTEGER)
    snprintf(b, 64, "%lld", (long long)v->i);
  else
    real_text(v->d, b, 64);
  *n = (uint32_t)strlen(b);
  return b;
}

static double as_real(const Value *v) {
  if (v->type == SQLITE_INTEGER) return (double)v->i;
  return v->type == SQLITE_FLOAT ? v->d : strtod(v->p, 0);
}

static int64_t as_int(const Value *v) {
  if (v->type == SQLITE_INTEGER) return v->i;
  double d = as_real(v);
  return d >= 9.2e18 ? INT64_MAX : d <= -9.2e18 ? INT64_MIN : (int64_t)d;
}

static void store_bytes(const Var *v, char *p, uint32_t *len, uint16_t *rc, const char *t, uint32_t n) {
  if ((int64_t)n > v->sz) {
    n = (uint32_t)v->sz;
    if (rc) *rc = 1406; /* truncated */
  }
  if (n) memcpy(p, t, n);
  if (len) *len = n;
}

static int store_date(const Var *v, char *p, const char *t, uint32_t n) {
  DT d = {.h = {0}};
  if (!dt_parse(t, n, &d)) return 1861;
  if (v->dty == T_ODT) {
    *(OCIDate *)p = (OCIDate){d.y, d.mo, d.d, d.hh, d.mi, d.ss};
    return 0;
  }
  DT *q = descriptor(p, v->ocb != 0);
  d.h = q->h;
  *q = d;
  return 0;
}

static int store_number(char *p, uint32_t *len, const char *t, uint32_t n) {
  char b[64];
  set_text(b, sizeof b, t, n);
  char *end;
  strtod(b, &end);
  if (end == b) return 1722;
  num_put(b, (uint8_t *)p);
  if (len) *len = 22;
  return 0;
}

static int store_interval(Ival *to, const char *t, uint32_t n) {
  return interval_parse(t, n, to) ? 0 : 1867;
}

static int store_typed(Var *v, char *p, uint32_t *len, uint16_t *rc, const Value *val) {
  char b[64];
  uint32_t n;
  const char *t = as_text(val, b, &n);
  switch (v->dty) {
  case T_CHR:
  case T_AFC:
  case T_LNG:
  case T_BIN: store_bytes(v, p, len, rc, t, n); return 0;
  case T_INT:
  case T_UIN: *(int64_t *)p = as_int(val); return 0;
  case T_BOL: *(int *)p = as_real(val) != 0; return 0;
  case T_BFLOAT: *(float *)p = (float)as_real(val); return 0;
  case T_BDOUBLE: *(double *)p = as_real(val); return 0;
  case T_VNU: return store_number(p, len, t, n);
  case T_ODT:
  case T_TS:
  case T_TSTZ:
  case T_TSLTZ: return store_date(v, p, t, n);
  case T_IDS: return store_interval(descriptor(p, v->ocb != 0), t, n);
  case T_CLOB:
  case T_BLOB: lob_set(descriptor(p, v->ocb != 0), t, n, v->dty == T_CLOB); return 0;
  default: return 932;
  }
}

/* converts a value into one element of a bind's or define's buffer */
int var_store(Var *v, char *p, uint32_t *len, int16_t *ind, uint16_t *rc, const Value *val) {
  if (rc) *rc = 0;
  if (ind) *ind = val->type == SQLITE_NULL ? -1 : 0;
  if (val->type != SQLITE_NULL) return store_typed(v, p, len, rc, val);
  if (len) *len = 0;
  return 0;
}

/* LONG, LONG RAW and LOB data, which the caller takes piece by piece */
static int put_pieces(Var *v, uint32_t row, const Value *val) {
  char b[64];
  uint32_t n = 0, done = 0;
  const char *t = val->type == SQLITE_NULL ? "" : as_text(val, b, &n);
  do {
    void *buf = 0, *ind = 0;
    uint32_t *len = 0;
    uint8_t piece = 0;
    uint16_t *rc = 0;
    v->dcb(v->octx, v, row, &buf, &len, &piece, &ind, &rc);
    if (!buf || !len || !*len) return 1405;
    if (ind) *(int16_t *)ind = val->type == SQLITE_NULL ? -1 : 0;
    uint32_t k = n - done < *len ? n - done : *len;
    if (k) memcpy(buf, t + done, k);
    *len = k;
    done += k;
  } while (done < n);
  return 0;
}

/* writes a fetched value into row `row` of a define */
int var_put(Var *v, uint32_t row, const Value *val) {
  if (v->dcb) return put_pieces(v, row, val);
  return var_store(v, v->val + row * v->sz, v->len ? v->len + row : 0, v->ind ? v->ind + row : 0,
                   v->rc ? v->rc + row : 0, val);
}
