/* binds.c - binds and defines: which buffers of the caller's belong to which variable. */
#include "ocisim.h"

static int same_var(const Var *v, uint32_t pos, const char *name) {
  if (name) return v->name && !strcasecmp(v->name, name);
  return !v->name && v->pos == pos;
}

/* the variable of a position or name, new or emptied */
static Var *var_new(Var **list, uint32_t pos, const char *name) {
  Var **at = list;
  while (*at && !same_var(*at, pos, name)) at = &(*at)->next;
  Var *v = *at;
  if (!v) v = *at = allocate(1, sizeof *v);
  Var *next = v->next;
  free(v->name);
  *v = (Var){.next = next, .pos = pos, .name = name ? copy_text(name, strlen(name)) : 0};
  return v;
}

static int known(const Code *c, uint32_t pos, const char *name) {
  if (!name) return pos >= 1 && pos <= (uint32_t)c->nbind;
  for (int i = 0; i < c->nbind; i++)
    if (!strcasecmp(c->bname[i], name)) return 1;
  return 0;
}

/* pos, or name; the rest is in `given` */
static int bind(Stmt *t, void **h, Err *e, uint32_t pos, const char *name, const Var *given) {
  if (!known(&t->code, pos, name)) return fail(e, 1036, "illegal variable name/number");
  Var *v = var_new(&t->binds, pos, name);
  Var rest = *v;
  *v = *given;
  v->h.type = HT_BIND;
  v->next = rest.next;
  v->name = rest.name;
  v->pos = pos;
  *h = v;
  return OCI_SUCCESS;
}

/* models all of it but the mode */
API int OCIBindByPos2(void *stmt, void **h, void *err, uint32_t pos, void *val, int64_t size, uint16_t dty,
                      void *ind, uint32_t *len, uint16_t *rc, uint32_t most, uint32_t *count,
                      uint32_t mode UNUSED) {
  Var v = {
      .val = val, .sz = size, .dty = dty, .ind = ind, .len = len, .rc = rc, .maxarr = most, .curele = count};
  return bind(stmt, h, err, pos, 0, &v);
}

/* models all of it but the mode */
API int OCIBindByName2(void *stmt, void **h, void *err, const char *name, int32_t n, void *val, int64_t size,
                       uint16_t dty, void *ind, uint32_t *len, uint16_t *rc, uint32_t most, uint32_t *count,
                       uint32_t mode UNUSED) {
  Var v = {
      .val = val, .sz = size, .dty = dty, .ind = ind, .len = len, .rc = rc, .maxarr = most, .curele = count};
  int colon = n > 0 && *name == ':';
  char *own = copy_text(name + colon, n > colon ? (size_t)(n - colon) : 0);
  int result = bind(stmt, h, err, 0, own, &v);
  free(own);
  return result;
}

/* models callbacks for RETURNING and long values */
API int OCIBindDynamic(void *b, void *err UNUSED, void *ictx, void *icb, void *octx, void *ocb) {
  Var *v = b;
  v->ictx = ictx;
  v->icb = (InCb)icb;
  v->octx = octx;
  v->ocb = (OutCb)ocb;
  return OCI_SUCCESS;
}

/* models all of it but the mode */
API int OCIDefineByPos2(void *stmt, void **h, void *err, uint32_t pos, void *val, uint64_t size, uint16_t dty,
                        void *ind, uint32_t *len, uint16_t *rc, uint32_t mode UNUSED) {
  Stmt *t = stmt;
  if (pos < 1 || pos > t->res.ncols) return fail(err, 1007, "variable not in select list");
  Var *v = var_new(&t->defs, pos, 0);
  v->h.type = HT_DEFINE;
  v->val = val;
  v->sz = (int64_t)size;
  v->dty = dty;
  v->ind = ind;
  v->len = len;
  v->rc = rc;
  *h = v;
  return OCI_SUCCESS;
}

/* models a callback that takes long values in pieces */
API int OCIDefineDynamic(void *define, void *err UNUSED, void *ctx, void *cb) {
  Var *v = define;
  v->octx = ctx;
  v->dcb = (DefCb)cb;
  return OCI_SUCCESS;
}
