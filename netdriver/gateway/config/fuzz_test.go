// This file feeds the reader of files with anything.

package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// FuzzParse: whatever a file holds, it is a configuration or a list of faults, and
// what is shown of a configuration can be read again.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("../../../deploy/gateway.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(text), smallest, strings.Replace(smallest, ":memory:", "a.db?x=1#2", 1), "a: &b [*b]", "listen: !!set {a}", "? [a]\n: b",
		"users: [{name: a\n", "<<: {listen: [a]}", "limits: {memory: 1e3}", "log: {level: |\n  info\n}", "drain: {delay: -1s}", "\"\\", "{[}",
	} {
		f.Add(seed)
	}
	none := func(string) string { return "" }
	f.Fuzz(func(t *testing.T, text string) {
		file, err := config.Parse("f", []byte(text), none)
		var faults config.Faults
		if err != nil {
			if !errors.As(err, &faults) || len(faults) == 0 || faults.Error() == "" {
				t.Fatalf("got %v", err)
			}
			return
		}
		shown := file.Shown()
		again, err := config.Parse("f", []byte(strings.ReplaceAll(shown.String(), `"***"`, hash)), none)
		if err != nil {
			return // a DSN without its password need not be one
		}
		for _, c := range config.Diff(shown, again.Shown()) {
			if !strings.HasSuffix(c.Path, "dsn") && !strings.Contains(c.Path, "sha256") && !strings.HasSuffix(c.Path, "scram") {
				t.Errorf("%s was %q and is read as %q", c.Path, c.Before, c.After)
			}
		}
	})
}
