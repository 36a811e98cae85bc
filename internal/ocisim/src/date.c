/*
 * date.c - descriptors of dates and intervals, and their canonical texts, in
 * which SQLite keeps them: 2026-01-31T12:00:00[.fffffffff][+hh:mm] and
 * +1 02:03:04.000000000.
 */
#include "ocisim.h"
#include <math.h>

void dt_text(const DT *d, int tz, char *out, size_t size) {
  char fraction[16] = "", zone[16] = "";
  if (d->fs) snprintf(fraction, sizeof fraction, ".%09u", d->fs % 1000000000u);
  if (tz && (d->tzh || d->tzm))
    snprintf(zone, sizeof zone, "%c%02d:%02d", d->tzh < 0 || d->tzm < 0 ? '-' : '+', abs(d->tzh),
             abs(d->tzm));
  snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", d->y, d->mo, d->d, d->hh, d->mi, d->ss, fraction,
           zone);
}

static const char *parse_fraction(const char *p, DT *d) {
  uint32_t f = 0;
  int k = 0;
  for (p++; isdigit((unsigned char)*p); p++, k++)
    if (k < 9) f = f * 10 + (uint32_t)(*p - '0');
  for (; k < 9; k++) f *= 10;
  d->fs = f;
  return p;
}

static const char *parse_zone(const char *p, DT *d) {
  int sign = *p == '-' ? -1 : 1, h, m, used = 0;
  if (sscanf(p + 1, "%2d:%2d%n", &h, &m, &used) != 2) return p;
  d->tzh = (int8_t)(sign * h);
  d->tzm = (int8_t)(sign * m);
  return p + 1 + used;
}

int dt_parse(const char *s, size_t n, DT *d) {
  int y, mo, dd, hh, mi, ss, used = 0;
  char b[64];
  if (n < 19 || n > 40 || s[10] != 'T' || !isdigit((unsigned char)s[0])) return 0;
  set_text(b, sizeof b, s, n);
  if (sscanf(b, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &dd, &hh, &mi, &ss, &used) != 6) return 0;
  *d = (DT){.h = d->h,
            .y = (int16_t)y,
            .mo = (uint8_t)mo,
            .d = (uint8_t)dd,
            .hh = (uint8_t)hh,
            .mi = (uint8_t)mi,
            .ss = (uint8_t)ss};
  const char *p = b + used;
  if (*p == '.') p = parse_fraction(p, d);
  if (*p == '+' || *p == '-') p = parse_zone(p, d);
  return *p == 0;
}

int interval_text(const Ival *v, char *out, size_t size) {
  const int32_t *a = v->a;
  int negative = a[0] < 0 || a[1] < 0 || a[2] < 0 || a[3] < 0 || a[4] < 0;
  return snprintf(out, size, "%c%d %02d:%02d:%02d.%09d", negative ? '-' : '+', abs(a[0]), abs(a[1]),
                  abs(a[2]), abs(a[3]), abs(a[4]));
}

int interval_parse(const char *s, size_t n, Ival *v) {
  char b[64], sign;
  int a[5];
  if (n < 16 || n >= sizeof b || (*s != '+' && *s != '-')) return 0;
  set_text(b, sizeof b, s, n);
  if (sscanf(b, "%c%d %2d:%2d:%2d.%9d", &sign, &a[0], &a[1], &a[2], &a[3], &a[4]) != 6) return 0;
  for (int i = 0; i < 5; i++) v->a[i] = sign == '-' ? -a[i] : a[i];
  return 1;
}

double interval_days(const Ival *v) {
  return v->a[0] + (v->a[1] * 3600.0 + v->a[2] * 60.0 + v->a[3] + v->a[4] / 1e9) / 86400;
}

Ival interval_from_days(double days) {
  int sign = days < 0 ? -1 : 1;
  int64_t us = (int64_t)llround(fabs(days) * 86400e6);
  return (Ival){.a = {sign * (int32_t)(us / 86400000000LL), sign * (int32_t)(us / 3600000000LL % 24),
                      sign * (int32_t)(us / 60000000 % 60), sign * (int32_t)(us / 1000000 % 60),
                      sign * (int32_t)(us % 1000000 * 1000)}};
}

static int two_digits(const char *s) {
  return (s[0] - '0') * 10 + s[1] - '0';
}

/* models zones of the form +hh:mm; no names of regions */
API int OCIDateTimeConstruct(void *h UNUSED, void *err, void *dt, int16_t y, uint8_t mo, uint8_t d,
                             uint8_t hh, uint8_t mi, uint8_t ss, uint32_t fs, const char *tz, size_t tzn) {
  DT *t = dt;
  if (mo < 1 || mo > 12) return fail(err, 1843, 0);
  if (d < 1 || d > days_in(y, mo)) return fail(err, 1847, 0);
  *t = (DT){.h = t->h, .y = y, .mo = mo, .d = d, .hh = hh, .mi = mi, .ss = ss, .fs = fs};
  if (!tz || tzn < 6) return OCI_SUCCESS;
  int sign = tz[0] == '-' ? -1 : 1;
  t->tzh = (int8_t)(sign * two_digits(tz + 1));
  t->tzm = (int8_t)(sign * two_digits(tz + 4));
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIDateTimeGetDate(void *h UNUSED, void *err UNUSED, const void *dt, int16_t *y, uint8_t *mo,
                           uint8_t *d) {
  const DT *t = dt;
  *y = t->y;
  *mo = t->mo;
  *d = t->d;
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIDateTimeGetTime(void *h UNUSED, void *err UNUSED, void *dt, uint8_t *hh, uint8_t *mi, uint8_t *ss,
                           uint32_t *fs) {
  const DT *t = dt;
  *hh = t->hh;
  *mi = t->mi;
  *ss = t->ss;
  *fs = t->fs;
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIDateTimeGetTimeZoneOffset(void *h UNUSED, void *err UNUSED, const void *dt, int8_t *hh,
                                     int8_t *mm) {
  const DT *t = dt;
  *hh = t->tzh;
  *mm = t->tzm;
  return OCI_SUCCESS;
}

/* models all of it but the check of ranges */
API int OCIIntervalSetDaySecond(void *h UNUSED, void *err UNUSED, int32_t d, int32_t hh, int32_t mi,
                                int32_t s, int32_t f, void *interval) {
  Ival *v = interval;
  int32_t a[5] = {d, hh, mi, s, f};
  memcpy(v->a, a, sizeof a);
  return OCI_SUCCESS;
}

/* models all of it */
API int OCIIntervalGetDaySecond(void *h UNUSED, void *err UNUSED, int32_t *d, int32_t *hh, int32_t *mi,
                                int32_t *s, int32_t *f, const void *interval) {
  const Ival *v = interval;
  *d = v->a[0];
  *hh = v->a[1];
  *mi = v->a[2];
  *s = v->a[3];
  *f = v->a[4];
  return OCI_SUCCESS;
}

/* models the descriptor only: intervals of months cannot be bound */
API int OCIIntervalSetYearMonth(void *h UNUSED, void *err UNUSED, int32_t y, int32_t m, void *interval) {
  Ival *v = interval;
  v->a[0] = y;
  v->a[1] = m;
  return OCI_SUCCESS;
}

/* models the descriptor only */
API int OCIIntervalGetYearMonth(void *h UNUSED, void *err UNUSED, int32_t *y, int32_t *m,
                                const void *interval) {
  const Ival *v = interval;
  *y = v->a[0];
  *m = v->a[1];
  return OCI_SUCCESS;
}
