/* functions.c - how SQL functions are registered, read their arguments, and fail; sequences, packages. */
#include "ocisim.h"
#include <stdarg.h>

void register_all(Phys *p, sqlite3 *db, const Registration *r, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (r[i].pure ? SQLITE_DETERMINISTIC : 0);
    sqlite3_create_function(db, r[i].name, r[i].args, flags, p, r[i].f, 0, 0);
  }
}

void result_text(sqlite3_context *c, const char *s) {
  if (*s) sqlite3_result_text(c, s, -1, SQLITE_TRANSIENT); /* '' is NULL */
}

void raise(sqlite3_context *c, int code, const char *fmt, ...) {
  Phys *p = sqlite3_user_data(c);
  Err e = {.h = {0}};
  char text[400];
  va_list a;
  va_start(a, fmt);
  if (fmt) vsnprintf(text, sizeof text, fmt, a);
  va_end(a);
  fail(&e, code, fmt ? "%s" : 0, text);
  p->raised = e.f;
  sqlite3_result_error(c, e.f.msg, -1);
}

int arg_null(sqlite3_value *v) {
  return sqlite3_value_type(v) == SQLITE_NULL;
}

const char *arg_text(sqlite3_value *v) {
  const char *s = (const char *)sqlite3_value_text(v);
  return s ? s : "";
}

int arg_number(sqlite3_context *c, sqlite3_value *v, int64_t *i, double *d) {
  int type = sqlite3_value_type(v);
  *i = 0;
  *d = 0;
  if (type == SQLITE_TEXT) type = sqlite3_value_numeric_type(v);
  if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
    raise(c, 1722, "invalid number");
    return 0;
  }
  *i = sqlite3_value_int64(v);
  *d = sqlite3_value_double(v);
  return type == SQLITE_FLOAT ? 2 : 1;
}

static void f_nextval(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  char key[80], value[32];
  int64_t next;
  if (sequence_next(p->home, arg_text(v[0]), &next)) {
    raise(c, 2289, "sequence does not exist");
    return;
  }
  snprintf(key, sizeof key, "CURRVAL %.20s", arg_text(v[0]));
  snprintf(value, sizeof value, "%lld", (long long)next);
  setting_put(p, key, value);
  sqlite3_result_int64(c, next);
}

static void f_currval(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  char key[80];
  snprintf(key, sizeof key, "CURRVAL %.20s", arg_text(v[0]));
  const char *value = setting(sqlite3_user_data(c), key);
  if (value)
    sqlite3_result_int64(c, atoll(value));
  else
    raise(c, 8002, "sequence %s.CURRVAL is not yet defined in this session", arg_text(v[0]));
}

static void f_sleep(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int rc = wait_ms(sqlite3_user_data(c), (int64_t)(sqlite3_value_double(v[0]) * 1000));
  if (rc) raise(c, rc, 0);
}

static void f_raise(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  int code = abs(sqlite3_value_int(v[0]));
  if (code < 20000 || code > 20999)
    raise(c, 21000, "error number argument to raise_application_error of %d is out of range", -code);
  else
    raise(c, code, "%s", arg_text(v[1]));
}

static void f_nothing(sqlite3_context *c UNUSED, int n UNUSED, sqlite3_value **v UNUSED) {
}

static void f_guid(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  char b[16];
  sqlite3_randomness(sizeof b, b);
  sqlite3_result_blob(c, b, sizeof b, SQLITE_TRANSIENT);
}

/* DBMS_RANDOM.VALUE: from 0 to 1 */
static void f_random(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  uint32_t r;
  sqlite3_randomness(sizeof r, &r);
  sqlite3_result_double(c, r / 4294967296.0);
}

/* an element of an index-by table of the PL/SQL that runs */
static void f_item(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  const Local *l = p->frame ? local_id(p->frame, sqlite3_value_int(v[0])) : 0;
  int64_t i = sqlite3_value_int64(v[1]);
  if (!l || i < 1 || i > l->nitems) {
    raise(c, 1403, "no data found");
    return;
  }
  const Value *item = &l->items[i - 1];
  if (item->type == SQLITE_INTEGER) sqlite3_result_int64(c, item->i);
  if (item->type == SQLITE_FLOAT) sqlite3_result_double(c, item->d);
  if (item->type == SQLITE_TEXT) sqlite3_result_text(c, item->p, (int)item->n, SQLITE_TRANSIENT);
  if (item->type == SQLITE_BLOB) sqlite3_result_blob(c, item->p, (int)item->n, SQLITE_TRANSIENT);
}

static void f_sqlerrm(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  const Phys *p = sqlite3_user_data(c);
  result_text(c, p->frame && p->frame->handled.code ? p->frame->handled.msg
                                                    : "ORA-0000: normal, successful completion");
}

void functions_register(Phys *p, sqlite3 *db) {
  static const Registration list[] = {{"ora_nextval", 1, f_nextval, 0},
                                      {"ora_currval", 1, f_currval, 0},
                                      {"dbms_session_sleep", 1, f_sleep, 0},
                                      {"dbms_lock_sleep", 1, f_sleep, 0},
                                      {"raise_application_error", 2, f_raise, 0},
                                      {"raise_application_error", 3, f_raise, 0},
                                      {"dbms_output_put_line", 1, f_nothing, 0},
                                      {"dbms_output_enable", -1, f_nothing, 0},
                                      {"dbms_output_disable", 0, f_nothing, 0},
                                      {"sys_guid", 0, f_guid, 0},
                                      {"dbms_random_value", 0, f_random, 0},
                                      {"ora_item", 2, f_item, 0},
                                      {"ora_sqlerrm", 0, f_sqlerrm, 0}};
  register_all(p, db, list, COUNT(list));
  functions_text(p, db);
  functions_date(p, db);
  functions_session(p, db);
  functions_dictionary(p, db);
}
