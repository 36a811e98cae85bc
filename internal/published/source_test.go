// This file copies a published module out of the module cache and re-points its driver.

//go:build published

package published

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

//go:embed testdata
var templates embed.FS

// edit is one change to the copied sources. The functions that it calls do
// nothing unless the build tag "fluxor" is set, so both runs share one tree.
type edit struct {
	files       string // pattern of the files, relative to the module
	old         *regexp.Regexp
	replacement string
	times       int // how often old occurs; 0 means at least once
}

// makeTree copies the module, applies the suite's edits, adds the templates and
// makes Fluxor a dependency.
func (s suite) makeTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS(goList(t, s.module))))
	for _, e := range s.edits {
		must(t, e.apply(root))
	}
	folder := "testdata/" + s.templates
	files, err := templates.ReadDir(folder)
	must(t, err)
	for _, file := range files {
		text, err := templates.ReadFile(folder + "/" + file.Name())
		must(t, err)
		must(t, os.WriteFile(filepath.Join(root, s.driver, "repointed_"+file.Name()), text, 0o600))
	}
	s.require(t, root)
	return root
}

// require adds the requirement of Fluxor, from this repository, to the copied
// go.mod. Both runs have it, so both have the same versions of everything.
func (s suite) require(t *testing.T, root string) {
	t.Helper()
	repository, err := filepath.Abs("../..")
	must(t, err)
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	must(t, err)
	own, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	must(t, os.WriteFile(filepath.Join(root, "go.sum"), append(own, sums...), 0o600))
	const module = "github.com/fluxor-db/fluxor"
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-go=1.26.0",
		"-require="+module+"@v0.0.0", "-replace="+module+"="+repository)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod edit: %v\n%s", err, out)
	}
}

// apply changes the files that match and fails when the module no longer looks
// as the edit expects.
func (e edit) apply(root string) error {
	files, err := filepath.Glob(filepath.Join(root, e.files))
	if err != nil {
		return err
	}
	times := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found := len(e.old.FindAllIndex(text, -1))
		if found == 0 {
			continue
		}
		times += found
		if err := os.WriteFile(file, e.old.ReplaceAll(text, []byte(e.replacement)), 0o600); err != nil {
			return err
		}
	}
	if times == 0 || e.times != 0 && times != e.times {
		return fmt.Errorf("%s: %s occurs %d times, not %d", e.files, e.old, times, e.times)
	}
	return nil
}

// goList is the module's folder in the module cache, at the version that this
// repository uses.
func goList(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
