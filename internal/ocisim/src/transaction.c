/* transaction.c - begins and ends transactions; makes statements atomic. */
#include "ocisim.h"

/* everything that the transaction reads is as of now */
static const char snapshot[] = "BEGIN; SELECT 1 FROM dual";

static int start(Phys *p, const char *sql, Err *e) {
  if (sqlite3_exec(p->db, sql, 0, 0, 0)) {
    int rc = sql_error(p, e);
    if (!sqlite3_get_autocommit(p->db)) sqlite3_exec(p->db, "ROLLBACK", 0, 0, 0);
    return rc;
  }
  p->in_txn = 1;
  return 0;
}

/* takes the lock to write; in a serializable transaction the first writer wins */
int sql_begin(Phys *p, Err *e) {
  if (p->read_only && p->in_txn)
    return fail(e, 1456, "may not perform insert/delete/update operation inside a READ ONLY transaction");
  return p->in_txn ? 0 : start(p, "BEGIN IMMEDIATE", e);
}

int sql_snapshot(Phys *p, Err *e) {
  return p->serializable && !p->in_txn ? start(p, snapshot, e) : 0;
}

static void ended(Phys *p) {
  p->in_txn = p->read_only = 0;
  p->txn++;
}

int sql_end(Phys *p, const char *verb, Err *e) {
  if (!p->in_txn) return 0;
  temporary_tables_empty(p);
  if (sqlite3_exec(p->db, verb, 0, 0, 0)) return sql_error(p, e);
  ended(p);
  return 0;
}

void sql_abandon(Phys *p) {
  if (p->in_txn) sqlite3_exec(p->db, "ROLLBACK", 0, 0, 0);
  ended(p);
}

/* SET TRANSACTION READ ONLY | ISOLATION LEVEL SERIALIZABLE */
int set_transaction(Phys *p, const Code *c, int i, Err *e) {
  int only = at(c, i + 2, "READ") && at(c, i + 3, "ONLY"), serializable = 0;
  for (int k = i; k < c->ntok; k++) serializable |= at(c, k, "SERIALIZABLE");
  if (p->in_txn) return fail(e, 1453, "SET TRANSACTION must be first statement of transaction");
  if (!only && !serializable) return 0;
  if (start(p, snapshot, e)) return OCI_ERROR;
  p->read_only = only;
  return 0;
}

Atom atom_begin(Phys *p) {
  Atom a = {.began = !p->in_txn, .txn = p->txn};
  if (!a.began && !p->read_only) a.mark = !sqlite3_exec(p->db, "SAVEPOINT ocisim_statement", 0, 0, 0);
  return a;
}

void atom_end(Phys *p, Atom a, int failed) {
  if (a.began) {
    if (failed && p->in_txn) sql_abandon(p);
    return;
  }
  if (!a.mark || a.txn != p->txn) return;
  if (failed) sqlite3_exec(p->db, "ROLLBACK TO ocisim_statement", 0, 0, 0);
  sqlite3_exec(p->db, "RELEASE ocisim_statement", 0, 0, 0);
}
