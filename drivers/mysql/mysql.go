// This file registers go-sql-driver/mysql as a backend of Fluxor.

// Package mysql brings MySQL and MariaDB through go-sql-driver/mysql. Import
// it for its effect:
//
//	import _ "github.com/fluxor-db/fluxor/drivers/mysql"
//
// It serves user:password@net(addr)/db DSNs and mysql:// URLs under "fluxor",
// and every DSN under the driver name "mysql-fluxor". Connections over tcp,
// tcp4, tcp6 and unix are watched on the wire; a dialer that the application
// registered with mysql.RegisterDialContext under another name is used as it
// is, one registered under these four names is not used.
package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor/backend"
	"github.com/fluxor-db/fluxor/internal/netshim"
)

func init() {
	backend.Register(backend.Backend{
		Name:         "mysql",
		Type:         "mysql",
		DriverName:   "mysql",
		Alias:        "mysql-fluxor",
		ImportPath:   "github.com/fluxor-db/fluxor/drivers/mysql",
		Forms:        []backend.Form{backend.FormMySQL},
		Open:         open,
		Classify:     classify,
		ErrorCodes:   codes,
		Terse:        terse,
		Owns:         owns,
		SharedStmts:  true,
		Keeping:      &backend.Keeping{Skips: skips, Age: age, Full: full},
		RefusedWhole: backend.MySQLRefusedWhole,
		Killing:      &backend.Killing{Identify: identify, Kill: kill},
	})
}

func owns(d driver.Driver) bool {
	switch d.(type) {
	case *mysql.MySQLDriver, mysql.MySQLDriver:
		return true
	}
	return false
}

// watched are the networks that net.Dialer dials. Others are those of
// mysql.RegisterDialContext; they keep their dialer and are not watched. A
// dialer registered for one of these names is passed over, because the driver
// does not tell of it: use fluxor.WrapConnector with Config.DialFunc.
var watched = []string{"tcp", "tcp4", "tcp6", "unix"}

// open refuses what the driver refuses, with its own error.
func open(dsn string) (driver.Connector, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if cfg.DialFunc == nil && slices.Contains(watched, cfg.Net) {
		cfg.DialFunc = DialFunc(nil)
	}
	return mysql.NewConnector(cfg)
}

// DialFunc wraps a dial function so that Fluxor can watch the wire; nil means
// net.Dialer, which is what the driver uses itself. Set it on a configuration
// of your own before you pass its connector to fluxor.WrapConnector:
//
//	cfg.DialFunc = fluxormysql.DialFunc(cfg.DialFunc)
//	c, err := mysql.NewConnector(cfg)
func DialFunc(base func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	if base == nil {
		base = (&net.Dialer{}).DialContext
	}
	return netshim.Dialer(base)
}

// classify reads the error's type, then its number.
func classify(err error) backend.Class {
	var me *mysql.MySQLError
	if errors.As(err, &me) {
		return backend.MySQLNumber(me.Number)
	}
	for _, dead := range []error{mysql.ErrInvalidConn, mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul} {
		if errors.Is(err, dead) {
			return backend.ClassDead
		}
	}
	return backend.Common(err)
}

// codes are the number, and the SQLSTATE where the server sent one.
func codes(err error) []string {
	var me *mysql.MySQLError
	if !errors.As(err, &me) {
		return nil
	}
	all := []string{strconv.Itoa(int(me.Number))}
	if state := strings.Trim(string(me.SQLState[:]), "\x00 "); len(state) == 5 {
		all = append(all, state)
	}
	return all
}

// dupKey is the end of the text of error 1062, which names the key after the value.
var dupKey = regexp.MustCompile(` for key '([^']*)'$`)

// terse leaves out every text: a statement may SIGNAL any error with a text of its
// own.
func terse(err error) string {
	var me *mysql.MySQLError
	if !errors.As(err, &me) {
		return ""
	}
	all := codes(me)
	text := "error " + all[0]
	if len(all) > 1 {
		text += " (SQLSTATE " + all[1] + ")"
	}
	if key := dupKey.FindStringSubmatch(me.Message); key != nil && me.Number == 1062 {
		text += ", key " + key[1]
	}
	return text
}

// skips: without interpolateParams the driver answers every text that has
// arguments by driver.ErrSkip (connection.go, query). Of that option a
// connection tells only by what it makes of a value that has no literal, which
// it looks at before it sends anything. A wrapper around it is not asked: it
// would take the question for a statement.
func skips(ci driver.Conn) bool {
	t := reflect.TypeOf(ci)
	if t.Kind() != reflect.Pointer || t.Elem().PkgPath() != reflect.TypeFor[mysql.MySQLDriver]().PkgPath() {
		return false
	}
	q, ok := ci.(driver.QueryerContext)
	if !ok {
		return false
	}
	r, err := q.QueryContext(context.Background(), "?", []driver.NamedValue{{Ordinal: 1, Value: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)}})
	if r != nil {
		_ = r.Close()
	}
	return err == driver.ErrSkip //nolint:errorlint // the contract of ErrSkip is identity
}

// age reads the error of a kept statement.
func age(err error, _ bool) backend.Age {
	var me *mysql.MySQLError
	if !errors.As(err, &me) {
		return backend.AgeFits
	}
	return backend.MySQLAge(me.Number)
}

// full reads the error of a failure to prepare.
func full(err error) bool {
	var me *mysql.MySQLError
	return errors.As(err, &me) && backend.MySQLFull(me.Number)
}
