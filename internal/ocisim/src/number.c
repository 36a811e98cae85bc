/* number.c - Oracle's NUMBER: a length byte, an exponent of 100, up to 20 digits of base 100. */
#include "ocisim.h"

enum { NUMBER_SIZE = 22, DIGITS = 40 };

/* the decimal digits of a number; value: 0.d1d2d3... times 10^point */
typedef struct {
  char digit[DIGITS + 2];
  int n, point, negative;
} Decimal;

static int exponent_of(const char *t) {
  long e = *t == 'e' || *t == 'E' ? strtol(t + 1, 0, 10) : 0;
  return e > 400 ? 400 : e < -400 ? -400 : (int)e;
}

static Decimal decimal_parse(const char *t) {
  Decimal d = {.n = 0};
  int begun = 0, fraction = 0;
  while (isspace((unsigned char)*t)) t++;
  d.negative = *t == '-';
  if (*t == '-' || *t == '+') t++;
  for (; isdigit((unsigned char)*t) || *t == '.'; t++) {
    if (*t == '.') {
      fraction = 1;
      continue;
    }
    begun |= *t != '0';
    if (begun && d.n < DIGITS) d.digit[d.n++] = (char)(*t - '0');
    if (begun && !fraction) d.point++;
    if (!begun && fraction) d.point--;
  }
  d.point += exponent_of(t);
  while (d.n > 0 && d.digit[d.n - 1] == 0) d.n--;
  return d;
}

/* pairs of digits: the point falls between two of them */
static void align(Decimal *d) {
  if (d->point % 2) {
    memmove(d->digit + 1, d->digit, (size_t)d->n);
    d->digit[0] = 0;
    d->n++;
    d->point++;
  }
  if (d->n % 2) d->digit[d->n++] = 0;
}

void num_put(const char *t, uint8_t *out) {
  Decimal d = decimal_parse(t);
  memset(out, 0, NUMBER_SIZE);
  align(&d);
  int pairs = d.n / 2 > 20 ? 20 : d.n / 2, exponent = (d.point - 2) / 2 + 193;
  if (!pairs || exponent < 128) { /* zero, or too small for a NUMBER */
    out[0] = 1;
    out[1] = 128;
    return;
  }
  if (exponent > 255) exponent = 255;
  out[1] = (uint8_t)(d.negative ? ~exponent : exponent);
  for (int i = 0; i < pairs; i++) {
    int pair = d.digit[2 * i] * 10 + d.digit[2 * i + 1];
    out[2 + i] = (uint8_t)(d.negative ? 101 - pair : pair + 1);
  }
  out[0] = (uint8_t)(pairs + 1);
  if (!d.negative || pairs == 20) return;
  out[2 + pairs] = 102;
  out[0]++;
}

static Decimal decimal_read(const uint8_t *in) {
  Decimal d = {.negative = !(in[1] & 0x80)};
  int length = in[0] > 21 ? 20 : in[0] - 1;
  if (d.negative && length > 0 && in[1 + length] == 102) length--;
  d.point = ((d.negative ? (uint8_t)~in[1] : in[1]) - 193) * 2 + 2;
  for (int i = 0; i < length; i++) {
    int pair = d.negative ? 101 - in[2 + i] : in[2 + i] - 1;
    d.digit[d.n++] = (char)(pair / 10);
    d.digit[d.n++] = (char)(pair % 10);
  }
  int zeros = 0;
  while (zeros < d.n - 1 && d.digit[zeros] == 0) zeros++;
  memmove(d.digit, d.digit + zeros, (size_t)(d.n - zeros));
  d.n -= zeros;
  d.point -= zeros;
  while (d.n > 1 && d.digit[d.n - 1] == 0) d.n--;
  return d;
}

void num_get(const uint8_t *in, char *text, size_t size) {
  if (in[0] <= 1) {
    set_text(text, size, "0", 1);
    return;
  }
  Decimal d = decimal_read(in);
  Buf o = {0};
  if (d.negative) put(&o, "-", 1);
  if (d.point <= 0) put(&o, "0.", 2);
  for (int i = d.point; i < 0; i++) put(&o, "0", 1);
  for (int i = 0; i < d.n; i++) {
    if (i && i == d.point) put(&o, ".", 1);
    putf(&o, "%d", d.digit[i]);
  }
  for (int i = d.n; i < d.point; i++) put(&o, "0", 1);
  set_text(text, size, o.p, o.n);
  free(o.p);
}

/* the shortest text that reads back the same */
void real_text(double d, char *text, size_t size) {
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(text, size, "%.*g", precision, d);
    if (strtod(text, 0) == d) return;
  }
}

/* models integers of 8 bytes, which is what ODPI-C passes */
API int OCINumberFromInt(void *err UNUSED, const void *v, unsigned size UNUSED, unsigned sign, void *number) {
  char b[32];
  if (sign == 2)
    snprintf(b, sizeof b, "%lld", (long long)*(const int64_t *)v);
  else
    snprintf(b, sizeof b, "%llu", (unsigned long long)*(const uint64_t *)v);
  num_put(b, number);
  return OCI_SUCCESS;
}

/* models doubles */
API int OCINumberFromReal(void *err UNUSED, const void *v, unsigned size UNUSED, void *number) {
  char b[64];
  real_text(*(const double *)v, b, sizeof b);
  num_put(b, number);
  return OCI_SUCCESS;
}

/* models integers of 8 bytes; drops a fraction */
API int OCINumberToInt(void *err, const void *number, unsigned size UNUSED, unsigned sign, void *out) {
  char b[SCRATCH];
  num_get(number, b, sizeof b);
  size_t digits = strcspn(b[0] == '-' ? b + 1 : b, ".");
  if (digits > 20 || (sign == 2 && digits > 19)) return fail(err, 22053, "overflow error");
  if (sign == 2)
    *(int64_t *)out = strtoll(b, 0, 10);
  else
    *(uint64_t *)out = strtoull(b, 0, 10);
  return OCI_SUCCESS;
}

/* models doubles */
API int OCINumberToReal(void *err UNUSED, const void *number, unsigned size UNUSED, void *out) {
  char b[SCRATCH];
  num_get(number, b, sizeof b);
  *(double *)out = strtod(b, 0);
  return OCI_SUCCESS;
}
