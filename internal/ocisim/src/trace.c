/*
 * trace.c - the trace of a service: a line for each simulated round trip.
 *
 * $OCISIM_DIR/<service>.trace gets "<session> <operation> <text>". A line is
 * written by one write() to a file opened for appending, so that lines of
 * concurrent sessions never mix and are complete when they are visible.
 */
#include "ocisim.h"
#include <fcntl.h>

/* opens the trace with the first line, keeps it while the service has sessions; caller holds s->mu */
static int trace_file_locked(Service *s) {
  char path[PATH_SIZE];
  if (s->trace_fd >= 0) return s->trace_fd;
  if (service_path(s, "trace", path)) return -1;
  s->trace_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  return s->trace_fd;
}

void trace_close_locked(Service *s) {
  if (s->trace_fd >= 0) close(s->trace_fd);
  s->trace_fd = -1;
}

/* returns the length of the line; control characters of the text become spaces */
static size_t trace_line(char *line, size_t size, int session, const char *op, const char *text) {
  int n = snprintf(line, size - 1, "%d %s %s", session, op, text);
  size_t len = n < 0 ? 0 : (size_t)n < size - 2 ? (size_t)n : size - 2;
  for (size_t i = 0; i < len; i++)
    if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
  line[len] = '\n';
  return len + 1;
}

void trace(Service *s, const Phys *p, const char *op, const char *text) {
  char line[TRACE_LINE];
  size_t n = trace_line(line, sizeof line, p ? p->id : 0, op, text);
  pthread_mutex_lock(&s->mu);
  int fd = trace_file_locked(s);
  if (fd >= 0 && write(fd, line, n) < 0) trace_close_locked(s);
  if (!s->open) trace_close_locked(s);
  pthread_mutex_unlock(&s->mu);
}
