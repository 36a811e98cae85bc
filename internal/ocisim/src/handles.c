/* handles.c - the library itself: environment, memory, threads, handles, descriptors, errors. */
#include "ocisim.h"

/* models a 19.22 client */
API void OCIClientVersion(int *major, int *minor, int *update, int *patch, int *port) {
  *major = 19;
  *minor = 22;
  *update = *patch = *port = 0;
}

/* models threads that need no preparation */
API void OCIThreadProcessInit(void) {
}

/* models a key of the thread library */
API int OCIThreadKeyInit(void *h UNUSED, void *err UNUSED, void **key, void *destructor) {
  pthread_key_t *k = allocate(1, sizeof *k);
  *key = k;
  return pthread_key_create(k, (void (*)(void *))destructor) ? OCI_ERROR : OCI_SUCCESS;
}

/* models all of it */
API int OCIThreadKeyGet(void *h UNUSED, void *err UNUSED, void *key, void **v) {
  *v = pthread_getspecific(*(pthread_key_t *)key);
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIThreadKeySet(void *h UNUSED, void *err UNUSED, void *key, void *v) {
  return pthread_setspecific(*(pthread_key_t *)key, v) ? OCI_ERROR : OCI_SUCCESS;
}

/* models all of it */
API int OCIThreadKeyDestroy(void *h UNUSED, void *err UNUSED, void **key) {
  pthread_key_delete(*(pthread_key_t *)*key);
  free(*key);
  *key = 0;
  return OCI_SUCCESS;
}

/* models memory that lives until it is freed; durations are ignored */
API int OCIMemoryAlloc(void *h UNUSED, void *err UNUSED, void **m, uint16_t duration UNUSED, uint32_t n,
                       uint32_t flags UNUSED) {
  *m = allocate(1, n);
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIMemoryFree(void *h UNUSED, void *err UNUSED, void *m) {
  free(m);
  return OCI_SUCCESS;
}

static KV *find_value(const Ses *s, const char *key, size_t n) {
  KV *k = s->kv;
  while (k && !(strlen(k->key) == n && !memcmp(k->key, key, n))) k = k->next;
  return k;
}

/* models values that the caller keeps with a session */
API int OCIContextSetValue(void *h, void *err UNUSED, uint16_t duration UNUSED, const char *key, uint8_t n,
                           void *v) {
  Ses *s = h;
  KV *k = find_value(s, key, n);
  if (!k) {
    k = allocate(1, sizeof *k);
    set_text(k->key, sizeof k->key, key, n);
    k->next = s->kv;
    s->kv = k;
  }
  k->val = v;
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIContextGetValue(void *h, void *err UNUSED, const char *key, uint8_t n, void **v) {
  const KV *k = find_value(h, key, n);
  *v = k ? k->val : 0;
  return OCI_SUCCESS;
}

/* models an environment that remembers its character sets; modes and allocators are ignored */
API int OCIEnvNlsCreate(void **env, uint32_t mode UNUSED, void *ctx UNUSED, void *alloc UNUSED,
                        void *re UNUSED, void *release UNUSED, size_t extra UNUSED, void **user UNUSED,
                        uint16_t cs, uint16_t ncs) {
  Env *e = allocate(1, sizeof *e);
  *e = (Env){{HT_ENV}, cs ? cs : 873, ncs ? ncs : 873};
  *env = e;
  return OCI_SUCCESS;
}

/* models one record for each error */
API int OCIErrorGet(void *h, uint32_t record, char *state UNUSED, int32_t *code, char *buf, uint32_t n,
                    uint32_t type) {
  const Err *e = h;
  if (type != HT_ERROR || record != 1) return OCI_NO_DATA;
  *code = e->f.code;
  snprintf(buf, n, "%s\n", e->f.msg);
  return OCI_SUCCESS;
}

static size_t size_of(uint32_t type) {
  switch (type) {
  case HT_ENV: return sizeof(Env);
  case HT_ERROR: return sizeof(Err);
  case HT_SVCCTX: return sizeof(Svc);
  case HT_STMT: return sizeof(Stmt);
  case HT_SERVER: return sizeof(Srv);
  case HT_SESSION: return sizeof(Ses);
  case HT_SPOOL: return sizeof(Pool);
  case DT_TS:
  case DT_TS_TZ:
  case DT_TS_LTZ: return sizeof(DT);
  case DT_INT_YM:
  case DT_INT_DS: return sizeof(Ival);
  case DT_LOB: return sizeof(Lob);
  default: return 256; /* a handle that nothing is done with */
  }
}

/* models the handles and descriptors that size_of knows; others are blank */
API int OCIHandleAlloc(const void *parent UNUSED, void **h, uint32_t type, size_t extra UNUSED,
                       void **user UNUSED) {
  Hdr *p = allocate(1, size_of(type));
  p->type = type;
  *h = p;
  return OCI_SUCCESS;
}

/* models the same */
API int OCIDescriptorAlloc(const void *parent, void **h, uint32_t type, size_t extra, void **user) {
  return OCIHandleAlloc(parent, h, type, extra, user);
}

static void session_clear(Ses *s) {
  for (KV *k = s->kv, *next; k; k = next) {
    next = k->next;
    free(k);
  }
}

/* models all of it; a column's descriptor belongs to its statement */
API int OCIHandleFree(void *h, uint32_t type) {
  if (!h) return OCI_INVALID_HANDLE;
  if (type == HT_STMT) stmt_drop(h);
  if (type == HT_ERROR) free(((Err *)h)->batch);
  if (type == DT_LOB) free(((Lob *)h)->p);
  if (type == HT_SESSION) session_clear(h);
  if (type != DT_PARAM) free(h);
  return OCI_SUCCESS;
}

/* models the same */
API int OCIDescriptorFree(void *h, uint32_t type) {
  return OCIHandleFree(h, type);
}

/* models an array as one block: the caller frees it by its first element */
API int OCIArrayDescriptorAlloc(const void *parent UNUSED, void **d, uint32_t type, uint32_t n,
                                size_t extra UNUSED, void **user UNUSED) {
  size_t size = (size_of(type) + 15) & ~(size_t)15;
  char *block = allocate(n, size);
  for (uint32_t i = 0; i < n; i++) {
    d[i] = block + i * size;
    ((Hdr *)d[i])->type = type;
  }
  return OCI_SUCCESS;
}

/* models the same */
API int OCIArrayDescriptorFree(void **d, uint32_t type UNUSED) {
  free(d[0]);
  return OCI_SUCCESS;
}
