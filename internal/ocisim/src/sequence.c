/* sequence.c - sequences: their numbers come once, whatever becomes of the transaction. */
#include "ocisim.h"

static Sequence *find_locked(Service *s, const char *name) {
  Sequence *q = s->sequences;
  while (q && strcasecmp(q->name, name)) q = q->rest;
  return q;
}

int sequence_create(Service *s, const char *name, int64_t start, int64_t step) {
  pthread_mutex_lock(&s->mu);
  int exists = find_locked(s, name) != 0;
  if (!exists) {
    Sequence *q = allocate(1, sizeof *q);
    set_text(q->name, sizeof q->name, name, strlen(name));
    q->next = start;
    q->step = step;
    q->rest = s->sequences;
    s->sequences = q;
  }
  pthread_mutex_unlock(&s->mu);
  return exists;
}

int sequence_drop(Service *s, const char *name) {
  pthread_mutex_lock(&s->mu);
  Sequence *q = find_locked(s, name), **at = &s->sequences;
  while (q && *at != q) at = &(*at)->rest;
  if (q) *at = q->rest;
  free(q);
  pthread_mutex_unlock(&s->mu);
  return !q;
}

int sequence_next(Service *s, const char *name, int64_t *value) {
  pthread_mutex_lock(&s->mu);
  Sequence *q = find_locked(s, name);
  if (q) {
    *value = q->next;
    q->next += q->step;
  }
  pthread_mutex_unlock(&s->mu);
  return !q;
}
