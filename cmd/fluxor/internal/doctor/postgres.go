// This file examines PostgreSQL.

package doctor

import (
	"context"
	"strconv"
	"time"
)

func (x *exam) postgresVersion(ctx context.Context) error {
	var text string
	if err := x.c.QueryRowContext(ctx, "SHOW server_version").Scan(&text); err != nil {
		return err
	}
	s, ok := seriesOf(text)
	if !ok {
		x.check("server.version", "%s", text)
		return nil
	}
	if s.major >= 10 {
		s.minor = 0 // the second number is a bug fix release
	}
	x.version(postgreSQL, s, text)
	return nil
}

// postgresNames are the settings that are reported.
var postgresNames = []string{
	"TimeZone", "DateStyle", "search_path", "default_transaction_isolation", "default_transaction_read_only", "statement_timeout",
	"lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "standard_conforming_strings", "server_encoding", "client_encoding",
}

func (x *exam) postgresSettings(ctx context.Context) error {
	values, err := x.texts(ctx, "SELECT name, setting FROM pg_settings")
	if err != nil {
		return err
	}
	x.settings(values, postgresNames...)
	if v := values["standard_conforming_strings"]; v == "off" {
		x.find("FX-1401", "standard_conforming_strings is %s", v)
	}
	if server, client := values["server_encoding"], values["client_encoding"]; server != "UTF8" || client != "UTF8" {
		x.find("FX-1402", "server_encoding is %s, client_encoding is %s", server, client)
	}
	if v := values["default_transaction_isolation"]; v != "read committed" {
		x.find("FX-1403", "default_transaction_isolation is %s", v)
	}
	most, err := strconv.Atoi(values["max_connections"])
	if err != nil {
		return err
	}
	for _, kept := range []string{"superuser_reserved_connections", "reserved_connections"} {
		n, _ := strconv.Atoi(values[kept]) // the second exists since version 16
		most -= n
	}
	x.limits(most)
	ms, _ := strconv.Atoi(values["idle_session_timeout"]) // exists since version 14
	x.idle("idle_session_timeout", time.Duration(ms)*time.Millisecond)
	return nil
}

// postgresTLS asks the server. Where something stands in between, that tells of
// the way behind it; then only the DSN says what the way before it is like.
func (x *exam) postgresTLS(ctx context.Context) error {
	if x.between() {
		switch x.at.tls {
		case tlsOff:
			x.encryption(false, "")
		case tlsOptional:
			x.check("tls", "not known; the DSN says: %s", x.at.tls)
		default:
			x.encryption(true, "on, to what stands in between")
		}
		return nil
	}
	var on bool
	var version string
	err := x.c.QueryRowContext(ctx, "SELECT ssl, coalesce(version, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&on, &version)
	if err != nil {
		return err
	}
	x.encryption(on, version)
	return nil
}

// between reports whether a finding says that something stands in between.
func (x *exam) between() bool {
	for _, f := range x.Findings {
		if f.ID == "FX-1801" || f.ID == "FX-1802" {
			return true
		}
	}
	return false
}
