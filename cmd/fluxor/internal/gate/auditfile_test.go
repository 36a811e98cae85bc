// This file tests that a record of the audit log always has a line of its own.

package gate

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk is a file on a disk with some room.
type disk struct {
	written string
	room    int
}

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.written, d.room = d.written+string(b[:n]), d.room-n
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *disk) Close() error { return nil }

func TestALineThatAFullDiskCutShortIsFollowedByALineOfItsOwn(t *testing.T) {
	t.Parallel()
	d := &disk{room: 7}
	a := &auditFile{file: d}
	for i, want := range []int{5, 2, 0, 0} {
		if n, err := a.Write([]byte("1234\n")); n != want || (err == nil) != (i == 0) {
			t.Errorf("write %d: got %d, %v", i, n, err)
		}
	}
	d.room = 100
	for range 2 {
		if n, err := a.Write([]byte("5678\n")); n != 5 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if want := "1234\n12\n5678\n5678\n"; d.written != want {
		t.Errorf("got %q, want %q", d.written, want)
	}
}

func TestALogThatEndsWithinALineIsGoneOnWithInANewOne(t *testing.T) {
	t.Parallel()
	for before, after := range map[string]string{"": "new\n", "old\n": "old\nnew\n", "old": "old\nnew\n"} {
		a := newAuditFile(filepath.Join(t.TempDir(), "audit"))
		if err := os.WriteFile(a.path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.reopen(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte("new\n")); err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(a.path); err != nil || string(got) != after {
			t.Errorf("behind %q: got %q, %v", before, got, err)
		}
	}
}
