// This file tests what tells a server from another one.

package catalog

import (
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestAServerHasAnIdentityOfItsOwnForAsLongAsItRuns(t *testing.T) {
	for name, connects := range map[string]func(*testing.T, ...string) *world{
		"postgres": postgres, "mariadb": mariadb, "sqlite": sqlite, "oracle": oracle,
	} {
		t.Run(name, func(t *testing.T) {
			w := connects(t)
			first, err := Identity(t.Context(), w.dialect, w.query)
			if err != nil || (first == "") != (name == "sqlite") {
				t.Fatalf("%q, %v", first, err)
			}
			t.Logf("%q", first)
			for began := time.Now(); name == "mariadb" && time.Since(began) < 1100*time.Millisecond; { // the server's clock goes on to the next second
				if again, err := Identity(t.Context(), w.dialect, w.query); err != nil || again != first {
					t.Fatalf("the same server is %q and %q, %v", first, again, err)
				}
			}
		})
	}
}

func TestOfAServerWithAnIdentityOfItsOwnNothingElseIsAsked(t *testing.T) {
	t.Parallel()
	a := answers{"show global variables": {{"hostname", "h"}, {"server_uuid", "u"}}}
	if id, err := Identity(t.Context(), sqltext.MySQL, a.query); err != nil || id != "hostname=h\nserver_uuid=u\n" {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := Identity(t.Context(), sqltext.Unknown, a.query); !errors.Is(err, ErrDialect) {
		t.Errorf("an unknown dialect: %v", err)
	}
}
