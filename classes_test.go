// This file has real servers raise every code of the tables of error classes, and says what each means.

package fluxor_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
)

// backendNamed is an imported backend.
func backendNamed(t testing.TB, name string) backend.Backend {
	t.Helper()
	for _, b := range backend.All() {
		if b.Name == name {
			return b
		}
	}
	t.Fatal("no backend ", name)
	return backend.Backend{}
}

// mustBe checks what a driver's own error is known by and what it means.
func mustBe(t testing.TB, driver string, err error, code string, class backend.Class) {
	t.Helper()
	b := backendNamed(t, driver)
	err = fmt.Errorf("wrapped: %w", err)
	if codes := b.Codes(err); !backend.Names([]string{code}, codes) {
		t.Errorf("%s: the codes are %q: %v", code, codes, err)
	}
	if got := b.Classify(err); got != class {
		t.Errorf("%s is of class %d, want %d: %v", code, got, class, err)
	}
}

// raised are the states of PostgreSQL's table; what a server raises by itself is
// in classes_real_test.go.
var raised = map[backend.Class]string{
	backend.ClassVerdict: "08000 08003 08006 0A000 21000 22012 22P02 23502 23503 23505 23514 25001 25006 25P02 26000 40001 40003 40P01 " +
		"42501 42601 42703 42P01 42P05 53400 55000 55P03 57014 58P01 P0001 XX000",
	backend.ClassFatal:       "57P01 57P02 57P04 57P05 25P03 25P04",
	backend.ClassUnavailable: "57P03",
	backend.ClassTooMany:     "53300",
	backend.ClassLogin:       "28000 28P01",
	backend.ClassSick:        "53000 53100 53200 58000 58030 XX001 XX002",
}

func TestEachStateThatPostgreSQLRaisesHasItsClass(t *testing.T) {
	for _, b := range networkBackends[:2] {
		t.Run(b.name, func(t *testing.T) {
			db := b.raw(t, b.share(t).NewDatabase(t))
			for class, states := range raised {
				for state := range strings.FieldsSeq(states) {
					_, err := db.ExecContext(t.Context(), "do $$ begin raise exception 'x' using errcode = '"+state+"'; end $$")
					mustBe(t, strings.Replace(b.name, "pq", "postgres", 1), err, state, class)
				}
			}
		})
	}
}

// signalled are the numbers of the table of MySQL and MariaDB.
var signalled = map[backend.Class]string{
	backend.ClassVerdict: "1020 1028 1046 1048 1054 1062 1064 1142 1143 1146 1205 1213 1216 1217 1243 1264 1290 1317 1364 1406 1451 1452 1615 1792 1836 " +
		"1969 3024 3572 3819 4025",
	backend.ClassFatal:       "1053 1077 1079 1152 1158 1159 1160 1161 1184 1927 4031",
	backend.ClassUnavailable: "1047",
	backend.ClassTooMany:     "1040 1135 1203 1226",
	backend.ClassLogin:       "1044 1045 1129 1130 1251 1698 1862 3118 3955 4150 4151",
	backend.ClassSick:        "1021 1026 1037 1041",
	backend.ClassDead:        "2006 2013",
}

func TestEachNumberThatMariaDBSignalsHasItsClass(t *testing.T) {
	b := networkBackends[2]
	db := b.raw(t, b.share(t).NewDatabase(t))
	for class, numbers := range signalled {
		for number := range strings.FieldsSeq(numbers) {
			_, err := db.ExecContext(t.Context(), "signal sqlstate '45000' set mysql_errno = "+number)
			mustBe(t, "mysql", err, number, class)
		}
	}
}

// TestWhatMeansThatTheDatabaseIsSickCountsAndCostsNoConnection goes the whole way:
// a sick database opens the breaker, the others' mistakes do not.
func TestWhatMeansThatTheDatabaseIsSickCountsAndCostsNoConnection(t *testing.T) {
	for _, b := range networkBackends {
		for _, sick := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%t", b.name, sick), func(t *testing.T) {
				db := b.guarded(t, b.share(t).NewDatabase(t))
				text := "do $$ begin raise exception 'x' using errcode = '%s'; end $$"
				code := map[bool]string{true: "53100", false: "53400"}[sick]
				if b.name == "mysql" {
					text, code = "signal sqlstate '45000' set mysql_errno = %s", map[bool]string{true: "1021", false: "1114"}[sick]
				}
				for range 5 {
					if _, err := db.ExecContext(t.Context(), fmt.Sprintf(text, code)); err == nil {
						t.Fatal("no error")
					}
				}
				if dials := poolOf(t, db).PoolStats().Dials; dials != 1 {
					t.Errorf("%d connections were opened", dials)
				}
				_, err := db.ExecContext(t.Context(), "select 1")
				if open := errors.Is(err, fluxor.ErrCircuitOpen); open != sick {
					t.Errorf("the breaker is open: %t; %v", open, err)
				}
			})
		}
	}
}

// TestAServerThatLeavesItsClusterCostsTheConnection: another one may lead to
// another server.
func TestAServerThatLeavesItsClusterCostsTheConnection(t *testing.T) {
	b := networkBackends[2]
	db := b.fluxor(t, b.share(t).NewDatabase(t))
	for _, number := range []string{"1047", "1053"} {
		before := connectionID(t, db)
		if _, err := db.ExecContext(t.Context(), "signal sqlstate '45000' set mysql_errno = "+number); err == nil {
			t.Fatal("no error")
		}
		if connectionID(t, db) == before {
			t.Errorf("after %s the connection is used on", number)
		}
	}
}

func connectionID(t testing.TB, db *sql.DB) (id int64) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "select connection_id()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestRulesOverrideWhatIsKnown gives each driver's form of a code to each rule.
func TestRulesOverrideWhatIsKnown(t *testing.T) {
	raise := func(state string) string {
		return "do $$ begin raise exception 'x' using errcode = '" + state + "'; end $$"
	}
	signal := func(n string) string { return "signal sqlstate '45001' set mysql_errno = " + n }
	for name, row := range map[string]struct {
		backend     int
		code, cause string
		text        string
	}{
		"pq's state":      {0, "P0001", "53100", raise("P0001")},
		"pgx's state":     {1, "25006", "53100", raise("25006")},
		"MySQL's number":  {2, "1290", "1021", signal("1290")},
		"MySQL's state":   {2, "45001", "1021", signal("1836")},
		"a lower case":    {0, "p0001", "53100", raise("P0001")},
		"a lost meaning":  {1, "53100", "53100", raise("53100")},
		"a known verdict": {2, "1021", "1021", signal("1021")},
	} {
		t.Run(name, func(t *testing.T) {
			b := networkBackends[row.backend]
			target := b.share(t).NewDatabase(t)
			db := b.fluxor(t, target, "fluxor_error_rules=evict="+row.code)
			for range 3 {
				if _, err := db.ExecContext(t.Context(), row.text); err == nil {
					t.Fatal("no error")
				}
			}
			if n := poolOf(t, db).PoolStats().Dials; n != 3 {
				t.Errorf("evict: %d connections, want 3", n)
			}
			sick := strings.NewReplacer(row.code, row.cause, strings.ToUpper(row.code), row.cause).Replace(row.text)
			db = b.guarded(t, target, "fluxor_error_rules=ignore="+row.cause)
			for range 6 {
				if _, err := db.ExecContext(t.Context(), sick); errors.Is(err, fluxor.ErrCircuitOpen) {
					t.Fatal("ignore: it counted")
				}
			}
		})
	}
}
