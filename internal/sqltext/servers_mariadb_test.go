// This file holds the words of MySQL against a MariaDB server.

package sqltext

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	_ "github.com/go-sql-driver/mysql"
)

func mariaDBServer(t *testing.T) *sql.Conn {
	t.Helper()
	c := connected(t, "mysql", dbtest.MariaDB(t).NewDatabase(t).DSN())
	run(t, c, "create table z (i int)")
	run(t, c, "insert into z values (1)")
	return c
}

// alarmed creates a function that fails when it is called.
func alarmed(t *testing.T, c *sql.Conn, name string) {
	t.Helper()
	got := run(t, c, "create function `"+name+"` (i int) returns int begin signal sqlstate '45000' set message_text = '"+alarm+"'; return 1; end")
	if got != "" {
		t.Fatalf("%s: %s", name, got)
	}
}

func TestMariaDBHasEachListedFunctionItself(t *testing.T) {
	c := mariaDBServer(t)
	for _, name := range wordsWith(MySQL, 0) {
		w := lookup(MySQL, name)
		if w&function == 0 {
			continue
		}
		alarmed(t, c, name)
		for _, text := range []string{"select " + name + "(1)", "select " + name + " (1)"} {
			s := Analyze(MySQL, text)
			if strings.Contains(run(t, c, text), alarm) && s.Verdict != Flush {
				t.Errorf("%s calls a function of the user's and is %s", text, s.Verdict)
			}
		}
	}
}

func TestMariaDBReservedWordsNameNoTable(t *testing.T) {
	nameNoTable(t, mariaDBServer(t), MySQL, "error in your SQL syntax")
}

func TestMariaDBKeywordsHideNoFunction(t *testing.T) {
	c := mariaDBServer(t)
	names := column(t, c, "select lower(word) from information_schema.keywords where word regexp '^[a-z_0-9]+$'")
	for _, name := range names {
		alarmed(t, c, name)
	}
	for _, name := range wordsWith(MySQL, 0) {
		if w := lookup(MySQL, name); w&(paren|soft) != 0 || w&markOfWord != 0 {
			run(t, c, "create function `"+name+"` (i int) returns int begin signal sqlstate '45000' set message_text = '"+alarm+"'; return 1; end")
			names = append(names, name)
		}
	}
	if count := rings(t, c, MySQL, names); count < 1000 {
		t.Errorf("the server called functions in %d texts only", count)
	}
}

// A byte that separates two words in some character set of the client's must
// not be taken for a part of a name.
func TestMariaDBTakesNoOtherByteForABlank(t *testing.T) {
	c := mariaDBServer(t)
	sets := column(t, c, "select character_set_name from information_schema.character_sets where character_set_name not rlike '^(ucs2|utf16|utf32)'")
	blanks := 0
	for _, set := range sets {
		run(t, c, "set character_set_client = "+set)
		for b := 0x80; b <= 0xff; b++ {
			if run(t, c, "select i"+string([]byte{byte(b)})+"from z") != "" {
				continue
			}
			if blanks++; !blankSomewhere(byte(b)) {
				t.Errorf("%s: the byte %x ends a name", set, b)
			}
		}
	}
	if blanks == 0 {
		t.Error("no byte ends a name in any character set; the test shows nothing")
	}
}
