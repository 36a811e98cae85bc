/* errors.c - Oracle's error numbers: their texts, and which of them end a session. */
#include "ocisim.h"
#include <stdarg.h>

static const struct {
  int code;
  const char *text;
} texts[] = {
    {1, "unique constraint violated"},
    {18, "maximum number of sessions exceeded"},
    {20, "maximum number of processes (300) exceeded"},
    {28, "your session has been killed"},
    {54, "resource busy and acquire with NOWAIT specified or timeout expired"},
    {60, "deadlock detected while waiting for resource"},
    {257, "Archiver error. Connect AS SYSDBA only until resolved."},
    {600, "internal error code, arguments: [ocisim]"},
    {604, "error occurred at recursive SQL level 1"},
    {900, "invalid SQL statement"},
    {932, "inconsistent datatypes"},
    {942, "table or view does not exist"},
    {1000, "maximum open cursors exceeded"},
    {1008, "not all variables bound"},
    {1012, "not logged on"},
    {1013, "user requested cancel of current operation"},
    {1017, "invalid username/password; logon denied"},
    {1033, "ORACLE initialization or shutdown in progress"},
    {1034, "ORACLE not available"},
    {1089, "immediate shutdown or close in progress - no operations are permitted"},
    {1092, "ORACLE instance terminated. Disconnection forced"},
    {1403, "no data found"},
    {1555, "snapshot too old: rollback segment number  with name \"\" too small"},
    {1653, "unable to extend table by 128 in tablespace USERS"},
    {1821, "date format not recognized"},
    {1830, "date format picture ends before converting entire input string"},
    {1843, "not a valid month"},
    {1846, "not a valid day of the week"},
    {1847, "day of month must be between 1 and last day of month"},
    {1850, "hour must be between 0 and 23"},
    {1851, "minutes must be between 0 and 59"},
    {1852, "seconds must be between 0 and 59"},
    {1861, "literal does not match format string"},
    {1867, "the interval is invalid"},
    {2396, "exceeded maximum idle time, please connect again"},
    {3113, "end-of-file on communication channel"},
    {3114, "not connected to ORACLE"},
    {3135, "connection lost contact"},
    {3136, "inbound connection timed out"},
    {3156, "OCI call timed out"},
    {4068, "existing state of packages has been discarded"},
    {8177, "can't serialize access for this transaction"},
    {12154, "TNS:could not resolve the connect identifier specified"},
    {12170, "TNS:Connect timeout occurred"},
    {12505, "TNS:listener does not currently know of SID given in connect descriptor"},
    {12514, "TNS:listener does not currently know of service requested in connect descriptor"},
    {12516, "TNS:listener could not find available handler with matching protocol stack"},
    {12519, "TNS:no appropriate service handler found"},
    {12520, "TNS:listener could not find available handler for requested type of server"},
    {12528, "TNS:listener: all appropriate instances are blocking new connections"},
    {12537, "TNS:connection closed"},
    {12541, "TNS:no listener"},
    {12545, "Connect failed because target host or object does not exist"},
    {12547, "TNS:lost contact"},
    {24418, "Cannot open further sessions."},
    {24457, "OCISessionGet() could not find a free session in the specified timeout period"},
    {25408, "can not safely replay call"},
    {28000, "The account is locked."},
    {28001, "the password has expired"},
};

static const char *text_of(int code) {
  for (size_t i = 0; i < COUNT(texts); i++)
    if (texts[i].code == code) return texts[i].text;
  return "error injected by ocisim";
}

int fail(Err *e, int code, const char *fmt, ...) {
  int n = snprintf(e->f.msg, sizeof e->f.msg, "ORA-%05d: ", code);
  va_list a;
  va_start(a, fmt);
  vsnprintf(e->f.msg + n, sizeof e->f.msg - (size_t)n, fmt ? fmt : text_of(code), a);
  va_end(a);
  e->f.code = code;
  return OCI_ERROR;
}

int fail_as(Err *e, const Fail *f) {
  e->f = *f;
  return OCI_ERROR;
}

int fatal_code(int code) {
  static const int fatal[] = {22,    28,    31,    45,    378,   602,   603,   609,  1012,
                              1041,  1043,  1089,  1092,  2396,  3113,  3114,  3122, 3135,
                              12153, 12537, 12547, 12570, 12583, 27146, 28511, 56600};
  for (size_t i = 0; i < COUNT(fatal); i++)
    if (fatal[i] == code) return 1;
  return 0;
}
