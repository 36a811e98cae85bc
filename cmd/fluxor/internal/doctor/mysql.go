// This file examines MySQL and MariaDB.

package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (x *exam) mysqlVersion(ctx context.Context) error {
	var text string
	if err := x.c.QueryRowContext(ctx, "SELECT VERSION()").Scan(&text); err != nil {
		return err
	}
	p := mySQL
	if strings.Contains(strings.ToLower(text), "mariadb") {
		p, text = mariaDB, strings.TrimPrefix(text, "5.5.5-") // old servers hide behind it
	}
	s, ok := seriesOf(text)
	if !ok {
		x.check("server.version", "%s", text)
		return nil
	}
	x.version(p, s, text)
	return nil
}

var mysqlNames = []string{
	"sql_mode", "time_zone", "system_time_zone", "autocommit", "wait_timeout", "interactive_timeout", "character_set_client",
	"character_set_connection", "collation_connection", "tx_isolation", "transaction_isolation", "lower_case_table_names", "max_allowed_packet",
}

func (x *exam) mysqlSettings(ctx context.Context) error {
	values, err := x.texts(ctx, "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_connections', 'max_user_connections', 'max_prepared_stmt_count', '"+strings.Join(mysqlNames, "', '")+"')")
	if err != nil {
		return err
	}
	x.settings(values, mysqlNames...)
	if mode := values["sql_mode"]; !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		x.find("FX-1601", "sql_mode is %q", mode)
	}
	if v := values["autocommit"]; v == "OFF" {
		x.find("FX-1602", "autocommit is %s", v)
	}
	if v := values["character_set_client"]; v != "utf8mb4" {
		x.find("FX-1603", "character_set_client is %s", v)
	}
	if v := values["tx_isolation"] + values["transaction_isolation"]; !strings.HasPrefix(v, "REPEATABLE-READ") {
		x.find("FX-1403", "transaction_isolation is %s", v)
	}
	if err := x.mysqlLimits(values); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(values["wait_timeout"])
	x.idle("wait_timeout", time.Duration(seconds)*time.Second)
	return err
}

// mysqlLimits takes the lower limit of the server's and the account's.
func (x *exam) mysqlLimits(values map[string]string) error {
	most, err := strconv.Atoi(values["max_connections"])
	if err != nil {
		return err
	}
	if own, _ := strconv.Atoi(values["max_user_connections"]); own > 0 { // 0 is none
		most = min(most, own)
	}
	x.limits(most)
	if statements, err := strconv.Atoi(values["max_prepared_stmt_count"]); err == nil {
		x.statements(statements, most)
	}
	return nil
}

// statements compares the server's limit of prepared statements with what the
// statement caches of the connections may hold, of which the server grants some.
func (x *exam) statements(limit, granted int) {
	x.check("server.max_prepared_stmt_count", "%d", limit)
	size, conns := x.kept(), x.understood.Config.MaxOpenConns
	if conns == 0 || conns > granted {
		conns = granted
	}
	if size*conns > limit {
		x.find("FX-1505", "%d statements (fluxor_stmt_cache_size) on %d connections are %d, the server grants %d", size, conns, size*conns, limit)
	}
}

// mysqlClock compares the zone in which the server's session writes times with
// the one in which the driver reads them.
func (x *exam) mysqlClock(ctx context.Context) error {
	cfg := x.at.mysql
	x.check("dsn.parseTime", "%t", cfg.ParseTime)
	x.check("dsn.loc", "%s", cfg.Loc)
	if !cfg.ParseTime {
		x.find("FX-1604", "parseTime is false")
		return nil
	}
	var server int
	if err := x.c.QueryRowContext(ctx, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())").Scan(&server); err != nil {
		return err
	}
	if _, own := time.Now().In(cfg.Loc).Zone(); own != server {
		x.find("FX-1605", "the session is at %s, the driver reads times as %s", offset(server), cfg.Loc)
	}
	return nil
}

// offset writes seconds east of UTC as a zone.
func offset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%02d:%02d", sign, seconds/3600, seconds/60%60)
}

func (x *exam) mysqlTLS(ctx context.Context) error {
	values, err := x.texts(ctx, "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')")
	if err != nil {
		return err
	}
	words := slices.DeleteFunc([]string{values["Ssl_version"], values["Ssl_cipher"]}, func(s string) bool { return s == "" })
	x.encryption(len(words) > 0, strings.Join(words, ", "))
	return nil
}
