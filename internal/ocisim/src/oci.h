/* oci.h - numbers of the public OCI headers: return codes, handles, data types, statements, modes. */
#ifndef OCI_H
#define OCI_H

/* return codes, handle and descriptor types: values of the public OCI headers */
enum {
  OCI_SUCCESS = 0,
  OCI_SUCCESS_WITH_INFO = 1,
  OCI_NO_DATA = 100,
  OCI_ERROR = -1,
  OCI_INVALID_HANDLE = -2
};
enum {
  HT_ENV = 1,
  HT_ERROR,
  HT_SVCCTX,
  HT_STMT,
  HT_BIND,
  HT_DEFINE,
  HT_DESCRIBE,
  HT_SERVER,
  HT_SESSION,
  HT_TRANS,
  HT_SPOOL = 27,
  DT_LOB = 50,
  DT_PARAM = 53,
  DT_ROWID = 54,
  DT_INT_YM = 62,
  DT_INT_DS = 63,
  DT_TS = 68,
  DT_TS_TZ = 69,
  DT_TS_LTZ = 70
};
/* external data types (SQLT_xxx) */
enum {
  T_CHR = 1,
  T_NUM = 2,
  T_INT = 3,
  T_VNU = 6,
  T_LNG = 8,
  T_DAT = 12,
  T_BFLOAT = 21,
  T_BDOUBLE = 22,
  T_BIN = 23,
  T_UIN = 68,
  T_AFC = 96,
  T_IBFLOAT = 100,
  T_IBDOUBLE = 101,
  T_CLOB = 112,
  T_BLOB = 113,
  T_RSET = 116,
  T_ODT = 156,
  T_TS = 187,
  T_TSTZ = 188,
  T_IYM = 189,
  T_IDS = 190,
  T_TSLTZ = 232,
  T_BOL = 252
};
/* statement types */
enum {
  ST_OTHER = 0,
  ST_SELECT,
  ST_UPDATE,
  ST_DELETE,
  ST_INSERT,
  ST_CREATE,
  ST_DROP,
  ST_ALTER,
  ST_BEGIN,
  ST_DECLARE,
  ST_CALL,
  ST_MERGE = 16,
  ST_ROLLBACK = 17,
  ST_COMMIT = 21
};
/* OCIStmtExecute modes */
enum { M_DESCRIBE = 0x10, M_COMMIT = 0x20, M_BATCH_ERRORS = 0x80, M_PARSE = 0x100 };

#endif
