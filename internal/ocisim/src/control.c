/*
 * control.c - the control file of a service, read again whenever it changes.
 *
 * $OCISIM_DIR/<service>.faults, a rule for each line, '#' starts a comment:
 *
 *     <op> [error=NNNNN] [delay=MS] [hang=MS] [count=N] [match=TEXT] [after]
 *     limit sessions=N [error=NNNNN]   at most N sessions (default ORA-00018)
 *     kill [N]                         every session open now is dead (ORA-03113)
 *
 * A change is noticed by the file's inode, size and time. A test that replaces
 * the file within one tick of the clock must set a time of its own. "kill N"
 * kills when N differs from the N seen last: so a kill is not lost when the
 * file is replaced before anybody looked.
 */
#include "ocisim.h"
#include <sys/stat.h>

static void rule_word(Rule *r, int *sessions, const char *w) {
  if (!strncmp(w, "error=", 6)) r->error = atoi(w + 6);
  if (!strncmp(w, "delay=", 6)) r->delay = atoi(w + 6);
  if (!strncmp(w, "hang=", 5)) r->hang = atoi(w + 5);
  if (!strncmp(w, "count=", 6)) r->count = atoi(w + 6);
  if (!strncmp(w, "match=", 6)) snprintf(r->match, sizeof r->match, "%s", w + 6);
  if (!strncmp(w, "sessions=", 9)) *sessions = atoi(w + 9);
  if (!strcmp(w, "after")) r->after = 1;
}

static void kill_locked(Service *s, const char *number) {
  int n = number ? atoi(number) : s->kills + 1;
  if (n == s->kills) return;
  s->kills = n;
  service_kill_locked(s, 3113);
}

static void line_locked(Service *s, char *line) {
  Rule r = {.count = -1};
  int sessions = -1;
  char *rest;
  line[strcspn(line, "#\r\n")] = 0;
  char *w = strtok_r(line, " \t", &rest);
  if (!w) return;
  if (!strcmp(w, "kill")) {
    kill_locked(s, strtok_r(0, " \t", &rest));
    return;
  }
  snprintf(r.op, sizeof r.op, "%s", w);
  while ((w = strtok_r(0, " \t", &rest))) rule_word(&r, &sessions, w);
  if (!strcmp(r.op, "limit")) {
    s->limit = sessions;
    s->limit_error = r.error ? r.error : 18;
  } else if (s->nrules < MAX_RULES) {
    s->rules[s->nrules++] = r;
  }
}

static int same_stamp(const Stamp *a, const Stamp *b) {
  return a->ino == b->ino && a->size == b->size && a->sec == b->sec && a->nsec == b->nsec;
}

void control_refresh_locked(Service *s) {
  char path[PATH_SIZE], line[512];
  struct stat st;
  Stamp now = {0};
  if (service_path(s, "faults", path)) return;
  if (!stat(path, &st)) now = (Stamp){st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
  if (same_stamp(&now, &s->seen)) return;
  s->seen = now;
  s->nrules = 0;
  s->limit = -1;
  s->version++;
  FILE *f = fopen(path, "re");
  if (!f) return;
  while (fgets(line, sizeof line, f)) line_locked(s, line);
  fclose(f);
}

unsigned control_version(Service *s) {
  pthread_mutex_lock(&s->mu);
  control_refresh_locked(s);
  unsigned v = s->version;
  pthread_mutex_unlock(&s->mu);
  return v;
}
