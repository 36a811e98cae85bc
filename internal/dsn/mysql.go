// This file reads go-sql-driver's DSNs and translates mysql:// URLs into them.

package dsn

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// mysqlPlace follows go-sql-driver: the last slash begins the database name,
// the first question mark behind it the parameters.
func mysqlPlace(text string) place {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return place{start: -1}
	}
	mark := strings.IndexByte(text[slash:], '?')
	if mark >= 0 {
		mark += slash
	}
	return placeAfter(mark, len(text))
}

// mysqlAddress is what stands between the last @ and the last slash: nothing,
// net(addr), (addr), or one of the two networks that have a default address.
// An address with an = in it is a TNS descriptor.
var (
	mysqlAddress = regexp.MustCompile(`^([0-9A-Za-z_.+-]+\([^()]*\)|\([^()=]*\)|tcp|unix)?$`)
	mysqlParens  = regexp.MustCompile(`^(.*@)?([0-9A-Za-z_.+-]+\([^()]*\)|\([^()=]+\))/[^/]*$`)
)

// isMySQL reports whether text is a go-sql-driver DSN with an @: without one it
// cannot be told from a path.
func isMySQL(text string) bool {
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return false
	}
	at := strings.LastIndexByte(text[:slash], '@')
	return at >= 0 && mysqlAddress.MatchString(text[at+1:slash])
}

// isNative reports whether net(addr) stands in the place of the host of what
// follows mysql://. The parameters may have slashes and an @ too, so the text
// before the first ? decides, unless that stands in the password.
func isNative(rest string) bool {
	before, _, _ := strings.Cut(rest, "?")
	if strings.Contains(before, "/") {
		return mysqlParens.MatchString(before)
	}
	return mysqlParens.MatchString(rest)
}

// translateMySQL turns mysql://user:password@host:port/db?a=b into
// user:password@tcp(host:port)/db?a=b.
//
// User and password are percent-decoded, since go-sql-driver takes them as they
// are. A missing port becomes 3306, a missing host the driver's default.
// Slashes behind the one that begins the database name are written %2F. Where
// net(addr) stands in the place of the host, only mysql:// is cut off.
func translateMySQL(text string) (string, error) {
	rest, ok := strings.CutPrefix(text, "mysql://")
	if !ok || isNative(rest) {
		return rest, nil
	}
	authority, tail, ok := strings.Cut(rest, "/")
	if !ok {
		return "", errors.New("fluxor: a mysql:// DSN needs a / after the host, also where no database name follows")
	}
	var user string
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		var err error
		if user, err = mysqlUser(authority[:at]); err != nil {
			return "", err
		}
		authority = authority[at+1:]
	}
	host, err := mysqlHost(authority)
	if err != nil {
		return "", err
	}
	return user + host + "/" + strings.ReplaceAll(tail, "/", "%2F"), nil
}

// mysqlUser decodes user[:password] and adds the @.
func mysqlUser(info string) (string, error) {
	name, password, colon := strings.Cut(info, ":")
	name, err := url.PathUnescape(name)
	if err != nil {
		return "", errors.New("fluxor: the user of the mysql:// DSN has a % without two hexadecimal digits after it")
	}
	if strings.Contains(name, ":") {
		return "", errors.New("fluxor: a user name with a colon cannot be written in a MySQL DSN; use mysql.Config and fluxor.WrapConnector")
	}
	password, err = url.PathUnescape(password)
	if err != nil {
		return "", errors.New("fluxor: the password of the mysql:// DSN has a % without two hexadecimal digits after it; a percent sign itself is written %25")
	}
	if colon {
		name += ":" + password
	}
	return name + "@", nil
}

var (
	plainHost = regexp.MustCompile(`^(\[[0-9A-Fa-f:.%]+\]|[^\[\]:?#()@ ]*)$`)
	plainPort = regexp.MustCompile(`^[0-9]{1,5}$`)
)

// mysqlHost turns host[:port] into tcp(host:port).
func mysqlHost(authority string) (string, error) {
	if authority == "" {
		return "", nil
	}
	host, port := authority, "3306"
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	if !plainHost.MatchString(host) || !plainPort.MatchString(port) {
		return "", errors.New("fluxor: the mysql:// DSN is not mysql://user:password@host:port/db; in user and password write / as %2F, @ as %40, : as %3A, ? as %3F")
	}
	return "tcp(" + net.JoinHostPort(strings.Trim(host, "[]"), port) + ")", nil
}
