/* functions_date.c - SQL functions on dates and intervals, and the sums that may be of them. */
#include "ocisim.h"
#include <math.h>

int arg_date(sqlite3_value *v, DT *d) {
  if (sqlite3_value_type(v) != SQLITE_TEXT) return 0;
  return dt_parse(arg_text(v), (size_t)sqlite3_value_bytes(v), d);
}

static int arg_interval(sqlite3_value *v, Ival *i) {
  if (sqlite3_value_type(v) != SQLITE_TEXT) return 0;
  return interval_parse(arg_text(v), (size_t)sqlite3_value_bytes(v), i);
}

void result_date(sqlite3_context *c, const DT *d) {
  char b[64];
  dt_text(d, 1, b, sizeof b);
  result_text(c, b);
}

static void result_interval(sqlite3_context *c, const Ival *i) {
  char b[64];
  interval_text(i, b, sizeof b);
  result_text(c, b);
}

static void now(sqlite3_context *c, int zone, int fraction, int with_zone) {
  DT d = dt_now(zone);
  if (!fraction) d.fs = 0;
  if (fraction && !d.fs) d.fs = 1000; /* or it would look like a DATE */
  if (!with_zone) d.tzh = d.tzm = 0;
  result_date(c, &d);
}

static void f_sysdate(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  now(c, 0, 0, 0);
}

static void f_systimestamp(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  now(c, 0, 1, 1);
}

static void f_current_date(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  now(c, zone_minutes(sqlite3_user_data(c)), 0, 0);
}

static void f_current_timestamp(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  now(c, zone_minutes(sqlite3_user_data(c)), 1, 1);
}

static void f_localtimestamp(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  now(c, zone_minutes(sqlite3_user_data(c)), 1, 0);
}

/* DATE '...', TIMESTAMP '...' */
static void f_date(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  const char *s = arg_text(v[0]);
  DT d;
  int why = parse_date(s, strlen(s) <= 10 ? "YYYY-MM-DD" : "YYYY-MM-DD HH24:MI:SSXFF9 TZR", &d);
  if (why)
    raise(c, why, 0);
  else
    result_date(c, &d);
}

static int interval_unit(const char *unit) {
  static const char *const units[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  for (int i = 0; i < 4; i++)
    if (!strcasecmp(unit, units[i])) return i;
  return -1;
}

/* INTERVAL '1 02:03' DAY TO MINUTE: the numbers from a unit on; of months there are none */
static void f_interval(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  static const double seconds[] = {86400, 3600, 60, 1};
  int unit = interval_unit(arg_text(v[1]));
  const char *s = arg_text(v[0]);
  double sign = *s == '-' ? -1 : 1, total = 0;
  if (unit < 0) {
    raise(c, 3001, "unimplemented feature (ocisim: INTERVAL YEAR TO MONTH)");
    return;
  }
  if (*s == '-' || *s == '+') s++;
  for (; unit < 4 && *s; unit++) {
    char *end;
    total += strtod(s, &end) * seconds[unit];
    if (end == s) break;
    s = end + (*end != 0);
  }
  Ival i = interval_from_days(sign * total / 86400);
  result_interval(c, &i);
}

static void sum_dates(sqlite3_context *c, sqlite3_value **v, int sign) {
  DT d, other;
  Ival i;
  int64_t whole;
  double days;
  int left = arg_date(v[0], &d);
  sqlite3_value *rest = v[left ? 1 : 0];
  if (left && sign < 0 && arg_date(v[1], &other)) {
    int stamps = d.fs || other.fs;
    Ival gap = interval_from_days(dt_days(&d) - dt_days(&other));
    if (stamps) {
      result_interval(c, &gap);
      return;
    }
    sqlite3_result_double(c, (double)(dt_seconds(&d) - dt_seconds(&other)) / 86400);
    return;
  }
  if (!left) arg_date(v[1], &d);
  if (arg_interval(rest, &i))
    days = interval_days(&i);
  else if (!arg_number(c, rest, &whole, &days))
    return;
  DT sum = dt_from_days(dt_days(&d) + sign * days);
  if (!d.fs && fabs(days * 86400 - round(days * 86400)) < 1e-3) sum.fs = 0;
  sum.tzh = d.tzh;
  sum.tzm = d.tzm;
  result_date(c, &sum);
}

static void sum_numbers(sqlite3_context *c, sqlite3_value **v, int sign) {
  int64_t a, b, whole;
  double x, y;
  int ka = arg_number(c, v[0], &a, &x), kb = ka ? arg_number(c, v[1], &b, &y) : 0;
  if (!ka || !kb) return;
  int overflow = sign > 0 ? __builtin_add_overflow(a, b, &whole) : __builtin_sub_overflow(a, b, &whole);
  if (ka == 1 && kb == 1 && !overflow)
    sqlite3_result_int64(c, whole);
  else
    sqlite3_result_double(c, x + sign * y);
}

static void sum(sqlite3_context *c, sqlite3_value **v, int sign) {
  DT d;
  Ival i, j;
  if (arg_null(v[0]) || arg_null(v[1])) return;
  if (arg_date(v[0], &d) || arg_date(v[1], &d)) {
    sum_dates(c, v, sign);
  } else if (arg_interval(v[0], &i) && arg_interval(v[1], &j)) {
    Ival total = interval_from_days(interval_days(&i) + sign * interval_days(&j));
    result_interval(c, &total);
  } else {
    sum_numbers(c, v, sign);
  }
}

static void f_add(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  sum(c, v, 1);
}

static void f_sub(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  sum(c, v, -1);
}

/* TO_CHAR(number, '990.00'): as many decimals as the format has; the rest of it is ignored */
static void number_char(sqlite3_context *c, int n, sqlite3_value **v) {
  char b[64];
  const char *point = n > 1 ? strpbrk(arg_text(v[1]), ".D") : 0;
  if (n < 2 || sqlite3_value_type(v[0]) == SQLITE_TEXT) {
    if (sqlite3_value_type(v[0]) == SQLITE_FLOAT) {
      real_text(sqlite3_value_double(v[0]), b, sizeof b);
      result_text(c, b);
    } else {
      result_text(c, arg_text(v[0]));
    }
    return;
  }
  snprintf(b, sizeof b, " %.*f", point ? (int)strspn(point + 1, "09") : 0, sqlite3_value_double(v[0]));
  result_text(c, !strncasecmp(arg_text(v[1]), "FM", 2) ? b + 1 : b);
}

static void f_to_char(sqlite3_context *c, int n, sqlite3_value **v) {
  DT d;
  char b[256];
  if (n < 1 || arg_null(v[0])) return;
  if (!arg_date(v[0], &d)) {
    number_char(c, n, v);
    return;
  }
  const char *usual = d.fs ? "NLS_TIMESTAMP_FORMAT" : "NLS_DATE_FORMAT";
  const char *format = n > 1 ? arg_text(v[1]) : setting(sqlite3_user_data(c), usual);
  if (format_date(&d, format, b, sizeof b))
    raise(c, 1821, "date format not recognized");
  else
    result_text(c, b);
}

static void parse(sqlite3_context *c, int n, sqlite3_value **v, const char *usual, int fraction) {
  const char *format = n > 1 ? arg_text(v[1]) : setting(sqlite3_user_data(c), usual);
  DT d;
  if (n < 1 || arg_null(v[0])) return;
  int why = arg_date(v[0], &d) ? 0 : parse_date(arg_text(v[0]), format, &d);
  if (why) {
    raise(c, why, 0);
    return;
  }
  if (!fraction) d.fs = 0;
  result_date(c, &d);
}

static void f_to_date(sqlite3_context *c, int n, sqlite3_value **v) {
  parse(c, n, v, "NLS_DATE_FORMAT", 0);
}

static void f_to_timestamp(sqlite3_context *c, int n, sqlite3_value **v) {
  parse(c, n, v, "NLS_TIMESTAMP_FORMAT", 1);
}

/* cuts a date down to a unit: 1 year, 2 month, 3 day, 4 hour, 5 minute */
static DT cut(DT d, int unit) {
  DT r = {.y = d.y, .mo = 1, .d = 1};
  if (unit > 1) r.mo = d.mo;
  if (unit > 2) r.d = d.d;
  if (unit > 3) r.hh = d.hh;
  if (unit > 4) r.mi = d.mi;
  return r;
}

static int cut_unit(const char *format) {
  static const struct {
    const char *name;
    int unit;
  } units[] = {{"YYYY", 1}, {"YEAR", 1}, {"YY", 1},   {"MONTH", 2}, {"MON", 2}, {"MM", 2},
               {"DDD", 3},  {"DD", 3},   {"HH24", 4}, {"HH", 4},    {"MI", 5}};
  for (size_t i = 0; i < COUNT(units); i++)
    if (!strcasecmp(format, units[i].name)) return units[i].unit;
  return 0;
}

static void f_trunc(sqlite3_context *c, int n, sqlite3_value **v) {
  DT d;
  int64_t i;
  double x;
  if (n < 1 || n > 2 || arg_null(v[0])) return;
  if (arg_date(v[0], &d)) {
    int unit = n > 1 ? cut_unit(arg_text(v[1])) : 3;
    DT r = cut(d, unit);
    if (unit)
      result_date(c, &r);
    else
      raise(c, 1898, "too many precision specifiers");
    return;
  }
  if (!arg_number(c, v[0], &i, &x)) return;
  double scale = n > 1 ? pow(10, sqlite3_value_int(v[1])) : 1;
  if (n < 2)
    sqlite3_result_int64(c, i);
  else
    sqlite3_result_double(c, trunc(x * scale) / scale);
}

static void f_add_months(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  DT d;
  if (arg_null(v[0]) || arg_null(v[1]) || !arg_date(v[0], &d)) return;
  d = dt_add_months(d, sqlite3_value_int(v[1]));
  result_date(c, &d);
}

static void f_last_day(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  DT d;
  if (!arg_date(v[0], &d)) return;
  d.d = (uint8_t)days_in(d.y, d.mo);
  result_date(c, &d);
}

static void f_months_between(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  DT a, b;
  if (!arg_date(v[0], &a) || !arg_date(v[1], &b)) return;
  double months = (a.y - b.y) * 12 + a.mo - b.mo;
  int both_last = a.d == days_in(a.y, a.mo) && b.d == days_in(b.y, b.mo);
  double rest = dt_days(&a) - floor(dt_days(&a)) - (dt_days(&b) - floor(dt_days(&b)));
  if (a.d != b.d && !both_last) months += (a.d - b.d + rest) / 31;
  sqlite3_result_double(c, months);
}

/* EXTRACT(unit FROM d) of a date or an interval */
static void f_extract(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  static const char *const units[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  DT d;
  Ival i;
  for (int k = 0; k < 6; k++) {
    if (strcasecmp(arg_text(v[0]), units[k]) != 0) continue;
    if (arg_date(v[1], &d)) {
      int parts[] = {d.y, d.mo, d.d, d.hh, d.mi, d.ss};
      if (k == 5 && d.fs)
        sqlite3_result_double(c, d.ss + d.fs / 1e9);
      else
        sqlite3_result_int(c, parts[k]);
    } else if (k > 1 && arg_interval(v[1], &i)) {
      sqlite3_result_int(c, i.a[k - 2]);
    }
    return;
  }
  raise(c, 907, "missing right parenthesis");
}

void functions_date(Phys *p, sqlite3 *db) {
  static const Registration list[] = {{"ora_sysdate", 0, f_sysdate, 0},
                                      {"ora_systimestamp", 0, f_systimestamp, 0},
                                      {"ora_current_date", 0, f_current_date, 0},
                                      {"ora_current_timestamp", 0, f_current_timestamp, 0},
                                      {"ora_localtimestamp", 0, f_localtimestamp, 0},
                                      {"ora_date", 1, f_date, 1},
                                      {"ora_interval", 3, f_interval, 1},
                                      {"ora_add", 2, f_add, 1},
                                      {"ora_sub", 2, f_sub, 1},
                                      {"to_char", -1, f_to_char, 0},
                                      {"to_date", -1, f_to_date, 0},
                                      {"to_timestamp", -1, f_to_timestamp, 0},
                                      {"to_timestamp_tz", -1, f_to_timestamp, 0},
                                      {"trunc", -1, f_trunc, 1},
                                      {"add_months", 2, f_add_months, 1},
                                      {"last_day", 1, f_last_day, 1},
                                      {"months_between", 2, f_months_between, 1},
                                      {"ora_extract", 2, f_extract, 1}};
  register_all(p, db, list, COUNT(list));
}
