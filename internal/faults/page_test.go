// This file ties docs/FAULTS.md to the faults that are played.

package faults

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// onPage is what the page must say of a fault: number and name, what Fluxor
// must do, and the options that it is due to.
func (f *fault) onPage() string {
	var options []string
	for _, o := range f.options {
		options = append(options, "`"+o+"`")
	}
	if len(options) == 0 {
		options = []string{"always"}
	}
	return fmt.Sprintf("%d %s: %s (%s)", f.number, f.what, f.must, strings.Join(options, ", "))
}

func TestThePageListsTheFaultsThatArePlayed(t *testing.T) {
	page, err := os.ReadFile("../../docs/FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| [^|]+ \| [^|]+ \| ([^|]+) \| ([^|]+) \|$`)
	var listed []string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, fmt.Sprintf("%s %s: %s (%s)", m[1], m[2], m[3], m[4]))
	}
	for _, f := range faults {
		if !slices.Contains(listed, f.onPage()) {
			t.Errorf("the page lacks: %s", f.onPage())
		}
	}
	if len(listed) != len(faults) {
		t.Errorf("the page has %d faults, %d are played", len(listed), len(faults))
	}
}

func TestEachOfTheSixteenFaultsIsPlayed(t *testing.T) {
	played := map[int]bool{}
	for _, f := range faults {
		played[f.number] = true
	}
	for n := 1; n <= 16; n++ {
		if !played[n] {
			t.Errorf("fault %d is not played", n)
		}
	}
}
