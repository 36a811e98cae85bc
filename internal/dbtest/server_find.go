// This file finds the installed server binaries.

package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// places are directories besides PATH in which distributions put servers, the
// newest version first.
func places() []string {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/sbin", "/usr/local/sbin", "/usr/local/mysql/bin", "/usr/local/mysql/scripts"} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		dirs = append(dirs, found...)
	}
	return append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
}

// version is the number in a directory's name; 0 when there is none.
func version(dir string) int {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, dir)
	n, _ := strconv.Atoi(digits)
	return n
}

// find returns the first program of that name, or of one of its other names.
func find(dirs []string, names ...string) (string, bool) {
	for _, dir := range dirs {
		for _, name := range names {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(path) {
				return path, true
			}
		}
	}
	return "", false
}

// missing is the error of a server that is not installed; command installs it.
func missing(label, program, command, pkg string) error {
	return fmt.Errorf("%s is not installed (looked for %s in PATH and the usual directories): run `%s`, or install the package %s", label, program, command, pkg)
}
