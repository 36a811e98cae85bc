// This file examines a file that nobody may write, which Linux grants for a program that runs.

package doctor

import (
	"os"
	"testing"
)

func TestSQLiteFileThatCannotBeWrittenIsFoundUnlessThatIsMeant(t *testing.T) {
	running, err := os.Executable() // nobody may write it while it runs, not even root
	if err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]bool{
		"sqlite:" + running: true, "file:" + running: true, "sqlite:" + running + "?mode=ro": true,
		"file:" + running + "?mode=ro": false, "file:" + running + "?immutable=1": false,
	} {
		if got := examined(t, dsn).finding("FX-1701") != nil; got != want {
			t.Errorf("%s: got %t", dsn, got)
		}
	}
}
