/* lob.c - LOB locators; each holds its whole value in memory, which Oracle's do not. */
#include "ocisim.h"

void lob_set(Lob *l, const char *p, size_t n, int clob) {
  char *c = copy_text(p, p ? n : 0);
  free(l->p);
  l->p = c;
  l->n = p ? n : 0;
  l->clob = clob;
  l->init = 1;
}

/* the byte where the k-th character (from 0) begins; characters are UTF-8 */
static size_t char_at(const Lob *l, uint64_t k) {
  if (!l->clob) return k < l->n ? (size_t)k : l->n;
  size_t i = 0;
  for (; i < l->n && k > 0; k--) {
    i++;
    while (i < l->n && (l->p[i] & 0xC0) == 0x80) i++;
  }
  return i;
}

static uint64_t characters(const char *p, size_t n) {
  uint64_t k = 0;
  for (size_t i = 0; i < n; i++) k += (p[i] & 0xC0) != 0x80;
  return k;
}

/* models an empty value in memory; nothing of temporary tablespaces */
API int OCILobCreateTemporary(void *svc UNUSED, void *err UNUSED, void *locator, uint16_t cs UNUSED,
                              uint8_t form UNUSED, uint8_t type, int cache UNUSED, uint16_t duration UNUSED) {
  Lob *l = locator;
  lob_set(l, "", 0, type == 2);
  l->temp = 1;
  return OCI_SUCCESS;
}

/* models the flag; the memory goes with the locator */
API int OCILobFreeTemporary(void *svc UNUSED, void *err UNUSED, void *locator) {
  ((Lob *)locator)->temp = 0;
  return OCI_SUCCESS;
}

/* models the flag */
API int OCILobIsTemporary(void *env UNUSED, void *err UNUSED, void *locator, int *temporary) {
  *temporary = ((Lob *)locator)->temp;
  return OCI_SUCCESS;
}

/* models the length in characters or bytes; no round trip */
API int OCILobGetLength2(void *svc UNUSED, void *err UNUSED, void *locator, uint64_t *n) {
  const Lob *l = locator;
  *n = l->clob ? characters(l->p, l->n) : l->n;
  return OCI_SUCCESS;
}

/* models the usual answer */
API int OCILobGetChunkSize(void *svc UNUSED, void *err UNUSED, void *locator UNUSED, uint32_t *n) {
  *n = 8132;
  return OCI_SUCCESS;
}

/* models the flag */
API int OCILobOpen(void *svc UNUSED, void *err UNUSED, void *locator, uint8_t mode UNUSED) {
  ((Lob *)locator)->open = 1;
  return OCI_SUCCESS;
}

/* models the flag */
API int OCILobClose(void *svc UNUSED, void *err UNUSED, void *locator) {
  ((Lob *)locator)->open = 0;
  return OCI_SUCCESS;
}

/* models the flag */
API int OCILobIsOpen(void *svc UNUSED, void *err UNUSED, void *locator, int *open) {
  *open = ((Lob *)locator)->open;
  return OCI_SUCCESS;
}

/* models a copy of the value; Oracle copies the reference */
API int OCILobLocatorAssign(void *svc UNUSED, void *err UNUSED, const void *from, void **to) {
  const Lob *s = from;
  lob_set(*to, s->p, s->n, s->clob);
  return OCI_SUCCESS;
}

static size_t read_end(const Lob *l, size_t from, uint64_t offset, uint64_t bytes, uint64_t chars,
                       uint64_t room) {
  size_t end = l->clob ? char_at(l, offset - 1 + chars) : l->n - from < bytes ? l->n : from + (size_t)bytes;
  if (end - from <= room) return end;
  end = from + (size_t)room;
  while (l->clob && end > from && (l->p[end] & 0xC0) == 0x80) end--;
  return end;
}

/* models a read in one piece, as a round trip; no callbacks */
API int OCILobRead2(void *svc, void *err, void *locator, uint64_t *bytes, uint64_t *chars, uint64_t offset,
                    void *buf, uint64_t room, uint8_t piece UNUSED, void *ctx UNUSED, void *cb UNUSED,
                    uint16_t cs UNUSED, uint8_t form UNUSED) {
  const Lob *l = locator;
  int rc = call_begin(svc, "lobread", "", err);
  if (call_end(svc, "lobread", "", rc, err)) return OCI_ERROR;
  if (!offset) return fail(err, 24801, "illegal parameter value in OCI lob function");
  size_t from = char_at(l, offset - 1), end = read_end(l, from, offset, *bytes, *chars, room);
  if (end > from) memcpy(buf, l->p + from, end - from);
  *bytes = end - from;
  *chars = characters(l->p + from, end - from);
  return OCI_SUCCESS;
}

/* models a write in one piece to the locator's memory; the value is stored when the locator is bound */
API int OCILobWrite2(void *svc UNUSED, void *err, void *locator, uint64_t *bytes, uint64_t *chars UNUSED,
                     uint64_t offset, void *buf, uint64_t n, uint8_t piece UNUSED, void *ctx UNUSED,
                     void *cb UNUSED, uint16_t cs UNUSED, uint8_t form UNUSED) {
  Lob *l = locator;
  if (!offset || n > INT32_MAX) return fail(err, 24801, "illegal parameter value in OCI lob function");
  size_t from = char_at(l, offset - 1), end = from + (size_t)n;
  if (!l->p || end > l->n) {
    l->p = resize(l->p, end + 1, 1);
    l->n = end;
    l->p[end] = 0;
  }
  if (n) memcpy(l->p + from, buf, (size_t)n);
  *bytes = n;
  l->init = 1;
  return OCI_SUCCESS;
}

/* models all of it; on a locator without a value ODPI-C then makes a temporary one */
API int OCILobTrim2(void *svc UNUSED, void *err UNUSED, void *locator, uint64_t n) {
  Lob *l = locator;
  if (!l->init) return OCI_INVALID_HANDLE;
  l->n = char_at(l, n);
  if (l->p) l->p[l->n] = 0;
  return OCI_SUCCESS;
}
