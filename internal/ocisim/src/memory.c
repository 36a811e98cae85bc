/* memory.c - memory, growing text, values. Nobody has to check for a failed allocation. */
#include "ocisim.h"
#include <stdarg.h>

void *allocate(size_t n, size_t size) {
  void *p = calloc(n ? n : 1, size ? size : 1);
  if (!p) abort();
  return p;
}

void *resize(void *p, size_t n, size_t size) {
  p = reallocarray(p, n ? n : 1, size);
  if (!p) abort();
  return p;
}

char *copy_text(const char *s, size_t n) {
  char *c = allocate(n + 1, 1);
  if (n) memcpy(c, s, n);
  return c;
}

static struct Lasting {
  struct Lasting *next;
  char text[];
} * lasting[256]; /* by hash */

const char *lasting_text(const char *s) {
  static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
  uint32_t hash = 2166136261u;
  size_t n = strlen(s);
  for (size_t i = 0; i < n; i++) hash = (hash ^ (uint8_t)s[i]) * 16777619u;
  pthread_mutex_lock(&mu);
  struct Lasting **at = &lasting[hash % COUNT(lasting)];
  while (*at && strcmp((*at)->text, s)) at = &(*at)->next;
  if (!*at) {
    *at = allocate(1, sizeof **at + n + 1);
    memcpy((*at)->text, s, n);
  }
  pthread_mutex_unlock(&mu);
  return (*at)->text;
}

void set_text(char *to, size_t size, const void *s, size_t n) {
  if (n >= size) n = size - 1;
  if (n) memcpy(to, s, n);
  to[n] = 0;
}

void upper(char *s) {
  for (; *s; s++) *s = (char)toupper((unsigned char)*s);
}

static void room(Buf *b, size_t more) {
  if (b->p && b->n + more + 1 <= b->cap) return;
  b->cap = (b->n + more + 64) * 2;
  b->p = resize(b->p, b->cap, 1);
}

void put(Buf *b, const char *s, size_t n) {
  room(b, n);
  if (n) memcpy(b->p + b->n, s, n);
  b->n += n;
  b->p[b->n] = 0;
}

void putf(Buf *b, const char *fmt, ...) {
  va_list a, again;
  va_start(a, fmt);
  va_copy(again, a);
  int n = vsnprintf(0, 0, fmt, a);
  va_end(a);
  if (n > 0) {
    room(b, (size_t)n);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void put_at(Buf *b, size_t at, const char *s) {
  size_t n = strlen(s);
  room(b, n);
  memmove(b->p + at + n, b->p + at, b->n - at + 1);
  memcpy(b->p + at, s, n);
  b->n += n;
}

Value value_copy(const Value *v) {
  Value c = *v;
  if (v->p) c.p = copy_text(v->p, v->n);
  return c;
}

void value_clear(Value *v) {
  free(v->p);
  *v = (Value){.type = SQLITE_NULL};
}

Value value_text(const char *s, size_t n) {
  if (!n) return (Value){.type = SQLITE_NULL};
  return (Value){.type = SQLITE_TEXT, .p = copy_text(s, n), .n = (uint32_t)n};
}

Value value_int(int64_t i) {
  return (Value){.type = SQLITE_INTEGER, .i = i};
}
