// This file tests what is said of a command line that is wrong.

package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestWrongUsageIsADocumentForWhoAskedForJSON(t *testing.T) {
	for _, line := range []string{
		"query nonsense sql --json", "query nonsense sql --format=json", "query --format json nonsense sql", "query env:NOWHERE sql --json",
		"doctor nonsense --json", "doctor --json", "explain nonsense sql --json", "query db sql --json --bogus", "demo --json --bogus", "--json",
	} {
		code, out, errOut := fluxor(t.Context(), strings.Fields(line)...)
		var doc struct {
			OK        bool
			Error     string
			NextSteps []string `json:"next_steps"`
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitUsage || doc.OK || doc.Error == "" || len(doc.NextSteps) == 0 || errOut == "" {
			t.Errorf("%s: exit code %d, %v, %q", line, code, err, out)
		}
	}
	for _, line := range []string{"query nonsense sql", "query --format jsonl nonsense sql", "query -- nonsense --json", "query nonsense sql --format", "bogus"} {
		if code, out, _ := fluxor(t.Context(), strings.Fields(line)...); code != exitUsage || out != "" {
			t.Errorf("%s: exit code %d, %q", line, code, out)
		}
	}
}

func TestDSNInTheWrongPlaceShowsNoPassword(t *testing.T) {
	for _, line := range []string{
		"postgres://u:geheim@h/d", "doctor :memory: u:geheim@tcp(h)/d", "explain postgres sql postgres://u:geheim@h/d --json", "completion postgres://u:geheim@h/d",
	} {
		if code, out, errOut := fluxor(t.Context(), strings.Fields(line)...); code != exitUsage || strings.Contains(out+errOut, "geheim") {
			t.Errorf("%s: exit code %d, %s%s", line, code, out, errOut)
		}
	}
}

func TestExamplesSurviveTheShell(t *testing.T) {
	expanded := regexp.MustCompile(`"[^"\n]*[$` + "`" + `][^"\n]*"`)
	for _, command := range []string{"query", "doctor", "explain", "demo", "version"} {
		_, out, _ := fluxor(t.Context(), command, "--help")
		if found := expanded.FindString(out); found != "" {
			t.Errorf("%s: a shell expands %s", command, found)
		}
	}
}
