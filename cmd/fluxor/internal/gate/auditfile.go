// This file is the file of the audit log, which may be moved away while it is written.

package gate

import (
	"fmt"
	"os"
	"sync"
)

// auditFile appends to a file, which nobody but its owner may read. It is safe for
// concurrent use; nil is none.
type auditFile struct {
	path string

	mu   sync.Mutex // protects file, which is opened, written and closed under it
	file *os.File   // nil until the first reopen
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
	a.file = file
	if err != nil {
		return fmt.Errorf("audit.file: the former one: %w", err)
	}
	return nil
}

// Write appends a line.
func (a *auditFile) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file.Write(line)
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
