/* database.c - the SQLite file behind a service, what a new one contains, and how a session opens it. */
#include "ocisim.h"

/* ocisim_objects, ocisim_source and so on are the dictionary; the views over them have Oracle's names */
static const char new_database[] =
    "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS ocisim_objects(name TEXT, type TEXT, owner TEXT, created TEXT, changed TEXT,"
    " id INTEGER PRIMARY KEY AUTOINCREMENT, UNIQUE(name, type));"
    "CREATE TABLE IF NOT EXISTS ocisim_source(name TEXT PRIMARY KEY, type TEXT, text TEXT);"
    "CREATE TABLE IF NOT EXISTS ocisim_temporary(name TEXT PRIMARY KEY, ddl TEXT, keep INTEGER);"
    "CREATE TABLE IF NOT EXISTS ocisim_depends(name TEXT, type TEXT, ref TEXT, UNIQUE(name, type, ref));"
    "CREATE TABLE IF NOT EXISTS ocisim_triggers(name TEXT PRIMARY KEY, tab TEXT, timing TEXT, event TEXT);"
    "CREATE TABLE IF NOT EXISTS dual(dummy VARCHAR2(1));"
    "INSERT INTO dual SELECT 'X' WHERE NOT EXISTS (SELECT 1 FROM dual);"
    "CREATE VIEW IF NOT EXISTS all_objects AS SELECT owner, name AS object_name, id AS object_id, type AS "
    "object_type,"
    " created, changed AS last_ddl_time, 'VALID' AS status,"
    " CASE WHEN name IN (SELECT name FROM ocisim_temporary) THEN 'Y' ELSE 'N' END AS temporary FROM "
    "ocisim_objects;"
    "CREATE VIEW IF NOT EXISTS user_objects AS SELECT object_name, object_id, object_type, created, "
    "last_ddl_time,"
    " status, temporary FROM all_objects;"
    "CREATE VIEW IF NOT EXISTS all_tables AS SELECT owner, object_name AS table_name, temporary FROM "
    "all_objects"
    " WHERE object_type = 'TABLE';"
    "CREATE VIEW IF NOT EXISTS user_tables AS SELECT table_name, temporary FROM all_tables;"
    "CREATE VIEW IF NOT EXISTS all_views AS SELECT owner, o.name AS view_name, s.text FROM ocisim_objects o"
    " JOIN ocisim_source s ON s.name = o.name WHERE o.type = 'VIEW';"
    "CREATE VIEW IF NOT EXISTS user_views AS SELECT view_name, text FROM all_views;"
    "CREATE VIEW IF NOT EXISTS all_dependencies AS SELECT o.owner, d.name, d.type, r.owner AS "
    "referenced_owner,"
    " d.ref AS referenced_name, r.type AS referenced_type, 'HARD' AS dependency_type FROM ocisim_depends d"
    " JOIN ocisim_objects o ON o.name = d.name AND o.type = d.type JOIN ocisim_objects r ON r.name = d.ref"
    " AND r.type IN ('TABLE', 'VIEW', 'FUNCTION', 'PROCEDURE', 'SEQUENCE');"
    "CREATE VIEW IF NOT EXISTS user_dependencies AS SELECT name, type, referenced_owner, referenced_name,"
    " referenced_type, dependency_type FROM all_dependencies;"
    "CREATE VIEW IF NOT EXISTS all_triggers AS SELECT o.owner, t.name AS trigger_name, t.timing || ' EACH "
    "ROW' AS"
    " trigger_type, t.event AS triggering_event, o.owner AS table_owner, t.tab AS table_name, 'ENABLED' AS "
    "status"
    " FROM ocisim_triggers t JOIN ocisim_objects o ON o.name = t.name AND o.type = 'TRIGGER';"
    "CREATE VIEW IF NOT EXISTS user_triggers AS SELECT trigger_name, trigger_type, triggering_event, "
    "table_owner,"
    " table_name, status FROM all_triggers;"
    "CREATE VIEW IF NOT EXISTS user_source AS SELECT name, type, 1 AS line, text FROM ocisim_source"
    " WHERE type <> 'VIEW';"
    "CREATE VIEW IF NOT EXISTS user_sequences AS SELECT object_name AS sequence_name FROM all_objects"
    " WHERE object_type = 'SEQUENCE';"
    "CREATE VIEW IF NOT EXISTS v$session AS SELECT CAST(value ->> 'sid' AS INTEGER) AS sid,"
    " CAST(value ->> 'serial' AS INTEGER) AS \"serial#\", value ->> 'user' AS username, value ->> 'status' "
    "AS status,"
    " value ->> 'schema' AS schemaname, nullif(value ->> 'module', '') AS module, nullif(value ->> 'action', "
    "'') AS"
    " action, nullif(value ->> 'info', '') AS client_info, nullif(value ->> 'client', '') AS "
    "client_identifier,"
    " value ->> 'service' AS service_name FROM json_each(ora_sessions());"
    "CREATE VIEW IF NOT EXISTS nls_session_parameters AS SELECT key AS parameter, value FROM "
    "json_each(ora_nls());"
    "COMMIT";

static int open_connection(const char *path, sqlite3 **db) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  int rc = sqlite3_open_v2(path, db, flags, 0);
  if (rc) return rc;
  sqlite3_busy_timeout(*db, 5000);
  sqlite3_exec(*db, "PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY", 0, 0, 0);
  sqlite3_db_config(*db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
  sqlite3_db_config(*db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
  if (!sqlite3_table_column_metadata(*db, 0, "dual", 0, 0, 0, 0, 0, 0)) return 0;
  return sqlite3_exec(*db, new_database, 0, 0, 0);
}

static sqlite3 *open_file(const char *path, Err *e) {
  static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; /* one session at a time makes a new database */
  sqlite3 *db = 0;
  pthread_mutex_lock(&mu);
  int rc = open_connection(path, &db);
  pthread_mutex_unlock(&mu);
  if (!rc) return db;
  fail(e, 12541, "TNS:no listener (ocisim: %.80s: %s)", path, db ? sqlite3_errmsg(db) : "no memory");
  sqlite3_close_v2(db);
  return 0;
}

static int on_progress(void *session) {
  return interrupted(session);
}

/* how long a writer waits for another, as for a row lock: OCISIM_LOCK_WAIT_MS, or what the statement says */
static int lock_wait(const Phys *p) {
  static int usual;
  if (p->lock_wait_ms >= 0) return p->lock_wait_ms;
  if (!usual) {
    const char *e = getenv("OCISIM_LOCK_WAIT_MS");
    usual = e && atoi(e) > 0 ? atoi(e) : 10000;
  }
  return usual;
}

static int on_busy(void *session, int count) {
  const Phys *p = session;
  if (interrupted(p) || count * 2 > lock_wait(p) || !lock_wait(p)) return 0;
  usleep(2000);
  return 1;
}

int sql_open(Phys *p, Err *e) {
  char path[PATH_SIZE];
  if (service_path(p->home, "db", path)) return fail(e, 12154, 0);
  sqlite3 *db = open_file(path, e);
  if (!db) return OCI_ERROR;
  p->lock_wait_ms = -1;
  sqlite3_busy_handler(db, on_busy, p);
  sqlite3_progress_handler(db, 2000, on_progress, p);
  functions_register(p, db);
  pthread_mutex_lock(&p->mu);
  p->db = db;
  pthread_mutex_unlock(&p->mu);
  return 0;
}
