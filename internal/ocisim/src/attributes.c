/* attributes.c - OCI_ATTR_xxx of each handle, by their public numbers. */
#include "ocisim.h"

/* where an attribute goes to */
typedef struct {
  void *to;
  uint32_t *size;
} Out;

static int put_number(Out o, uint64_t v, uint32_t size) {
  memcpy(o.to, &v, size); /* little endian: the low bytes are first */
  if (o.size) *o.size = size;
  return 1;
}

static int put_pointer(Out o, const void *p) {
  memcpy(o.to, &p, sizeof p);
  return 1;
}

static int put_string(Out o, const char *s) {
  if (o.size) *o.size = (uint32_t)strlen(s);
  return put_pointer(o, s);
}

static int get_env(const Env *e, uint32_t attr, Out o) {
  if (attr == 31) return put_number(o, e->cs, 2);   /* CHARSET_ID */
  if (attr == 262) return put_number(o, e->ncs, 2); /* NCHARSET_ID */
  return 0;
}

static int get_error(const Err *e, uint32_t attr, Out o) {
  if (attr == 472) return put_number(o, (uint64_t)fatal_code(e->f.code), 4); /* ERROR_IS_RECOVERABLE */
  if (attr == 74) return put_number(o, (uint64_t)e->f.row, 4);               /* DML_ROW_OFFSET */
  return 0;
}

static int get_server(const Srv *s, uint32_t attr, Out o) {
  switch (attr) {
  case 143: return put_number(o, (uint64_t)server_ok(s), 4); /* SERVER_STATUS */
  case 31:
  case 262: return put_number(o, 873, 2);
  case 391: return put_string(o, "OCISIM");   /* DBNAME */
  case 392: return put_string(o, "ocisim");   /* INSTNAME */
  case 393: return put_string(o, s->service); /* SERVICENAME */
  case 399:                                   /* DBDOMAIN */
  case 25:                                    /* EXTERNAL_NAME */
  case 26: return put_string(o, "");          /* INTERNAL_NAME */
  case 436: return put_number(o, s->recv_timeout, 4);
  case 495: return put_number(o, s->brk, 1); /* BREAK_ON_NET_TIMEOUT */
  default: return 0;
  }
}

static int get_service(const Svc *s, uint32_t attr, Out o) {
  switch (attr) {
  case 6: return put_pointer(o, s->srv);
  case 7: return put_pointer(o, s->ses);
  case 8: return put_pointer(o, 0); /* TRANS */
  case 531: return put_number(o, s->call_timeout, 4);
  case 176: return put_number(o, s->cache_size, 4); /* STMTCACHESIZE */
  case 500: return put_number(o, 128, 1);           /* MAX_OPEN... of identifiers */
  case 524: return put_string(o, "OCISIMPDB");      /* PDB name */
  default: return 0;
  }
}

static int get_session(const Ses *s, uint32_t attr, Out o) {
  const Phys *p = s->phys;
  switch (attr) {
  case 484: return put_number(o, p && p->in_txn, 4); /* TRANSACTION_IN_PROGRESS */
  case 471: return put_number(o, 300, 4);            /* MAX_OPEN_CURSORS */
  case 224: return put_string(o, p && *p->schema ? p->schema : *s->schema ? s->schema : s->user);
  case 288: return put_string(o, "ORA$BASE"); /* EDITION */
  case 22: return put_string(o, s->user);
  default: return 0;
  }
}

static int get_statement(const Stmt *s, uint32_t attr, Out o, const Err *e) {
  switch (attr) {
  case 24: return put_number(o, s->type, 2);
  case 218: return put_number(o, s->returning, 1);
  case 18: return put_number(o, s->res.ncols, 4); /* PARAM_COUNT */
  case 190: return put_number(o, (uint64_t)s->code.nbind, 4);
  case 197: return put_number(o, s->fetched, 4);
  case 457: return put_number(o, s->rowcount, 8);
  case 9: return put_number(o, s->rowcount, 4);
  case 504: return put_string(o, s->sqlid);
  case 129: return put_number(o, s->erroff, 2);
  case 73: return put_number(o, e->nbatch, 4); /* NUM_DML_ERRORS */
  case 144: return put_string(o, s->code.text);
  case 11: return put_number(o, s->prefetch, 4);
  case 469: /* DML_ROW_COUNT_ARRAY */
    if (o.size) *o.size = s->ncounts;
    return put_pointer(o, s->counts);
  default: return 0;
  }
}

static int get_column(const Column *c, uint32_t attr, Out o) {
  switch (attr) {
  case 4: return put_string(o, c->name);
  case 2: return put_number(o, c->dty, 2);
  case 32: return put_number(o, 1, 1); /* CHARSET_FORM */
  case 5: return put_number(o, (uint16_t)c->prec, 2);
  case 6: return put_number(o, (uint8_t)c->scale, 1);
  case 1:
  case 286: return put_number(o, c->size, 2);
  case 7: return put_number(o, c->nullok, 1);
  case 534: return put_number(o, 0, 1); /* no JSON */
  default: return 0;
  }
}

static int get_pool(const Pool *p, uint32_t attr, Out o) {
  switch (attr) {
  case 310: return put_number(o, p->busy, 4);
  case 311: return put_number(o, p->open, 4);
  case 308: return put_number(o, p->timeout, 4);
  case 506: return put_number(o, p->wait_timeout, 4);
  case 490: return put_number(o, p->max_life, 4);
  case 208: return put_number(o, p->cache_size, 4);
  case 602: return put_number(o, p->per_shard, 4);
  case 309: return put_number(o, p->getmode, 1);
  default: return 0;
  }
}

/* models the attributes that ODPI-C reads; others are ORA-24315 */
API int OCIAttrGet(const void *h, uint32_t type UNUSED, void *to, uint32_t *size, uint32_t attr, void *err) {
  const Hdr *hd = h;
  Out o = {to, size};
  int done = 0;
  if (!hd) return OCI_INVALID_HANDLE;
  switch (hd->type) {
  case HT_ENV: done = get_env(h, attr, o); break;
  case HT_ERROR: done = get_error(h, attr, o); break;
  case HT_SERVER: done = get_server(h, attr, o); break;
  case HT_SVCCTX: done = get_service(h, attr, o); break;
  case HT_SESSION: done = get_session(h, attr, o); break;
  case HT_STMT: done = get_statement(h, attr, o, err); break;
  case DT_PARAM: done = get_column(h, attr, o); break;
  case HT_SPOOL: done = get_pool(h, attr, o); break;
  case HT_BIND: done = attr == 42 && put_number(o, ((const Var *)h)->rows_returned, 4); break;
  default: break;
  }
  if (done) return OCI_SUCCESS;
  return err ? fail(err, 24315, "illegal attribute type (handle %u, attribute %u)", hd->type, attr)
             : OCI_ERROR;
}

/* a text that the server learns with the next call: at once, if the session is there */
static void set_state(Ses *s, size_t own, size_t theirs, size_t size, const void *a, uint32_t n) {
  char text[132];
  set_text(text, sizeof text, a, n);
  set_text((char *)s + own, size, text, strlen(text));
  if (s->phys) state_put(s->phys, (char *)s->phys + theirs, size, text, strlen(text));
}

static void set_session(Ses *s, const void *a, uint32_t n, uint32_t attr) {
  switch (attr) {
  case 22: set_text(s->user, sizeof s->user, a, n); break;
  case 23: set_text(s->pass, sizeof s->pass, a, n); break;
  case 224: set_state(s, offsetof(Ses, schema), offsetof(Phys, schema), sizeof s->schema, a, n); break;
  case 278:
    set_state(s, offsetof(Ses, client_id), offsetof(Phys, client_id), sizeof s->client_id, a, n);
    break;
  case 366: set_state(s, offsetof(Ses, module), offsetof(Phys, module), sizeof s->module, a, n); break;
  case 367: set_state(s, offsetof(Ses, action), offsetof(Phys, action), sizeof s->action, a, n); break;
  case 368:
    set_state(s, offsetof(Ses, client_info), offsetof(Phys, client_info), sizeof s->client_info, a, n);
    break;
  default: break; /* driver name, edition, DBOP... are accepted */
  }
}

static void set_service(Svc *s, void *a, uint32_t attr) {
  if (attr == 6) s->srv = a;
  if (attr == 7) s->ses = a;
  if (attr == 531) s->call_timeout = *(uint32_t *)a;
  if (attr == 176) s->cache_size = *(uint32_t *)a;
}

static void set_pool(Pool *p, const void *a, uint32_t attr) {
  switch (attr) {
  case 308: p->timeout = *(const uint32_t *)a; break;
  case 506: p->wait_timeout = *(const uint32_t *)a; break;
  case 490: p->max_life = *(const uint32_t *)a; break;
  case 208: p->cache_size = *(const uint32_t *)a; break;
  case 309: p->getmode = *(const uint8_t *)a; break;
  case 602: p->per_shard = *(const uint32_t *)a; break;
  default: break;
  }
}

/* models the attributes that mean something here; others are accepted */
API int OCIAttrSet(void *h, uint32_t type UNUSED, void *a, uint32_t n, uint32_t attr, void *err UNUSED) {
  const Hdr *hd = h;
  if (!hd) return OCI_INVALID_HANDLE;
  if (hd->type == HT_SVCCTX) set_service(h, a, attr);
  if (hd->type == HT_SERVER && attr == 436) ((Srv *)h)->recv_timeout = *(uint32_t *)a;
  if (hd->type == HT_SERVER && attr == 495) ((Srv *)h)->brk = *(uint8_t *)a;
  if (hd->type == HT_SESSION) set_session(h, a, n, attr);
  if (hd->type == HT_STMT && attr == 11) ((Stmt *)h)->prefetch = *(uint32_t *)a;
  if (hd->type == HT_SPOOL) set_pool(h, a, attr);
  return OCI_SUCCESS;
}

/* models the columns of a query, and the errors of a batch */
API int OCIParamGet(const void *h, uint32_t type, void *err, void **out, uint32_t pos) {
  if (type == HT_ERROR) {
    const Err *e = h;
    if (pos >= e->nbatch) return OCI_NO_DATA;
    ((Err *)*out)->f = e->batch[pos];
    return OCI_SUCCESS;
  }
  const Stmt *s = h;
  if (type != HT_STMT || pos < 1 || pos > s->res.ncols)
    return fail(err, 24334, "no descriptor for this position");
  *out = &s->res.cols[pos - 1];
  return OCI_SUCCESS;
}
