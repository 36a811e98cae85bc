// This file builds Fluxor without one half of the cache's protocol, and then without the other, and wants the judgement to fail.

package registers_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/registers"
)

// mutant is a build that leaves something out; see internal/cache.
type mutant struct {
	name, tag string
	database  string
	reads     string // enough to find it a few times
	found     registers.Kind
}

var mutants = []mutant{
	{"the writers at work are not counted", "fluxor_mutant_pending", "pgx", "20000", registers.Backwards},
	{"the versions are not compared", "fluxor_mutant_versions", "mysql", "5000", registers.Stale},
}

// tries is how many runs there may be: on a starved machine one in some finds nothing.
const tries = 3

func TestWithoutEitherHalfOfTheProtocolTheJudgementFails(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			var out string
			for range tries {
				var err error
				if out, err = m.run(t); err == nil || !strings.Contains(out, "--- FAIL: TestACachedReadIsNeverStale/"+m.database) {
					t.Fatalf("the run did not fail: %v\n%s", err, out)
				}
				if m.violations(out) > 0 {
					break
				}
			}
			if m.violations(out) == 0 {
				t.Errorf("nothing %v in %d runs:\n%s", m.found, tries, out)
			}
			t.Logf("%d %v", m.violations(out), m.found)
		})
	}
}

// run runs the mutant's tests, with many writes: each is a chance.
func (m mutant) run(t *testing.T) (out string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-timeout=5m", "-tags="+m.tag,
		"-run=^TestACachedReadIsNeverStale$/^"+m.database+"$", ".")
	cmd.Env = append(os.Environ(), readsVariable+"="+m.reads, spacingVariable+"=5")
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// violations is how many of the kind a run printed.
func (m mutant) violations(out string) int {
	found := regexp.MustCompile(`(\d+) ` + m.found.String() + `, `).FindStringSubmatch(out)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}
