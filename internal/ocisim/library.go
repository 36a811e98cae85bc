//go:build unix

// This file compiles the double, once for each state of its sources.

// Package ocisim is a test double of Oracle's client library (libclntsh.so),
// written in C on top of SQLite, and what tests need to build and drive it. With
// it the real godror driver runs without Oracle. It is not Oracle: it checks
// what stands above the client library, not SQL.
package ocisim

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed src
var sources embed.FS

// name is the file that ODPI-C looks for.
const name = "libclntsh.so"

var library = sync.OnceValues(build)

// Library returns the directory of the compiled library, for godror's libDir; its
// parent may serve as ORACLE_HOME, where ODPI-C looks when no libDir is given.
// It compiles on the first use after a change of the sources, with gcc and
// SQLite's headers, and keeps the result in the user's cache directory. It is
// safe for concurrent use, also by several processes.
func Library() (dir string, err error) { return library() }

// Sanitized says whether the library is built with AddressSanitizer and
// UndefinedBehaviorSanitizer, which end the process at the first thing they
// find: `make asan`, by FLUXOR_OCISIM_SANITIZE=1. The process must then have
// loaded libasan before all else (LD_PRELOAD).
func Sanitized() bool { return os.Getenv("FLUXOR_OCISIM_SANITIZE") == "1" }

func build() (string, error) {
	texts, sum, err := read()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	if Sanitized() {
		sum += "-sanitized"
	}
	dir := filepath.Join(cache, "fluxor-ocisim", sum, "lib")
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("ocisim: %w", err)
	}
	return dir, compile(texts, filepath.Join(dir, name))
}

// read returns the sources by name, and their sum.
func read() (map[string][]byte, string, error) {
	texts, sum := map[string][]byte{}, sha256.New()
	err := fs.WalkDir(sources, "src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := sources.ReadFile(path)
		texts[d.Name()] = text
		fmt.Fprintf(sum, "%s %d\n%s", d.Name(), len(text), text)
		return err
	})
	return texts, hex.EncodeToString(sum.Sum(nil)[:8]), err
}

// compile writes the library to a place, in one step.
func compile(texts map[string][]byte, to string) error {
	work, err := os.MkdirTemp(filepath.Dir(to), "build")
	if err != nil {
		return fmt.Errorf("ocisim: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // a cache directory
	out := filepath.Join(work, name)
	args := []string{
		"-std=gnu11", "-Wall", "-Wextra", "-Werror=implicit-function-declaration", "-O1", "-g", "-fPIC", "-fvisibility=hidden", "-shared",
		"-ffile-prefix-map=" + work + "=ocisim", "-Wl,-soname," + name, "-o", out,
	}
	if Sanitized() {
		args = append(args, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
	}
	for file, text := range texts {
		path := filepath.Join(work, file)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("ocisim: %w", err)
		}
		if strings.HasSuffix(file, ".c") {
			args = append(args, path)
		}
	}
	said, err := exec.Command("gcc", append(args, "-lsqlite3", "-lpthread", "-lm")...).CombinedOutput()
	if err != nil {
		hint := "run `make servers`, or install the packages gcc and libsqlite3-dev"
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("ocisim: the tests with Oracle need gcc: %s", hint)
		}
		return fmt.Errorf("ocisim: gcc: %w (if sqlite3.h is missing: %s)\n%s", err, hint, said)
	}
	if err := os.Rename(out, to); err != nil {
		return fmt.Errorf("ocisim: %w", err)
	}
	return nil
}
