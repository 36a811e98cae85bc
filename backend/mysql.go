// This file classifies the error numbers of MySQL and MariaDB.

package backend

// MySQLNumber says what a server error number means for the connection (MySQL
// 8.4 "Server Error Message Reference", MariaDB "Error Codes"). The number
// decides and not the SQLSTATE: 1040 comes with an empty one. A number that is
// not listed is a verdict.
func MySQLNumber(n uint16) Class {
	switch n {
	case 1040, // ER_CON_COUNT_ERROR
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
	case 1053, // ER_SERVER_SHUTDOWN
		1927,                   // MariaDB ER_CONNECTION_KILLED
		4031,                   // MySQL ER_CLIENT_INTERACTION_TIMEOUT
		1152, 1158, 1159, 1160, // aborted connection, network packet errors
		1161, 1184:
		return ClassFatal
	case 1047: // ER_UNKNOWN_COM_ERROR: Galera node not ready
		return ClassUnavailable
	}
	if n >= 2000 && n < 3000 {
		return ClassDead // a client's number (CR_SERVER_LOST, ...): a proxy in between lost its server
	}
	return ClassVerdict
}
