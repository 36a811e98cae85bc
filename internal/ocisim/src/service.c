/* service.c - the services (databases) of this process, and the sessions of each. */
#include "ocisim.h"
#include <sys/stat.h>

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; /* protects services, next_id */
static Service *services;
static int next_id;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char directory[PATH_SIZE - NAME_SIZE - 16];
static int temporary;

static void remove_temporary(void) {
  char command[PATH_SIZE + 16];
  snprintf(command, sizeof command, "rm -rf '%s'", directory);
  if (system(command)) fputs("ocisim: cannot remove its directory\n", stderr);
}

/* OCISIM_DIR is read once, with the first connection */
static void find_directory(void) {
  const char *dir = getenv("OCISIM_DIR");
  if (dir && *dir && strlen(dir) < sizeof directory) {
    snprintf(directory, sizeof directory, "%s", dir);
    return;
  }
  snprintf(directory, sizeof directory, "/tmp/ocisim-XXXXXX");
  temporary = mkdtemp(directory) != 0;
  if (temporary) atexit(remove_temporary);
}

int service_path(const Service *s, const char *suffix, char path[PATH_SIZE]) {
  pthread_once(&once, find_directory);
  int n = snprintf(path, PATH_SIZE, "%s/%s.%s", directory, s->name, suffix);
  return n < 0 || n >= PATH_SIZE;
}

static Service *service_new(const char *name) {
  Service *s = allocate(1, sizeof *s);
  snprintf(s->name, sizeof s->name, "%s", name);
  pthread_mutex_init(&s->mu, 0);
  s->limit = s->trace_fd = -1;
  return s;
}

Service *service_find(const char *given) {
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "%s", given);
  for (char *c = name; *c; c++)
    if (!isalnum((unsigned char)*c) && *c != '_') *c = *c == '.' ? '.' : '_';
  pthread_mutex_lock(&mu);
  Service *s = services;
  while (s && strcasecmp(s->name, name)) s = s->next;
  if (!s) {
    s = service_new(name);
    s->next = services;
    services = s;
  }
  pthread_mutex_unlock(&mu);
  return s;
}

int service_enter(Service *s, Phys *p, Err *e) {
  pthread_mutex_lock(&mu);
  p->id = ++next_id;
  pthread_mutex_unlock(&mu);
  p->serial = p->id % 60000 + 1001;
  p->home = s;
  pthread_mutex_lock(&s->mu);
  control_refresh_locked(s);
  int full = s->limit >= 0 && s->open >= s->limit, code = s->limit_error;
  if (!full) {
    p->next = s->sessions;
    s->sessions = p;
    s->open++;
  }
  pthread_mutex_unlock(&s->mu);
  return full ? fail(e, code, 0) : 0;
}

void service_leave(Phys *p) {
  Service *s = p->home;
  pthread_mutex_lock(&s->mu);
  Phys **at = &s->sessions;
  while (*at && *at != p) at = &(*at)->next;
  if (*at) {
    *at = p->next;
    s->open--;
  }
  if (!s->open) trace_close_locked(s);
  pthread_mutex_unlock(&s->mu);
}

/* ends a session from outside: what it runs is broken off, its transaction is rolled back */
static void kill_one(Phys *p, int code) {
  pthread_mutex_lock(&p->mu);
  if (!p->dead) p->dead = code;
  if (!p->db) {
    /* still logging on: its first call finds it dead */
  } else if (p->busy) {
    pthread_cond_broadcast(&p->cv);
    sqlite3_interrupt(p->db);
  } else {
    sql_abandon(p);
  }
  pthread_mutex_unlock(&p->mu);
}

void service_kill_locked(Service *s, int code) {
  for (Phys *p = s->sessions; p; p = p->next) kill_one(p, code);
}

int service_kill_session(Service *s, const Phys *killer, int sid, int serial, Err *e) {
  if (killer->id == sid && killer->serial == serial) return fail(e, 27, "cannot kill current session");
  int found = 0;
  pthread_mutex_lock(&s->mu);
  for (Phys *p = s->sessions; p; p = p->next) {
    if (p->id != sid || p->serial != serial) continue;
    found = 1;
    kill_one(p, 28);
  }
  pthread_mutex_unlock(&s->mu);
  return found ? 0 : fail(e, 30, "User session ID does not exist.");
}
