/* session.c - connecting, logging on and off, and what each round trip of a session goes through. */
#include "ocisim.h"

/* (DESCRIPTION=...) */
static void parse_descriptor(Srv *s, const char *link) {
  const char *host = strcasestr(link, "HOST="), *port = strcasestr(link, "PORT=");
  const char *service = strcasestr(link, "SERVICE_NAME="), *sid = strcasestr(link, "SID=");
  if (host) sscanf(host + 5, " %150[^) ]", s->host);
  if (port) s->port = atoi(port + 5);
  if (service) sscanf(service + 13, " %150[^) ]", s->service);
  if (!service && sid) sscanf(sid + 4, " %150[^) ]", s->service);
}

/* [protocol:]//host[:port][/service[:server]], and an alias, which is taken for a host */
static void parse_easy(Srv *s, const char *link) {
  const char *scheme = strstr(link, "://"), *p = scheme ? scheme + 3 : link;
  while (*p == '/') p++;
  size_t n = strcspn(p, ":/?");
  set_text(s->host, sizeof s->host, p, n);
  p += n;
  if (*p == ':') {
    s->port = atoi(p + 1);
    p += strcspn(p, "/?");
  }
  if (*p == '/') set_text(s->service, sizeof s->service, p + 1, strcspn(p + 1, ":?/"));
}

static void parse_link(Srv *s, const char *link) {
  set_text(s->link, sizeof s->link, link, strlen(link));
  set_text(s->service, sizeof s->service, "default", 7);
  s->port = 1521;
  if (*link == '(')
    parse_descriptor(s, link);
  else
    parse_easy(s, link);
  const char *timeout = strcasestr(link, "connect_timeout=");
  s->patience = timeout ? atoll(timeout + 16) * 1000 : 0;
  s->home = service_find(s->service);
}

/* models the connect string and the listener's answer; port 1, hosts *.invalid and "nosuchservice" fail */
API int OCIServerAttach(void *srv, void *err, const char *link, int32_t n, uint32_t mode UNUSED) {
  Srv *s = srv;
  char text[sizeof s->link];
  set_text(text, sizeof text, link, link && n > 0 ? (size_t)n : 0);
  parse_link(s, text);
  trace(s->home, 0, "connect", text);
  if (fault_connect(s->home, "connect", text, s->patience, err)) return OCI_ERROR;
  if (s->port == 1) return fail(err, 12541, 0);
  if (strstr(s->host, ".invalid")) return fail(err, 12545, 0);
  if (!strcasecmp(s->service, "nosuchservice")) return fail(err, 12514, 0);
  return OCI_SUCCESS;
}

/* models nothing: there is no connection besides the session */
API int OCIServerDetach(void *srv UNUSED, void *err UNUSED, uint32_t mode UNUSED) {
  return OCI_SUCCESS;
}

int server_ok(const Srv *s) {
  if (!s->phys) return 0;
  control_version(s->home); /* notices a kill */
  return !s->phys->dead;
}

static void phys_free(Phys *p) {
  settings_free(p);
  pthread_cond_destroy(&p->cv);
  pthread_mutex_destroy(&p->mu);
  free(p);
}

static void phys_name(Phys *p, const Ses *u) {
  p->created = p->used = time(0);
  set_text(p->user, sizeof p->user, u->user, strlen(u->user));
  set_text(p->schema, sizeof p->schema, u->schema, strlen(u->schema));
  set_text(p->module, sizeof p->module, u->module, strlen(u->module));
  set_text(p->action, sizeof p->action, u->action, strlen(u->action));
  set_text(p->client_info, sizeof p->client_info, u->client_info, strlen(u->client_info));
  set_text(p->client_id, sizeof p->client_id, u->client_id, strlen(u->client_id));
}

static Phys *phys_open(const Srv *s, const Ses *u, Err *e) {
  if (fault_connect(s->home, "login", s->link, s->patience, e)) return 0;
  if (!strcmp(u->pass, "wrong")) {
    fail(e, 1017, 0);
    return 0;
  }
  Phys *p = allocate(1, sizeof *p);
  phys_name(p, u);
  pthread_mutex_init(&p->mu, 0);
  pthread_cond_init(&p->cv, 0);
  if (service_enter(s->home, p, e)) {
    phys_free(p);
    return 0;
  }
  if (sql_open(p, e)) {
    service_leave(p);
    phys_free(p);
    return 0;
  }
  trace(s->home, p, "login", u->user);
  return p;
}

static void phys_close(Phys *p) {
  if (!p) return;
  trace(p->home, p, "logoff", "");
  service_leave(p);
  sqlite3_close_v2(p->db);
  phys_free(p);
}

/* models users who all exist and all passwords but "wrong" */
API int OCISessionBegin(void *svc, void *err, void *usr, uint32_t credentials UNUSED, uint32_t mode UNUSED) {
  Svc *s = svc;
  if (!s->srv || !s->srv->home) return fail(err, 3114, 0);
  if (!(s->phys = phys_open(s->srv, usr, err))) return OCI_ERROR;
  s->srv->phys = ((Ses *)usr)->phys = s->phys;
  return OCI_SUCCESS;
}

/* models all of it: the transaction is rolled back */
API int OCISessionEnd(void *svc, void *err UNUSED, void *usr, uint32_t mode UNUSED) {
  Svc *s = svc;
  cache_drop(s);
  phys_close(s->phys);
  s->phys = s->srv->phys = ((Ses *)usr)->phys = 0;
  return OCI_SUCCESS;
}

Svc *service_context(const char *link, const Ses *who, uint32_t cache_size, Err *e) {
  Srv *v = allocate(1, sizeof *v);
  Ses *u = allocate(1, sizeof *u);
  Svc *s = allocate(1, sizeof *s);
  *u = *who;
  u->kv = 0;
  v->h.type = HT_SERVER;
  u->h.type = HT_SESSION;
  *s = (Svc){.h = {HT_SVCCTX}, .srv = v, .ses = u, .cache_size = cache_size};
  if (!OCIServerAttach(v, e, link, (int32_t)strlen(link), 0) && !OCISessionBegin(s, e, u, 1, 0)) return s;
  OCIHandleFree(u, HT_SESSION);
  free(v);
  free(s);
  return 0;
}

void service_context_drop(Svc *s, Err *e) {
  Ses *u = s->ses;
  OCISessionEnd(s, e, u, 0);
  OCIHandleFree(u, HT_SESSION);
  free(s->srv);
  free(s);
}

/* models a 19.22 server; the banner says what it is */
API int OCIServerRelease2(void *svc UNUSED, void *err UNUSED, char *b, uint32_t n, uint8_t type UNUSED,
                          uint32_t *v, uint32_t mode UNUSED) {
  if (b)
    snprintf(b, n, "ocisim 19.22.0.0.0 - OCI test double on SQLite %s (not Oracle Database)",
             sqlite3_libversion());
  *v = 19u << 24 | 22u << 16;
  return OCI_SUCCESS;
}

/* models a new session with the new password, which is not kept */
API int OCIPasswordChange(void *svc, void *err, const char *user UNUSED, uint32_t un UNUSED,
                          const char *old UNUSED, uint32_t on UNUSED, const char *new UNUSED,
                          uint32_t nn UNUSED, uint32_t mode) {
  return OCISessionBegin(svc, err, ((Svc *)svc)->ses, 1, mode);
}

/* ---- round trips ---- */

/* a dead session tells why once, then that it is not there */
static int death(Phys *p) {
  if (!p->dead) return 0;
  if (!p->told) {
    p->told = 1;
    return p->dead;
  }
  return p->dead == 28 || p->dead == 2396 ? 1012 : 3114;
}

int call_begin(Svc *s, const char *op, const char *text, Err *e) {
  Phys *p = s->phys;
  if (!p) return fail(e, 3114, 0);
  control_version(p->home); /* notices a kill */
  pthread_mutex_lock(&p->mu);
  int dead = death(p);
  if (!dead) {
    p->busy = 1;
    p->cancel = 0;
    p->deadline = s->call_timeout ? now_ms() + s->call_timeout : 0;
  }
  pthread_mutex_unlock(&p->mu);
  trace(p->home, p, op, text); /* now that a break would find the call: tests break what they see here */
  return dead ? fail(e, dead, 0) : fault(p, op, text, e);
}

int call_end(Svc *s, const char *op, const char *text, int rc, Err *e) {
  Phys *p = s->phys;
  if (!p) return rc;
  if (rc >= 0 && fault_after(p, op, text, e)) rc = OCI_ERROR;
  pthread_mutex_lock(&p->mu);
  p->busy = p->cancel = 0;
  p->deadline = 0;
  if (p->dead) sql_abandon(p);
  if (p->dead && rc < 0) p->told = 1;
  pthread_mutex_unlock(&p->mu);
  return rc;
}

/* models a break that comes from another thread and ends the call in progress with ORA-01013 */
API int OCIBreak(void *svc, void *err UNUSED) {
  Phys *p = ((Svc *)svc)->phys;
  if (!p) return OCI_SUCCESS;
  trace(p->home, p, "break", "");
  pthread_mutex_lock(&p->mu);
  if (p->busy) {
    p->cancel = 1;
    pthread_cond_broadcast(&p->cv);
    sqlite3_interrupt(p->db);
  }
  pthread_mutex_unlock(&p->mu);
  return OCI_SUCCESS;
}

/* models a round trip that does nothing */
API int OCIPing(void *svc, void *err, uint32_t mode UNUSED) {
  int rc = call_begin(svc, "ping", "", err);
  return call_end(svc, "ping", "", rc, err);
}

/* models all of it but distributed transactions */
API int OCITransCommit(void *svc, void *err, uint32_t flags UNUSED) {
  Svc *s = svc;
  int rc = call_begin(s, "commit", "", err);
  if (!rc) rc = sql_end(s->phys, "COMMIT", err);
  return call_end(s, "commit", "", rc, err);
}

/* models all of it but distributed transactions */
API int OCITransRollback(void *svc, void *err, uint32_t flags UNUSED) {
  Svc *s = svc;
  int rc = call_begin(s, "rollback", "", err);
  if (!rc) rc = sql_end(s->phys, "ROLLBACK", err);
  return call_end(s, "rollback", "", rc, err);
}
