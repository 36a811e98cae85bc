/* nls.c - character sets: everything is AL32UTF8 (873). */
#include "ocisim.h"

/* models a copy: no conversion takes place */
API int OCINlsCharSetConvert(void *env UNUSED, void *err UNUSED, uint16_t to UNUSED, void *dst, size_t room,
                             uint16_t from UNUSED, const void *src, size_t n, size_t *done) {
  if (n > room) n = room;
  if (n) memcpy(dst, src, n);
  if (done) *done = n;
  return OCI_SUCCESS;
}

/* models the one character set */
API int OCINlsCharSetIdToName(void *env UNUSED, char *b, size_t n, uint16_t id UNUSED) {
  snprintf(b, n, "AL32UTF8");
  return OCI_SUCCESS;
}

/* models the one character set */
API uint16_t OCINlsCharSetNameToId(void *env UNUSED, const char *name UNUSED) {
  return 873;
}

/* models NLS_LANG's character set; the variable itself is not read */
API int OCINlsEnvironmentVariableGet(void *v, size_t n UNUSED, uint16_t item UNUSED, uint16_t cs UNUSED,
                                     size_t *size) {
  *(uint16_t *)v = 873;
  *size = 2;
  return OCI_SUCCESS;
}

/* models the identity */
API int OCINlsNameMap(void *env UNUSED, char *b, size_t n, const char *from, uint32_t flag UNUSED) {
  snprintf(b, n, "%s", from);
  return OCI_SUCCESS;
}

/* models the longest character: 4 bytes */
API int OCINlsNumericInfoGet(void *env UNUSED, void *err UNUSED, int32_t *v, uint16_t item UNUSED) {
  *v = 4;
  return OCI_SUCCESS;
}
