// This file tests kept statements of a session whose role changes.

package fluxor_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// A row policy makes the answer of one text hang on the role.
func TestAKeptStatementFollowsTheRoleAsTheBareDriverDoes(t *testing.T) {
	b := keepingOne("pq")
	server := dbtest.Postgres(t)
	target := server.NewDatabase(t)
	role := target.Database + "_other"
	admin := server.Admin(t)
	mustExec(t, admin, fmt.Sprintf("create role %q; grant %q to %q", role, role, target.User))
	owner := b.raw(t, target)
	for _, text := range []string{
		"create table w (who name, n int)",
		fmt.Sprintf("insert into w values ('%s', 1), ('%s', 2), ('%s', 3)", target.User, role, role),
		fmt.Sprintf("grant select on w to %q", role),
		"alter table w enable row level security; alter table w force row level security",
		"create policy own on w using (who = current_user)",
	} {
		mustExec(t, owner, text)
	}
	t.Cleanup(func() {
		_, err := owner.Exec("drop table w") // the test's context is over
		_, err2 := admin.Exec(fmt.Sprintf("drop role %q", role))
		if err := errors.Join(err, err2); err != nil {
			t.Error(err)
		}
	})
	seen := func(db *sql.DB) (counts []int) {
		c := held(t, db)
		use := func() {
			for range 3 {
				var n int
				if err := c.QueryRowContext(t.Context(), "select count(*) from w where n >= $1", 0).Scan(&n); err != nil {
					t.Fatal(err)
				}
				counts = append(counts, n)
			}
		}
		use()
		mustExec(t, c, fmt.Sprintf("set role %q", role))
		use()
		mustExec(t, c, "reset role")
		use()
		tx, err := c.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, tx, fmt.Sprintf("set local role %q", role))
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		use()
		return counts
	}
	want := []int{1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1}
	bare, kept := seen(owner), seen(b.fluxor(t, target, "fluxor_stmt_cache_size=8"))
	if !slices.Equal(bare, want) || !slices.Equal(kept, want) {
		t.Errorf("bare %v, kept %v, want %v", bare, kept, want)
	}
}
