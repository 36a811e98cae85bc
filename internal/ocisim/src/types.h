/* types.h - the types that the files of the double share. */
#ifndef TYPES_H
#define TYPES_H
#define _GNU_SOURCE
#include <ctype.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
#define UNUSED __attribute__((unused))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { PATH_SIZE = 512, NAME_SIZE = 160, TRACE_LINE = 2048, MAX_RULES = 64, SCRATCH = 256, MAX_INTO = 64 };

typedef struct Hdr {
  uint32_t type;
} Hdr; /* first member of every handle */
typedef struct {
  Hdr h;
  uint16_t cs, ncs;
} Env;

typedef struct {
  int code, row;
  char msg[512];
} Fail;
typedef struct {
  Hdr h;
  Fail f;
  Fail *batch;
  uint32_t nbatch;
} Err;

/* a rule of the control file; see control.c */
typedef struct {
  char op[16], match[64];
  int error, delay, hang, count, after;
} Rule;
typedef struct {
  ino_t ino;
  off_t size;
  int64_t sec, nsec;
} Stamp;

/* a sequence; it lives outside of transactions, as Oracle's do */
typedef struct Sequence {
  char name[64];
  int64_t next, step;
  struct Sequence *rest;
} Sequence;

/* a service: one database, its control file and its trace */
typedef struct Service {
  char name[NAME_SIZE];
  pthread_mutex_t mu; /* protects what follows */
  struct Phys *sessions;
  int open;
  Rule rules[MAX_RULES];
  int nrules, limit, limit_error, kills;
  Stamp seen; /* of the control file */
  unsigned version;
  int trace_fd;
  Sequence *sequences;
  struct Service *next;
} Service;

/* a setting of a session: NLS_DATE_FORMAT, TIME_ZONE... */
typedef struct Setting {
  char name[32], value[100];
  struct Setting *next;
} Setting;

/* one simulated server session: a SQLite connection and the state of its calls */
typedef struct Phys {
  sqlite3 *db;
  int id, serial;
  Service *home;
  struct Phys *next;  /* of home->sessions */
  pthread_mutex_t mu; /* protects the next line and the end of the transaction; locked after home->mu */
  int dead, told, busy, cancel;
  pthread_cond_t cv;
  int64_t deadline; /* ms, 0: none */
  time_t created, used;
  char user[132];
  /* read by other sessions under home->mu */
  char module[64], action[64], client_info[64], client_id[64], schema[132];
  Setting *settings;
  /* the transaction */
  int in_txn, read_only, serializable, lock_wait_ms; /* lock_wait_ms: -1: the default */
  unsigned txn;                                      /* counts ends of transactions */
  uint64_t rowcount;                                 /* SQL%ROWCOUNT */
  Fail raised;                                       /* by an SQL function */
  struct Frame *frame;                               /* of the PL/SQL that runs */
  int depth;                                         /* of PL/SQL calls */
  int temporary;                                     /* it has made temporary tables */
} Phys;

typedef struct KV {
  char key[64];
  void *val;
  struct KV *next;
} KV;
typedef struct {
  Hdr h;
  char link[512], host[NAME_SIZE], service[NAME_SIZE];
  int port;
  int64_t patience; /* ?connect_timeout, ms */
  uint32_t recv_timeout;
  uint8_t brk;
  Service *home;
  Phys *phys;
} Srv;
typedef struct {
  Hdr h;
  char user[132], pass[132], schema[132], module[64], action[64], client_info[64], client_id[64];
  KV *kv;
  Phys *phys;
} Ses;

struct Pool;
struct Stmt;
typedef struct Svc {
  Hdr h;
  Srv *srv;
  Ses *ses;
  Phys *phys;
  struct Pool *pool;
  uint32_t call_timeout, cache_size;
  struct Stmt *cache;
  struct Svc *next;
} Svc;
typedef struct Pool {
  Hdr h;
  char name[64], link[512], user[132], pass[132];
  uint32_t min, max, incr, busy, open, timeout, wait_timeout, max_life, cache_size, per_shard;
  uint8_t getmode;
  Svc *free;
  pthread_cond_t cv;
  struct Pool *next;
} Pool;

typedef int32_t (*InCb)(void *ctx, void *bind, uint32_t iter, uint32_t index, void **buf, uint32_t *len,
                        uint8_t *piece, void **ind);
typedef int32_t (*OutCb)(void *ctx, void *bind, uint32_t iter, uint32_t index, void **buf, uint32_t **len,
                         uint8_t *piece, void **ind, uint16_t **rc);
typedef int32_t (*DefCb)(void *ctx, void *def, uint32_t iter, void **buf, uint32_t **len, uint8_t *piece,
                         void **ind, uint16_t **rc);

/* a bind or a define: the caller's buffers for one variable */
typedef struct Var {
  Hdr h;
  struct Var *next;
  char *name;
  uint32_t pos;
  char *val;
  int64_t sz;
  uint16_t dty;
  int16_t *ind;
  uint32_t *len;
  uint16_t *rc;
  uint32_t maxarr, *curele, rows_returned; /* maxarr: a PL/SQL index-by table */
  void *ictx, *octx;
  InCb icb;
  OutCb ocb;
  DefCb dcb;
} Var;

/* type: SQLITE_xxx; p is owned, except where a function says that it lends */
typedef struct {
  int type;
  int64_t i;
  double d;
  char *p;
  uint32_t n;
} Value;
typedef struct {
  Hdr h;
  const char *name; /* lasting: ODPI-C asks for it once and keeps the pointer over later executions */
  uint16_t dty, size;
  int16_t prec;
  int8_t scale;
  uint8_t nullok;
} Column;

/* growing text */
typedef struct {
  char *p;
  size_t n, cap;
} Buf;

/* k: w word, n number, s string, q quoted name, b bind, p punctuation */
typedef struct Tok {
  char k;
  const char *s;
  int n;
  int bind;
} Tok;

/* a text cut into tokens; bind names by position */
typedef struct {
  char *text;
  Tok *tok;
  int ntok, cap;
  char **bname;
  int nbind;
  int hint_error, hint_delay; /* of an ocisim comment */
} Code;

/* how a column is called that SQLite would call by the translated text */
typedef struct {
  char *emitted, *source;
} Name;
typedef struct {
  Name *list;
  int n;
} Names;

/* where a row goes: numbers of binds, or of locals above the binds */
typedef struct {
  int n, to[MAX_INTO];
} Into;

typedef struct {
  Value *rows;
  size_t nrows, cap;
  uint32_t ncols;
  Column *cols;
} Result;

typedef struct Stmt {
  Hdr h;
  Svc *svc;
  Code code;
  uint16_t type;
  uint8_t returning;
  Var *binds, *defs;
  sqlite3_stmt *st; /* the prepared form */
  Into into;        /* RETURNING INTO */
  Names names;
  Result res;
  size_t cur;
  uint32_t fetched, prefetch, ncounts;
  uint64_t rowcount, *counts;
  uint16_t erroff;
  char sqlid[14];
  struct Stmt *next;
} Stmt;

typedef struct {
  Hdr h;
  int16_t y;
  uint8_t mo, d, hh, mi, ss;
  uint32_t fs;
  int8_t tzh, tzm;
} DT;
typedef struct {
  int16_t y;
  uint8_t mo, d, hh, mi, ss;
} OCIDate;
typedef struct {
  Hdr h;
  int32_t a[5];
} Ival;
typedef struct {
  Hdr h;
  char *p;
  size_t n;
  int clob, temp, open, init;
} Lob;

/* a PL/SQL variable; items: an index-by table from 1 on */
typedef struct Local {
  char name[64], type[32];
  int id, size, scale, table, code; /* code: of an exception */
  Value v;
  Value *items;
  int nitems;
  struct Local *next;
} Local;

/* one activation of PL/SQL: its text, its binds, its variables */
typedef struct Frame {
  Phys *p;
  Stmt *s; /* whose binds; 0 in a stored routine */
  const Code *c;
  const char *routine; /* 0: an anonymous block */
  Local *locals;
  int nlocals;
  int at;       /* the statement that runs: its first token */
  Value result; /* of RETURN */
  Fail handled; /* what a handler handles: SQLCODE, SQLERRM, RAISE */
  Err *e;
  struct Frame *up;
} Frame;

#endif
