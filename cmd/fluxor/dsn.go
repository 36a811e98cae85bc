// This file finds the DSN that a command line names, so that a password need not stand on it.

package main

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strings"
)

// dsnHelp is the part of a command's help on its argument DSN.
const dsnHelp = `DSN is what sql.Open("fluxor", DSN) takes, fluxor_ options included. A password on a command line can be seen by others on the machine, so DSN may also be

    env:NAME        the environment variable NAME
    dsn-file:PATH   the first line of a file
    -               the first line of standard input`

var envDSN = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)

// dsn returns the DSN that the argument stands for. Its error is of usage.
func (e *env) dsn(arg string) (string, error) {
	if m := envDSN.FindStringSubmatch(arg); m != nil {
		if text := e.getenv(m[1]); text != "" {
			return text, nil
		}
		return "", usage("the environment variable %s, which DSN names, is not set", m[1])
	}
	if path, ok := strings.CutPrefix(arg, "dsn-file:"); ok {
		f, err := os.Open(path) //nolint:gosec // the user names it
		if err != nil {
			return "", usage("DSN: %v", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		return firstLine(f, path)
	}
	if arg == "-" {
		return firstLine(e.in, "standard input")
	}
	return arg, nil
}

// firstLine returns the first line without the blanks around it.
func firstLine(r io.Reader, name string) (string, error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", usage("DSN: read %s: %v", name, err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", usage("DSN: the first line of %s is empty", name)
	}
	return line, nil
}
