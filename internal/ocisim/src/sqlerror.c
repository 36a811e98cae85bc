/* sqlerror.c - what SQLite complains about, in Oracle's numbers. */
#include "ocisim.h"

/* "t.a" of "... failed: t.a, t.b" */
static const char *detail(const char *m) {
  const char *colon = strrchr(m, ':');
  return colon && colon[1] == ' ' ? colon + 2 : m;
}

static int constraint_error(const Phys *p, int ext, const char *m, Err *e) {
  char what[200], column[400];
  set_text(what, sizeof what, detail(m), strlen(detail(m)));
  upper(what);
  const char *dot = strchr(what, '.');
  char owner[132];
  set_text(owner, sizeof owner, p->user, strlen(p->user));
  upper(owner);
  switch (ext) {
  case SQLITE_CONSTRAINT_UNIQUE:
  case SQLITE_CONSTRAINT_PRIMARYKEY:
  case SQLITE_CONSTRAINT_ROWID: return fail(e, 1, "unique constraint (%s.%s) violated", owner, what);
  case SQLITE_CONSTRAINT_NOTNULL:
    snprintf(column, sizeof column, "\"%.*s\".\"%s\"", dot ? (int)(dot - what) : 0, what,
             dot ? dot + 1 : what);
    return fail(e, 1400, "cannot insert NULL into (\"%s\".%s)", owner, column);
  case SQLITE_CONSTRAINT_CHECK: return fail(e, 2290, "check constraint (%s.%s) violated", owner, what);
  case SQLITE_CONSTRAINT_FOREIGNKEY:
    return fail(e, 2291, "integrity constraint (%s) violated - parent key not found", owner);
  default: return 0;
  }
}

static const struct {
  const char *part;
  int code;
  const char *text; /* 0: the usual one; %s: the detail */
} parse_errors[] = {
    {"no such table", 942, "table or view does not exist"},
    {"no such view", 942, "table or view does not exist"},
    {"no such trigger", 4080, "trigger does not exist"},
    {"no such column", 904, "\"%s\": invalid identifier"},
    {"no such function", 904, "\"%s\": invalid identifier"},
    {"has no column", 904, "\"%s\": invalid identifier"},
    {"wrong number of arguments", 909, "invalid number of arguments"},
    {"ambiguous column", 918, "\"%s\": column ambiguously defined"},
    {"misuse of aggregate", 934, "group function is not allowed here"},
    {"already exists", 955, "name is already used by an existing object"},
    {"already another table or index", 955, "name is already used by an existing object"},
    {"duplicate column name", 957, "duplicate column name"},
    {"no such index", 1418, "specified index does not exist"},
    {"no such savepoint", 1086, "savepoint never established in this session or is invalid"},
    {"Cannot add a NOT NULL column", 1758, "table must be empty to add mandatory (NOT NULL) column"},
    {"same number of result columns", 1789, "query block has incorrect number of result columns"},
    {"datatype mismatch", 1722, "invalid number"},
    {"more than one primary key", 2260, "table can have only one primary key"},
    {"integer overflow", 1426, "numeric overflow"},
};

/* how many values an INSERT has, and how many columns */
static int count_error(const char *m, Err *e) {
  int values, columns;
  const char *has = strstr(m, " has ");
  int counted = sscanf(m, "%d values for %d columns", &values, &columns) == 2 ||
                (has && sscanf(has, " has %d columns but %d values", &columns, &values) == 2);
  if (!counted) return 0;
  return values < columns ? fail(e, 947, "not enough values") : fail(e, 913, "too many values");
}

static int parse_error(const char *m, Err *e) {
  char what[100];
  if (count_error(m, e)) return OCI_ERROR;
  set_text(what, sizeof what, detail(m), strlen(detail(m)));
  upper(what);
  for (size_t i = 0; i < COUNT(parse_errors); i++) {
    if (!strstr(m, parse_errors[i].part)) continue;
    if (!strstr(parse_errors[i].text, "%s")) return fail(e, parse_errors[i].code, "%s", parse_errors[i].text);
    return fail(e, parse_errors[i].code, "\"%s\": %s", what, strstr(parse_errors[i].text, ": ") + 2);
  }
  return fail(e, 900, "invalid SQL statement (ocisim: %s)", m);
}

int sql_error(Phys *p, Err *e) {
  const char *m = sqlite3_errmsg(p->db);
  int rc = sqlite3_errcode(p->db), ext = sqlite3_extended_errcode(p->db), end = interrupted(p);
  int busy = rc == SQLITE_BUSY || rc == SQLITE_LOCKED;
  if (p->raised.code) {
    fail_as(e, &p->raised);
    p->raised.code = 0;
    return OCI_ERROR;
  }
  if (rc == SQLITE_INTERRUPT || (busy && end)) return fail(e, end ? end : 1013, 0);
  if (rc == SQLITE_CONSTRAINT && constraint_error(p, ext, m, e)) return OCI_ERROR;
  if (ext == SQLITE_BUSY_SNAPSHOT) return fail(e, 8177, 0);
  if (busy && p->lock_wait_ms > 0) return fail(e, 30006, "resource busy; acquire with WAIT timeout expired");
  if (busy) return fail(e, 54, 0);
  if (rc == SQLITE_FULL) return fail(e, 1653, 0);
  if (rc == SQLITE_ERROR || rc == SQLITE_MISMATCH) return parse_error(m, e);
  return fail(e, 600, "internal error code, arguments: [ocisim], [%s]", m);
}
