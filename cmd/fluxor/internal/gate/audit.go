// This file is the file of the audit log.

package gate

import (
	"errors"
	"os"
)

// auditFile is written to at its end. The gateway writes from one goroutine, after
// open and before close.
type auditFile struct {
	path string // "" is none
	f    *os.File
}

// open makes the file where it is missing, for its owner's eyes alone.
func (a *auditFile) open() (err error) {
	if a.path == "" {
		return nil
	}
	a.f, err = os.OpenFile(a.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // the operator names it
	return err
}

// Write appends a record.
func (a *auditFile) Write(line []byte) (int, error) {
	if a.f == nil {
		return 0, errors.New("the file of the audit log is not open")
	}
	return a.f.Write(line)
}

func (a *auditFile) close() {
	if a.f != nil {
		_ = a.f.Close()
	}
}
