/* pool.c - OCI's session pool. */
#include "ocisim.h"

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; /* protects the pools and what is in them */
static Pool *pools;
static int numbers;

enum { GET_NOWAIT = 1, GET_FORCE = 2, GET_TIMED = 3 };

static Svc *open_one(Pool *p, Err *e) {
  Ses who = {.h = {HT_SESSION}};
  set_text(who.user, sizeof who.user, p->user, strlen(p->user));
  set_text(who.pass, sizeof who.pass, p->pass, strlen(p->pass));
  Svc *s = service_context(p->link, &who, p->cache_size, e);
  if (s) s->pool = p;
  return s;
}

static int fill(Pool *p, Err *e) {
  for (uint32_t i = 0; i < p->min; i++) {
    Svc *s = open_one(p, e);
    if (!s) return OCI_ERROR;
    s->next = p->free;
    p->free = s;
    p->open++;
  }
  return 0;
}

/* models a homogeneous pool; its minimum is opened at once, the increment is always 1 */
API int OCISessionPoolCreate(void *env UNUSED, void *err, void *spool, char **name, uint32_t *name_size,
                             const char *link, uint32_t ln, uint32_t min, uint32_t max, uint32_t incr,
                             const char *user, uint32_t un, const char *pass, uint32_t pn,
                             uint32_t mode UNUSED) {
  Pool *p = spool;
  set_text(p->link, sizeof p->link, link, link ? ln : 0);
  set_text(p->user, sizeof p->user, user, user ? un : 0);
  set_text(p->pass, sizeof p->pass, pass, pass ? pn : 0);
  p->min = min;
  p->max = max;
  p->incr = incr;
  pthread_cond_init(&p->cv, 0);
  if (fill(p, err)) return OCI_ERROR;
  pthread_mutex_lock(&mu);
  snprintf(p->name, sizeof p->name, "ocisim_pool_%d", ++numbers);
  p->next = pools;
  pools = p;
  pthread_mutex_unlock(&mu);
  *name = p->name;
  *name_size = (uint32_t)strlen(p->name);
  return OCI_SUCCESS;
}

/* models all of it; mode 1 destroys a pool in use */
API int OCISessionPoolDestroy(void *spool, void *err, uint32_t mode) {
  Pool *p = spool;
  pthread_mutex_lock(&mu);
  if (p->busy && !(mode & 1)) {
    pthread_mutex_unlock(&mu);
    return fail(err, 24422, "error occurred while trying to destroy the Session Pool");
  }
  Pool **at = &pools;
  while (*at && *at != p) at = &(*at)->next;
  if (*at) *at = p->next;
  Svc *s = p->free;
  p->free = 0;
  pthread_mutex_unlock(&mu);
  for (Svc *next; s; s = next) {
    next = s->next;
    service_context_drop(s, err);
  }
  return OCI_SUCCESS;
}

static Pool *find_locked(const char *name, uint32_t n) {
  Pool *p = pools;
  while (p && !(strlen(p->name) == n && !memcmp(p->name, name, n))) p = p->next;
  return p;
}

/* as OCI since 12.2: a cheap look drops sessions that are gone, too old, or rested for too long */
static int stale(const Pool *p, const Svc *s) {
  time_t now = time(0);
  if (!server_ok(s->srv)) return 1;
  if (p->max_life && now - s->phys->created > (time_t)p->max_life) return 1;
  return p->timeout && now - s->phys->used > (time_t)p->timeout;
}

/* waits for a session to come back; 0, or the number of the error */
static int await_locked(Pool *p, int64_t end) {
  int64_t left = p->getmode == GET_TIMED ? end - now_ms() : 1000;
  if (p->getmode == GET_NOWAIT) return 24418;
  if (left <= 0) return 24457;
  struct timespec t = clock_in(left);
  pthread_cond_timedwait(&p->cv, &mu, &t);
  return 0;
}

static Svc *open_for_caller(Pool *p, Err *e) {
  Svc *s = open_one(p, e);
  if (s) return s;
  pthread_mutex_lock(&mu);
  p->open--;
  p->busy--;
  pthread_cond_signal(&p->cv);
  pthread_mutex_unlock(&mu);
  return 0;
}

/* takes an idle session off the pool; caller holds mu, which it leaves for a while to drop a stale one */
static Svc *take_locked(Pool *p, Err *e) {
  while (p->free) {
    Svc *s = p->free;
    p->free = s->next;
    if (!stale(p, s)) {
      p->busy++;
      return s;
    }
    p->open--;
    pthread_mutex_unlock(&mu);
    service_context_drop(s, e);
    pthread_mutex_lock(&mu);
  }
  return 0;
}

static Svc *get(const char *name, uint32_t n, Err *e) {
  pthread_mutex_lock(&mu);
  Pool *p = find_locked(name, n);
  int64_t end = p ? now_ms() + p->wait_timeout : 0;
  int code = p ? 0 : 24459;
  Svc *s = 0;
  while (!code && !(s = take_locked(p, e)) && p->open >= p->max) code = await_locked(p, end);
  int make = !code && !s;
  if (make) {
    p->open++;
    p->busy++;
  }
  pthread_mutex_unlock(&mu);
  if (code) fail(e, code, code == 24459 ? "OCISessionGet() unknown pool" : 0);
  if (make) return code ? 0 : open_for_caller(p, e);
  if (s) {
    s->call_timeout = 0;
    trace(s->phys->home, s->phys, "poolget", p->name);
  }
  return s;
}

/* models a pool's session, and one of its own (mode without 1); tags are ignored */
API int OCISessionGet(void *env UNUSED, void *err, void **svc, void *auth, const char *link, uint32_t n,
                      const char *tag UNUSED, uint32_t tn UNUSED, const char **found_tag,
                      uint32_t *found_size, int *found, uint32_t mode) {
  char text[512];
  Ses nobody = {.h = {HT_SESSION}};
  if (found_tag) *found_tag = 0;
  if (found_size) *found_size = 0;
  if (found) *found = 0;
  set_text(text, sizeof text, link, link ? n : 0);
  *svc = mode & 1 ? get(link, n, err) : service_context(text, auth ? auth : &nobody, 20, err);
  return *svc ? OCI_SUCCESS : OCI_ERROR;
}

/* models all of it but tags; mode 1 drops the session */
API int OCISessionRelease(void *svc, void *err, const char *tag UNUSED, uint32_t tn UNUSED, uint32_t mode) {
  Svc *s = svc;
  Pool *p = s->pool;
  if (!p) {
    service_context_drop(s, err);
    return OCI_SUCCESS;
  }
  int drop = (mode & 1) || !server_ok(s->srv);
  trace(s->phys->home, s->phys, drop ? "pooldrop" : "poolput", p->name);
  s->phys->used = time(0);
  if (drop) service_context_drop(s, err);
  pthread_mutex_lock(&mu);
  p->busy--;
  if (drop) {
    p->open--;
  } else {
    s->next = p->free;
    p->free = s;
  }
  pthread_cond_signal(&p->cv);
  pthread_mutex_unlock(&mu);
  return OCI_SUCCESS;
}
