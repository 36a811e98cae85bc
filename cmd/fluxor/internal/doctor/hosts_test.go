//go:build unix

// This file examines a DSN with several hosts, of which one answers.

package doctor

import (
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestHostThatAnswersIsTheOneThatIsJudged(t *testing.T) {
	target := dbtest.Postgres(t).NewDatabase(t)
	for name, option := range postgresDrivers {
		dsn := fmt.Sprintf("host=localhost,%s port=1,%d user=%s password=%s dbname=%s sslmode=disable fluxor_max_open_conns=1 %s",
			target.Host, target.Port, target.User, target.Password, target.Database, option)
		if r := examined(t, dsn); r.value("connect.address") != target.Addr() || ids(r) != "" {
			t.Errorf("%s: %s, %+v", name, r.value("connect.address"), r.Findings)
		}
	}
}
