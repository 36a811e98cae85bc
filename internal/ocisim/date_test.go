//go:build unix && cgo

// This file tests dates: arithmetic, formats, intervals.

package ocisim_test

import (
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestDatesAreCalculatedAsOracleDoes(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (d date)", "insert into t values (timestamp '2024-01-31 13:45:10')")
	const iso = "'YYYY-MM-DD HH24:MI:SS'"
	for expression, want := range map[string]string{
		"to_char(d + 1, " + iso + ")":                                                        "2024-02-01 13:45:10",
		"to_char(d - 31, " + iso + ")":                                                       "2023-12-31 13:45:10",
		"to_char(d + 1/24, " + iso + ")":                                                     "2024-01-31 14:45:10",
		"to_char(1 + d + 1, " + iso + ")":                                                    "2024-02-02 13:45:10",
		"round(d - date '2024-01-01', 6)":                                                    "30.573032",
		"trunc(d) - date '2023-12-31'":                                                       "31",
		"to_char(trunc(d), " + iso + ")":                                                     "2024-01-31 00:00:00",
		"to_char(trunc(d, 'MM'), " + iso + ")":                                               "2024-01-01 00:00:00",
		"to_char(trunc(d, 'HH24'), " + iso + ")":                                             "2024-01-31 13:00:00",
		"to_char(add_months(d, 1), 'YYYY-MM-DD')":                                            "2024-02-29",
		"to_char(add_months(d, -2), 'YYYY-MM-DD')":                                           "2023-11-30",
		"to_char(last_day(add_months(d, 1)), 'DD')":                                          "29",
		"months_between(add_months(d, 7), d)":                                                "7",
		"extract(year from d) || extract(month from d)":                                      "20241",
		"extract(hour from cast(d as timestamp))":                                            "13",
		"to_char(d + interval '90' minute, " + iso + ")":                                     "2024-01-31 15:15:10",
		"to_char(d - interval '1 02:00:00' day to second, " + iso + ")":                      "2024-01-30 11:45:10",
		"to_char(d, 'Day, DD Month YYYY')":                                                   "Wednesday, 31 January   2024",
		"to_char(d, 'FMDay, DD Month YYYY')":                                                 "Wednesday, 31 January 2024",
		"to_char(d, 'DY DDD Q D HH:MI AM')":                                                  "WED 031 1 4 01:45 PM",
		`to_char(d, 'YYYY"T"SSSSS')`:                                                         "2024T49510",
		"to_char(to_date('05-mar-99', 'DD-MON-RR'), 'YYYY-MM-DD')":                           "1999-03-05",
		"to_char(to_date('20240229134501', 'YYYYMMDDHH24MISS'), " + iso + ")":                "2024-02-29 13:45:01",
		"to_char(to_date('1:05 pm', 'HH:MI AM'), 'HH24:MI')":                                 "13:05",
		"to_char(to_timestamp('2024-01-01 00:00:00.25', 'YYYY-MM-DD HH24:MI:SS.FF'), 'FF3')": "250",
		"to_char(greatest(d, date '2025-01-01'), 'YYYY')":                                    "2025",
	} {
		if got := one[string](t, db, "select "+expression+" from t"); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

func TestADateComesBackAsATime(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	at := time.Date(2024, 2, 28, 23, 0, 0, 0, time.UTC)
	if got := one[time.Time](t, db, "select :1 + 2/24 from dual", at); !got.Equal(at.Add(2 * time.Hour)) {
		t.Errorf("got %v", got)
	}
	if got := one[time.Duration](t, db, "select timestamp '2024-01-02 00:00:00.5' - timestamp '2024-01-01 00:00:00' from dual"); got != 24*time.Hour+time.Second/2 {
		t.Errorf("timestamp - timestamp: %v", got)
	}
	if age := time.Since(one[time.Time](t, db, "select sysdate - 1 from dual")); age < 23*time.Hour || age > 25*time.Hour {
		t.Errorf("SYSDATE - 1 is %v ago", age)
	}
}
