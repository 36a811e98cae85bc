// This file classifies the error numbers of MySQL and MariaDB.

package backend

import (
	"strings"
	"unicode"
)

// MySQLNumber says what a server error number means for the connection (MySQL
// 8.4 "Server Error Message Reference", MariaDB "Error Codes"). The number
// decides and not the SQLSTATE: 1040 comes with an empty one. A number that is
// not listed is a verdict.
func MySQLNumber(n uint16) Class {
	switch n {
	case 1040, // ER_CON_COUNT_ERROR
		1135, // ER_CANT_CREATE_THREAD
		1203, // ER_TOO_MANY_USER_CONNECTIONS
		1226: // ER_USER_LIMIT_REACHED
		return ClassTooMany
	case 1044, 1045, // access denied
		1129, 1130, // host blocked, host not privileged
		1251, 1698, // client authentication not supported
		1862, // ER_MUST_CHANGE_PASSWORD_LOGIN: the password has expired
		3118, // MySQL ER_ACCOUNT_HAS_BEEN_LOCKED
		3955, // MySQL ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK
		4150, // MariaDB ER_USER_IS_BLOCKED: too many wrong passwords
		4151: // MariaDB ER_ACCOUNT_HAS_BEEN_LOCKED
		return ClassLogin
	case 1053, 1077, 1079, // ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_SHUTDOWN_COMPLETE
		1927,                   // MariaDB ER_CONNECTION_KILLED
		4031,                   // MySQL ER_CLIENT_INTERACTION_TIMEOUT
		1152, 1158, 1159, 1160, // aborted connection, network packet errors
		1161, 1184:
		return ClassFatal
	case 1047: // ER_UNKNOWN_COM_ERROR: Galera node not ready
		return ClassUnavailable
	case 1021, 1026, // ER_DISK_FULL, ER_ERROR_ON_WRITE
		1037, 1041: // ER_OUTOFMEMORY, ER_OUT_OF_RESOURCES
		return ClassSick
	}
	if n >= 2000 && n < 3000 {
		return ClassDead // a client's number (CR_SERVER_LOST, ...): a proxy in between lost its server
	}
	return ClassVerdict
}

// MySQLRefusedWhole is [Backend.RefusedWhole] for go-sql-driver's
// rejectReadOnly, upon which the driver makes driver.ErrBadConn of the errors
// 1290, 1792 and 1836 (packets.go, handleErrorPacket). One plain change of rows
// or tables is refused whole; of a procedure or of several statements the first
// part may have taken effect.
func MySQLRefusedWhole(sql string) bool {
	sql = strings.TrimSpace(sql)
	if sql == "" {
		return true
	}
	end := strings.IndexFunc(sql, unicode.IsSpace)
	switch strings.ToLower(sql[:max(end, 0)]) {
	case "insert", "update", "delete", "replace", "create", "alter", "drop", "truncate", "rename":
		return !strings.Contains(strings.TrimSuffix(sql, ";"), ";")
	}
	return false
}
