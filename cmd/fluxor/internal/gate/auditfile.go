// This file is the file of the audit log, which may be moved away while it is written.

package gate

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// auditFile appends to a file, which nobody but its owner may read. It is safe for
// concurrent use; nil is none.
type auditFile struct {
	path string

	mu   sync.Mutex     // protects what follows; the file is opened, written and closed under it
	file io.WriteCloser // nil until the first reopen
	torn bool           // it ends within a line: the disk was full, or the machine went down
}

func newAuditFile(path string) *auditFile {
	if path == "" {
		return nil
	}
	return &auditFile{path: path}
}

// reopen opens the file, or makes it anew where it was moved away. After an error
// the former one is written on.
func (a *auditFile) reopen() error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	file, err := os.OpenFile(a.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("audit.file: %w", err)
	}
	err = a.closeLocked()
	a.file, a.torn = file, torn(a.path)
	if err != nil {
		return fmt.Errorf("audit.file: the former one: %w", err)
	}
	return nil
}

// torn reports whether a file ends within a line. Of what is no file, such as a
// pipe, nobody can tell.
func torn(path string) bool {
	if is, err := os.Stat(path); err != nil || !is.Mode().IsRegular() || is.Size() == 0 {
		return false
	}
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // it was only read
	last := make([]byte, 1)
	if _, err := file.Seek(-1, io.SeekEnd); err != nil {
		return false
	}
	_, err = file.Read(last)
	return err == nil && last[0] != '\n'
}

// Write appends a line, on a line of its own.
func (a *auditFile) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.torn {
		if _, err := a.file.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		a.torn = false
	}
	n, err := a.file.Write(line)
	a.torn = n > 0 && line[n-1] != '\n'
	return n, err
}

func (a *auditFile) close() error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closeLocked()
}

func (a *auditFile) closeLocked() error {
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}
