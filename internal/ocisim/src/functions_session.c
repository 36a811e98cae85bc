/* functions_session.c - SQL functions that tell of the session or change it, and those behind the views of
 * sessions. */
#include "ocisim.h"

static void result_upper(sqlite3_context *c, const char *s) {
  char b[132];
  set_text(b, sizeof b, s, strlen(s));
  upper(b);
  result_text(c, b);
}

static const char *schema(const Phys *p) {
  return *p->schema ? p->schema : p->user;
}

static void f_user(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  const Phys *p = sqlite3_user_data(c);
  result_upper(c, p->user);
}

static void f_zone(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  result_text(c, setting(sqlite3_user_data(c), "TIME_ZONE"));
}

static const char *own_field(const Phys *p, const char *name) {
  if (!strcasecmp(name, "MODULE")) return p->module;
  if (!strcasecmp(name, "ACTION")) return p->action;
  if (!strcasecmp(name, "CLIENT_INFO")) return p->client_info;
  if (!strcasecmp(name, "CLIENT_IDENTIFIER")) return p->client_id;
  if (!strcasecmp(name, "SERVICE_NAME")) return p->home->name;
  if (!strcasecmp(name, "DATABASE_ROLE")) return "PRIMARY";
  if (!strcasecmp(name, "DB_UNIQUE_NAME")) return "OCISIM";
  if (!strcasecmp(name, "DB_NAME") || !strcasecmp(name, "INSTANCE_NAME")) return "OCISIM";
  return strncasecmp(name, "NLS_", 4) ? 0 : setting(p, name);
}

/* SYS_CONTEXT('USERENV', name) */
static void f_context(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  const Phys *p = sqlite3_user_data(c);
  const char *name = arg_text(v[1]), *field;
  char number[16];
  if (strcasecmp(arg_text(v[0]), "USERENV") != 0) return;
  if (!strcasecmp(name, "SID") || !strcasecmp(name, "SESSIONID")) {
    snprintf(number, sizeof number, "%d", p->id);
    result_text(c, number);
  } else if (!strcasecmp(name, "SESSION_USER") || !strcasecmp(name, "CURRENT_USER")) {
    result_upper(c, p->user);
  } else if (!strcasecmp(name, "CURRENT_SCHEMA")) {
    result_upper(c, schema(p));
  } else if ((field = own_field(p, name))) {
    result_text(c, field);
  } else {
    raise(c, 2003, "invalid USERENV parameter");
  }
}

static void put_argument(sqlite3_context *c, char *field, size_t size, sqlite3_value *v) {
  state_put(sqlite3_user_data(c), field, size, arg_text(v), strlen(arg_text(v)));
}

static void f_identifier(sqlite3_context *c, int n, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  if (n)
    put_argument(c, p->client_id, sizeof p->client_id, v[0]);
  else
    state_put(p, p->client_id, sizeof p->client_id, "", 0);
}

static void f_module(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  put_argument(c, p->module, sizeof p->module, v[0]);
  put_argument(c, p->action, sizeof p->action, v[1]);
}

static void f_action(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  put_argument(c, p->action, sizeof p->action, v[0]);
}

static void f_client_info(sqlite3_context *c, int n UNUSED, sqlite3_value **v) {
  Phys *p = sqlite3_user_data(c);
  put_argument(c, p->client_info, sizeof p->client_info, v[0]);
}

/* DBMS_SESSION.RESET_PACKAGE: the state of packages goes; there is none but sequences' last values */
static void f_reset(sqlite3_context *c UNUSED, int n UNUSED, sqlite3_value **v UNUSED) {
}

void functions_session(Phys *p, sqlite3 *db) {
  static const Registration list[] = {{"ora_user", 0, f_user, 0},
                                      {"ora_zone", 0, f_zone, 0},
                                      {"sys_context", 2, f_context, 0},
                                      {"dbms_session_set_identifier", 1, f_identifier, 0},
                                      {"dbms_session_clear_identifier", 0, f_identifier, 0},
                                      {"dbms_application_info_set_module", 2, f_module, 0},
                                      {"dbms_application_info_set_action", 1, f_action, 0},
                                      {"dbms_application_info_set_client_info", 1, f_client_info, 0},
                                      {"dbms_session_reset_package", 0, f_reset, 0}};
  register_all(p, db, list, COUNT(list));
}

/* appends a member of a JSON object; control characters go */
static void member(sqlite3_str *o, const char *key, const char *value) {
  sqlite3_str_appendf(o, ",\"%s\":\"", key);
  for (; *value; value++) {
    if (*value == '"' || *value == '\\') sqlite3_str_appendchar(o, 1, '\\');
    if ((unsigned char)*value >= ' ') sqlite3_str_appendchar(o, 1, *value);
  }
  sqlite3_str_appendchar(o, 1, '"');
}

static void member_upper(sqlite3_str *o, const char *key, const char *value) {
  char b[132];
  set_text(b, sizeof b, value, strlen(value));
  upper(b);
  member(o, key, b);
}

static void session_json(sqlite3_str *o, const Phys *p) {
  sqlite3_str_appendf(o, "{\"sid\":%d,\"serial\":%d", p->id, p->serial);
  member_upper(o, "user", p->user);
  member_upper(o, "schema", schema(p));
  member(o, "status", p->dead ? "KILLED" : p->busy ? "ACTIVE" : "INACTIVE");
  member(o, "module", p->module);
  member(o, "action", p->action);
  member(o, "info", p->client_info);
  member(o, "client", p->client_id);
  member(o, "service", p->home->name);
  sqlite3_str_appendall(o, "}");
}

/* V$SESSION as JSON */
static void f_sessions(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  const Phys *self = sqlite3_user_data(c);
  sqlite3_str *o = sqlite3_str_new(0);
  const char *before = "[";
  pthread_mutex_lock(&self->home->mu);
  for (const Phys *p = self->home->sessions; p; p = p->next, before = ",") {
    sqlite3_str_appendall(o, before);
    session_json(o, p);
  }
  pthread_mutex_unlock(&self->home->mu);
  sqlite3_str_appendall(o, "]");
  sqlite3_result_text(c, sqlite3_str_finish(o), -1, sqlite3_free);
}

/* NLS_SESSION_PARAMETERS as JSON */
static void f_nls(sqlite3_context *c, int n UNUSED, sqlite3_value **v UNUSED) {
  static const char *const names[] = {"NLS_LANGUAGE",    "NLS_TERRITORY",        "NLS_NUMERIC_CHARACTERS",
                                      "NLS_DATE_FORMAT", "NLS_TIMESTAMP_FORMAT", "NLS_TIMESTAMP_TZ_FORMAT"};
  sqlite3_str *o = sqlite3_str_new(0);
  sqlite3_str_appendall(o, "{\"NLS_CHARACTERSET\":\"AL32UTF8\"");
  for (size_t i = 0; i < COUNT(names); i++) member(o, names[i], setting(sqlite3_user_data(c), names[i]));
  sqlite3_str_appendall(o, "}");
  sqlite3_result_text(c, sqlite3_str_finish(o), -1, sqlite3_free);
}

void functions_dictionary(Phys *p, sqlite3 *db) {
  static const Registration list[] = {{"ora_sessions", 0, f_sessions, 0}, {"ora_nls", 0, f_nls, 0}};
  register_all(p, db, list, COUNT(list));
}
