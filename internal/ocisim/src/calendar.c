/* calendar.c - arithmetic on dates (proleptic Gregorian), and Oracle's date formats. */
#include "ocisim.h"
#include <math.h>

static const char *const months[] = {"JANUARY", "FEBRUARY", "MARCH",     "APRIL",   "MAY",      "JUNE",
                                     "JULY",    "AUGUST",   "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};
static const char *const days[] = {"THURSDAY", "FRIDAY",  "SATURDAY", "SUNDAY",
                                   "MONDAY",   "TUESDAY", "WEDNESDAY"};

int days_in(int year, int month) {
  static const int n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month < 1 || month > 12 ? 0 : n[month - 1] + (month == 2 && leap);
}

/* days since 1970-01-01; years begin in March, so that the leap day is the last */
static int64_t day_number(int y, int m, int d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void day_date(int64_t z, DT *t) {
  z += 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
  int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
  t->d = (uint8_t)(of_year - (153 * m + 2) / 5 + 1);
  t->mo = (uint8_t)(m < 10 ? m + 3 : m - 9);
  t->y = (int16_t)(y + era * 400 + (t->mo <= 2));
}

int64_t dt_seconds(const DT *d) {
  return day_number(d->y, d->mo, d->d) * 86400 + d->hh * 3600 + d->mi * 60 + d->ss;
}

double dt_days(const DT *d) {
  return ((double)dt_seconds(d) + d->fs / 1e9) / 86400;
}

/* to the microsecond: a double has no more */
DT dt_from_days(double n) {
  DT d = {.h = {0}};
  double day = floor(n), us = round((n - day) * 86400e6);
  if (us >= 86400e6) {
    day++;
    us -= 86400e6;
  }
  day_date((int64_t)day, &d);
  int64_t t = (int64_t)us;
  d.fs = (uint32_t)(t % 1000000 * 1000);
  d.ss = (uint8_t)(t / 1000000 % 60);
  d.mi = (uint8_t)(t / 60000000 % 60);
  d.hh = (uint8_t)(t / 3600000000LL);
  return d;
}

/* as ADD_MONTHS: the last day of a month stays the last day */
DT dt_add_months(DT d, int n) {
  int last = d.d == days_in(d.y, d.mo), total = d.y * 12 + d.mo - 1 + n;
  d.y = (int16_t)(total / 12);
  d.mo = (uint8_t)(total % 12 + 1);
  if (last || d.d > days_in(d.y, d.mo)) d.d = (uint8_t)days_in(d.y, d.mo);
  return d;
}

DT dt_now(int zone) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  int64_t seconds = t.tv_sec + zone * 60, of_day = seconds % 86400;
  DT d = {.hh = (uint8_t)(of_day / 3600), .mi = (uint8_t)(of_day / 60 % 60), .ss = (uint8_t)(of_day % 60)};
  day_date(seconds / 86400, &d);
  d.fs = (uint32_t)(t.tv_nsec / 1000 * 1000);
  d.tzh = (int8_t)(zone / 60);
  d.tzm = (int8_t)(zone % 60);
  return d;
}

/* ---- formats ---- */

enum Element {
  E_YYYY,
  E_YY,
  E_RR,
  E_Q,
  E_MONTH,
  E_MON,
  E_MM,
  E_DDD,
  E_DAY,
  E_DY,
  E_DD,
  E_D,
  E_HH24,
  E_HH12,
  E_MI,
  E_SSSSS,
  E_SS,
  E_FF,
  E_AM,
  E_TZH,
  E_TZM,
  E_TZR,
  E_X,
  E_FM
};

/* longer names first */
static const struct {
  const char *name;
  enum Element element;
  int digits;
} elements[] = {{"SYYYY", E_YYYY, 4}, {"YYYY", E_YYYY, 4}, {"RRRR", E_YYYY, 4},   {"YY", E_YY, 2},
                {"RR", E_RR, 2},      {"Q", E_Q, 1},       {"MONTH", E_MONTH, 0}, {"MON", E_MON, 0},
                {"MM", E_MM, 2},      {"DDD", E_DDD, 3},   {"DAY", E_DAY, 0},     {"DY", E_DY, 0},
                {"DD", E_DD, 2},      {"D", E_D, 1},       {"HH24", E_HH24, 2},   {"HH12", E_HH12, 2},
                {"HH", E_HH12, 2},    {"MI", E_MI, 2},     {"SSSSS", E_SSSSS, 5}, {"SS", E_SS, 2},
                {"FF", E_FF, 9},      {"A.M.", E_AM, 0},   {"P.M.", E_AM, 0},     {"AM", E_AM, 0},
                {"PM", E_AM, 0},      {"TZH", E_TZH, 3},   {"TZM", E_TZM, 2},     {"TZR", E_TZR, 6},
                {"X", E_X, 0},        {"FM", E_FM, 0}};

/* returns the index of the element that a format goes on with, or -1; *n: its length */
static int element_at(const char *format, int *n) {
  for (size_t i = 0; i < COUNT(elements); i++) {
    *n = (int)strlen(elements[i].name);
    if (strncasecmp(format, elements[i].name, (size_t)*n) != 0) continue;
    if (elements[i].element == E_FF && isdigit((unsigned char)format[2])) ++*n;
    return (int)i;
  }
  return -1;
}

/* a name in the case of the format: MON, Mon, mon */
static void put_name(Buf *o, const char *name, int n, const char *format) {
  for (int i = 0; i < n && name[i]; i++) {
    int low = islower((unsigned char)format[i ? 1 : 0]);
    char c = (char)(low ? tolower((unsigned char)name[i]) : name[i]);
    put(o, &c, 1);
  }
}

static void put_fraction(Buf *o, const DT *d, const char *format) {
  char all[16];
  int digits = isdigit((unsigned char)format[2]) ? format[2] - '0' : 6;
  snprintf(all, sizeof all, "%09u", d->fs % 1000000000u);
  put(o, all, digits > 9 ? 9 : (size_t)digits);
}

static void put_named(Buf *o, enum Element what, const DT *d, const char *format, int fill) {
  int64_t day = day_number(d->y, d->mo, d->d);
  const char *name = what == E_MONTH || what == E_MON ? months[(d->mo + 11) % 12] : days[(day % 7 + 7) % 7];
  int whole = what == E_MONTH || what == E_DAY;
  put_name(o, name, whole ? 9 : 3, format);
  for (size_t i = strlen(name); whole && fill && i < 9; i++) put(o, " ", 1);
}

static int number_of(enum Element what, const DT *d) {
  int hour = d->hh % 12 ? d->hh % 12 : 12;
  int64_t day = day_number(d->y, d->mo, d->d);
  switch (what) {
  case E_YYYY: return d->y;
  case E_YY:
  case E_RR: return abs(d->y) % 100;
  case E_Q: return (d->mo + 2) / 3;
  case E_MM: return d->mo;
  case E_DDD: return (int)(day - day_number(d->y, 1, 1)) + 1;
  case E_DD: return d->d;
  case E_D: return (int)(((day + 4) % 7 + 7) % 7) + 1;
  case E_HH24: return d->hh;
  case E_HH12: return hour;
  case E_MI: return d->mi;
  case E_SSSSS: return d->hh * 3600 + d->mi * 60 + d->ss;
  case E_SS: return d->ss;
  default: return 0;
  }
}

static void put_element(Buf *o, int i, const DT *d, const char *format, int fill) {
  enum Element what = elements[i].element;
  char sign = d->tzh < 0 || d->tzm < 0 ? '-' : '+';
  switch (what) {
  case E_MONTH:
  case E_MON:
  case E_DAY:
  case E_DY: put_named(o, what, d, format, fill); break;
  case E_FF: put_fraction(o, d, format); break;
  case E_AM: put_name(o, d->hh < 12 ? "AM" : "PM", 2, format); break;
  case E_TZH: putf(o, "%c%02d", sign, abs(d->tzh)); break;
  case E_TZM: putf(o, "%02d", abs(d->tzm)); break;
  case E_TZR: putf(o, "%c%02d:%02d", sign, abs(d->tzh), abs(d->tzm)); break;
  case E_X: put(o, ".", 1); break;
  case E_FM: break;
  default: putf(o, "%0*d", fill ? elements[i].digits : 1, number_of(what, d));
  }
}

/* 1: a format that Oracle does not know either */
int format_date(const DT *d, const char *format, char *out, size_t size) {
  Buf o = {0};
  int n, fill = 1, bad = 0;
  put(&o, "", 0);
  while (*format && !bad) {
    int i = element_at(format, &n);
    if (*format == '"') {
      n = (int)strcspn(format + 1, "\"");
      put(&o, format + 1, (size_t)n);
      n += 1 + (format[n + 1] == '"');
    } else if (i >= 0) {
      if (elements[i].element == E_FM) fill = !fill;
      put_element(&o, i, d, format, fill);
    } else {
      bad = isalnum((unsigned char)*format);
      n = 1;
      put(&o, format, 1);
    }
    format += n;
  }
  set_text(out, size, o.p, o.n);
  free(o.p);
  return bad;
}

/* ---- parsing ---- */

static int take_name(const char **s, const char *const *names, int count, int whole) {
  for (int i = 0; i < count; i++) {
    size_t n = strlen(names[i]);
    if (whole && !strncasecmp(*s, names[i], n)) {
      *s += n;
      return i;
    }
    if (strncasecmp(*s, names[i], 3) != 0) continue;
    *s += 3;
    return i;
  }
  return -1;
}

static int take_digits(const char **s, int most, int *value) {
  int n = 0;
  for (*value = 0; n < most && isdigit((unsigned char)**s); n++) *value = *value * 10 + *(*s)++ - '0';
  return n;
}

/* two digits of a year: RR is the near century, YY this one */
static int century(int year, enum Element what) {
  int now = dt_now(0).y;
  if (year > 99) return year;
  if (what == E_YY) return now / 100 * 100 + year;
  return year < 50 ? 2000 + year : 1900 + year;
}

static void set_fraction(DT *d, int value, int digits) {
  for (; digits < 9; digits++) value *= 10;
  d->fs = (uint32_t)value;
}

static int set_number(DT *d, enum Element what, int value, int digits) {
  switch (what) {
  case E_YYYY: d->y = (int16_t)value; break;
  case E_YY:
  case E_RR: d->y = (int16_t)century(value, what); break;
  case E_MM: d->mo = (uint8_t)value; break;
  case E_DD: d->d = (uint8_t)value; break;
  case E_HH24:
  case E_HH12: d->hh = (uint8_t)value; break;
  case E_MI: d->mi = (uint8_t)value; break;
  case E_SS: d->ss = (uint8_t)value; break;
  case E_FF: set_fraction(d, value, digits); break;
  default: return 1821;
  }
  return 0;
}

/* takes the sign and hours of a zone, and its minutes where the format has them */
static void take_zone(const char **s, DT *d, int minutes) {
  int sign = **s == '-' ? -1 : 1, value;
  if (**s == '-' || **s == '+') ++*s;
  if (take_digits(s, 2, &value)) d->tzh = (int8_t)(sign * value);
  if (!minutes || **s != ':') return;
  ++*s;
  if (take_digits(s, 2, &value)) d->tzm = (int8_t)(sign * value);
}

static int take_element(const char **s, int i, DT *d, int *pm) {
  enum Element what = elements[i].element;
  int value, digits;
  if (what == E_MONTH || what == E_MON) {
    int month = take_name(s, months, 12, what == E_MONTH);
    d->mo = (uint8_t)(month + 1);
    return month < 0 ? 1843 : 0;
  }
  if (what == E_DAY || what == E_DY) return take_name(s, days, 7, what == E_DAY) < 0 ? 1846 : 0;
  if (what == E_AM) {
    *pm = toupper((unsigned char)**s) == 'P';
    *s += strlen(*s) < 2 ? strlen(*s) : 2;
    return 0;
  }
  if (what == E_TZH || what == E_TZR) {
    take_zone(s, d, what == E_TZR);
    return 0;
  }
  if (what == E_X || what == E_FM) {
    if (what == E_X && **s == '.') ++*s;
    return 0;
  }
  digits = take_digits(s, what == E_TZM ? 2 : elements[i].digits, &value);
  if (!digits) return 1861;
  if (what == E_TZM) {
    d->tzm = (int8_t)(d->tzh < 0 ? -value : value);
    return 0;
  }
  return set_number(d, what, value, digits);
}

static int check_date(DT *d, int pm) {
  if (pm >= 0) d->hh = (uint8_t)(d->hh % 12 + 12 * pm);
  if (d->mo < 1 || d->mo > 12) return 1843;
  if (d->d < 1 || d->d > days_in(d->y, d->mo)) return 1847;
  if (d->hh > 23) return 1850;
  if (d->mi > 59) return 1851;
  return d->ss > 59 ? 1852 : 0;
}

/* returns 0, or the number of the message */
int parse_date(const char *s, const char *format, DT *d) {
  DT now = dt_now(0);
  int pm = -1, why = 0, n;
  *d = (DT){.y = now.y, .mo = now.mo, .d = 1};
  while (*format && *s && !why) {
    int i = element_at(format, &n);
    if (i >= 0) {
      why = take_element(&s, i, d, &pm);
    } else if (*format == '"') {
      for (n = 1; format[n] && format[n] != '"'; n++)
        if (*s) s++;
      n += format[n] == '"';
    } else {
      n = 1;
      if (isalpha((unsigned char)*format)) why = 1821;
      if (*s && !isalnum((unsigned char)*s)) s++;
    }
    format += n;
  }
  while (isspace((unsigned char)*s)) s++;
  if (!why && *s) why = 1830;
  return why ? why : check_date(d, pm);
}
