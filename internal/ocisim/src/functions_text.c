/* functions_text.c - SQL functions on strings and numbers, where SQLite's differ from Oracle's. */
#include "ocisim.h"
#include <math.h>

static void f_concat(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  if (arg_null(v[0]) || arg_null(v[1])) { /* NULL is the empty string */
    sqlite3_result_value(c, v[arg_null(v[0])]);
    return;
  }
  sqlite3_str *o = sqlite3_str_new(0);
  sqlite3_str_appendall(o, arg_text(v[0]));
  sqlite3_str_appendall(o, arg_text(v[1]));
  sqlite3_result_text(c, sqlite3_str_finish(o), -1, sqlite3_free);
}

static void f_to_number(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int64_t i;
  double d;
  if (arg_null(v[0])) return;
  int kind = arg_number(c, v[0], &i, &d);
  if (kind == 1) sqlite3_result_int64(c, i);
  if (kind == 2) sqlite3_result_double(c, d);
}

static void f_nvl(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  sqlite3_result_value(c, v[arg_null(v[0])]);
}

static void f_nvl2(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  sqlite3_result_value(c, v[arg_null(v[0]) ? 2 : 1]);
}

static int same(sqlite3_value *a, sqlite3_value *b) {
  if (arg_null(a) || arg_null(b)) return arg_null(a) && arg_null(b);
  return !strcmp(arg_text(a), arg_text(b));
}

static void f_decode(sqlite3_context *c, int n, sqlite3_value **v) {
  for (int i = 1; i + 1 < n; i += 2) {
    if (!same(v[0], v[i])) continue;
    sqlite3_result_value(c, v[i + 1]);
    return;
  }
  if (n > 0 && n % 2 == 0) sqlite3_result_value(c, v[n - 1]);
}

static void f_mod(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int64_t a, b;
  double x, y;
  if (arg_null(v[0]) || arg_null(v[1])) return;
  int ka = arg_number(c, v[0], &a, &x), kb = ka ? arg_number(c, v[1], &b, &y) : 0;
  if (!ka || !kb) return;
  if (ka == 1 && kb == 1)
    sqlite3_result_int64(c, b == 0 || b == -1 ? (b ? 0 : a) : a % b);
  else
    sqlite3_result_double(c, y == 0 ? x : fmod(x, y));
}

static void f_divisor(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int64_t i;
  double d;
  if (arg_null(v[0]) || !arg_number(c, v[0], &i, &d)) return;
  if (d == 0)
    raise(c, 1476, "divisor is equal to zero");
  else
    sqlite3_result_double(c, d);
}

/* TRIM, LTRIM, RTRIM: sides 1 left, 2 right; what is empty is NULL */
static void trim(sqlite3_context *c, int n, sqlite3_value **v, int sides) {
  const char *s = arg_text(v[0]), *set = n > 1 ? arg_text(v[1]) : " ";
  size_t length = strlen(s);
  while (sides & 1 && length && strchr(set, *s)) {
    s++;
    length--;
  }
  while (sides & 2 && length && strchr(set, s[length - 1])) length--;
  if (length) sqlite3_result_text(c, s, (int)length, SQLITE_TRANSIENT);
}

static void f_trim(sqlite3_context *c, int n, sqlite3_value **v) {
  trim(c, n, v, 3);
}

static void f_ltrim(sqlite3_context *c, int n, sqlite3_value **v) {
  trim(c, n, v, 1);
}

static void f_rtrim(sqlite3_context *c, int n, sqlite3_value **v) {
  trim(c, n, v, 2);
}

/* REPLACE(s, what [, by]) */
static void f_replace(sqlite3_context *c, int n, sqlite3_value **v) {
  const char *s = arg_text(v[0]), *what = arg_text(v[1]), *by = n > 2 ? arg_text(v[2]) : "";
  Buf o = {0};
  put(&o, "", 0);
  for (const char *hit; *what && (hit = strstr(s, what)); s = hit + strlen(what)) {
    put(&o, s, (size_t)(hit - s));
    put(&o, by, strlen(by));
  }
  put(&o, s, strlen(s));
  result_text(c, o.p);
  free(o.p);
}

static int characters(const char *s) {
  int k = 0;
  for (; *s; s++) k += (*s & 0xC0) != 0x80;
  return k;
}

static const char *after(const char *s, int64_t n) {
  for (; *s && n > 0; n--)
    for (s++; (*s & 0xC0) == 0x80; s++) {
    }
  return s;
}

/* SUBSTR(s, from [, length]): 0 counts as 1, a negative place counts from the end */
static void f_substr(sqlite3_context *c, int n, sqlite3_value **v) {
  for (int i = 0; i < n; i++)
    if (arg_null(v[i])) return;
  const char *s = arg_text(v[0]);
  int64_t from = sqlite3_value_int64(v[1]), length = n > 2 ? sqlite3_value_int64(v[2]) : INT32_MAX;
  if (from < 0) from += characters(s) + 1;
  if (from < 0 || (from == 0 && sqlite3_value_int64(v[1]) < 0) || length < 1) return;
  const char *begin = after(s, from > 0 ? from - 1 : 0), *end = after(begin, length);
  if (end > begin) sqlite3_result_text(c, begin, (int)(end - begin), SQLITE_TRANSIENT);
}

static void pad(sqlite3_context *c, int n, sqlite3_value **v, int left) {
  const char *s = arg_text(v[0]), *fill = n > 2 ? arg_text(v[2]) : " ";
  int64_t width = sqlite3_value_int64(v[1]), missing = width - characters(s);
  if (arg_null(v[0]) || width < 1 || width > 4000 || !*fill) return;
  sqlite3_str *o = sqlite3_str_new(0);
  if (!left || missing <= 0) sqlite3_str_append(o, s, (int)(after(s, width) - s));
  for (int64_t k = 0; k < missing; k++) {
    const char *f = after(fill, k % characters(fill));
    sqlite3_str_append(o, f, (int)(after(f, 1) - f));
  }
  if (left && missing > 0) sqlite3_str_appendall(o, s);
  sqlite3_result_text(c, sqlite3_str_finish(o), -1, sqlite3_free);
}

static void f_lpad(sqlite3_context *c, int n, sqlite3_value **v) {
  pad(c, n, v, 1);
}

static void f_rpad(sqlite3_context *c, int n, sqlite3_value **v) {
  pad(c, n, v, 0);
}

static void f_initcap(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  char *s = copy_text(arg_text(v[0]), strlen(arg_text(v[0])));
  for (char *p = s, last = ' '; *p; last = *p++)
    *p = (char)(isalnum((unsigned char)last) ? tolower((unsigned char)*p) : toupper((unsigned char)*p));
  result_text(c, s);
  free(s);
}

static int compare(sqlite3_value *a, sqlite3_value *b) {
  if (sqlite3_value_type(a) == SQLITE_TEXT) return strcmp(arg_text(a), arg_text(b));
  double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
  return (x > y) - (x < y);
}

static void extreme(sqlite3_context *c, int n, sqlite3_value **v, int sign) {
  sqlite3_value *best = v[0];
  for (int i = 0; i < n; i++) {
    if (arg_null(v[i])) return;
    if (compare(v[i], best) * sign > 0) best = v[i];
  }
  sqlite3_result_value(c, best);
}

static void f_greatest(sqlite3_context *c, int n, sqlite3_value **v) {
  if (n) extreme(c, n, v, 1);
}

static void f_least(sqlite3_context *c, int n, sqlite3_value **v) {
  if (n) extreme(c, n, v, -1);
}

static void f_length(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  if (arg_null(v[0])) return;
  int blob = sqlite3_value_type(v[0]) == SQLITE_BLOB;
  sqlite3_result_int(c, blob ? sqlite3_value_bytes(v[0]) : characters(arg_text(v[0])));
}

static int digit(char c) {
  return isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10;
}

static void f_hextoraw(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  const char *s = arg_text(v[0]);
  size_t length = strlen(s);
  if (strspn(s, "0123456789abcdefABCDEF") != length) {
    raise(c, 1465, "invalid hex number");
    return;
  }
  Buf o = {0};
  int high = 0, half = length % 2; /* an odd number begins with a zero */
  for (; *s; s++, half = !half) {
    char byte = (char)(high * 16 + digit(*s));
    if (half) put(&o, &byte, 1);
    high = half ? 0 : digit(*s);
  }
  if (o.n) sqlite3_result_blob(c, o.p, (int)o.n, SQLITE_TRANSIENT);
  free(o.p);
}

static void f_rawtohex(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  const uint8_t *p = sqlite3_value_blob(v[0]);
  int size = sqlite3_value_bytes(v[0]);
  Buf o = {0};
  put(&o, "", 0);
  for (int i = 0; p && i < size; i++) putf(&o, "%02X", p[i]);
  result_text(c, o.p);
  free(o.p);
}

/* ora_fits(table, column, value, size, kind): VARCHAR2's length in bytes (B) or characters (C), RAW's (R) */
static void f_fits(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  const Phys *p = sqlite3_user_data(c);
  char owner[132];
  int max = sqlite3_value_int(v[3]), chars = *arg_text(v[4]) == 'C';
  int actual = arg_null(v[2]) ? 0 : chars ? characters(arg_text(v[2])) : sqlite3_value_bytes(v[2]);
  sqlite3_result_int(c, 1);
  if (actual <= max) return;
  set_text(owner, sizeof owner, p->user, strlen(p->user));
  upper(owner);
  raise(c, 12899, "value too large for column \"%s\".\"%s\".\"%s\" (actual: %d, maximum: %d)", owner,
        arg_text(v[0]), arg_text(v[1]), actual, max);
}

/* ora_precise(value, precision, scale): NUMBER(p,s) */
static void f_precise(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int64_t i;
  double d;
  sqlite3_result_int(c, 1);
  if (arg_null(v[0]) || !arg_number(c, v[0], &i, &d)) return;
  int digits = sqlite3_value_int(v[1]) - sqlite3_value_int(v[2]);
  double most = pow(10, digits), unit = pow(10, -sqlite3_value_int(v[2]));
  int whole =
      sqlite3_value_type(v[0]) == SQLITE_INTEGER && digits <= 18; /* a double has not all its digits */
  if (whole ? i >= (int64_t)most || i <= -(int64_t)most : fabs(d) >= most - unit / 2)
    raise(c, 1438, "value larger than specified precision allowed for this column");
}

void functions_text(Phys *p, sqlite3 *db) {
  static const Registration list[] = {{"ora_concat", 2, f_concat, 1},
                                      {"trim", 1, f_trim, 1},
                                      {"ltrim", 1, f_ltrim, 1},
                                      {"ltrim", 2, f_ltrim, 1},
                                      {"rtrim", 1, f_rtrim, 1},
                                      {"rtrim", 2, f_rtrim, 1},
                                      {"replace", 2, f_replace, 1},
                                      {"replace", 3, f_replace, 1},
                                      {"concat", 2, f_concat, 1},
                                      {"to_number", -1, f_to_number, 1},
                                      {"nvl", 2, f_nvl, 1},
                                      {"nvl2", 3, f_nvl2, 1},
                                      {"decode", -1, f_decode, 1},
                                      {"mod", 2, f_mod, 1},
                                      {"ora_divisor", 1, f_divisor, 1},
                                      {"substr", 2, f_substr, 1},
                                      {"substr", 3, f_substr, 1},
                                      {"lpad", 2, f_lpad, 1},
                                      {"lpad", 3, f_lpad, 1},
                                      {"rpad", 2, f_rpad, 1},
                                      {"rpad", 3, f_rpad, 1},
                                      {"initcap", 1, f_initcap, 1},
                                      {"greatest", -1, f_greatest, 1},
                                      {"least", -1, f_least, 1},
                                      {"length", 1, f_length, 1},
                                      {"dbms_lob_getlength", 1, f_length, 1},
                                      {"hextoraw", 1, f_hextoraw, 1},
                                      {"rawtohex", 1, f_rawtohex, 1},
                                      {"ora_fits", 5, f_fits, 1},
                                      {"ora_precise", 3, f_precise, 1}};
  register_all(p, db, list, COUNT(list));
}
