//go:build unix

// This file is the guard that outlives the test process and clears a server away: processes, data directory, shared memory.

package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// guardScript waits until its input ends, which happens when the test process
// closes it or is gone, however it went: return, panic, timeout, kill -9. Then
// it ends every process that works in the data directory and removes the whole
// directory. The parent-death signal would be shorter, but it reaches neither
// frozen children nor the directory, and it fires when a mere thread ends.
//
// The polite signal comes first so that PostgreSQL frees its shared memory.
const guardScript = `
dir=$1
trap '' HUP INT TERM
each() {
	found=
	for p in /proc/[0-9]*; do
		if [ "$p/cwd" -ef "$dir/data" ]; then
			found=yes
			for sig in "$@"; do kill -s "$sig" "${p#/proc/}"; done
		fi
	done
	[ -n "$found" ]
}
read -r _
tries=0
each QUIT CONT && while sleep 0.05; do
	tries=$((tries + 1))
	if [ $tries -lt 40 ]; then each CONT || break; else each KILL || break; fi
done
rm -rf "$dir"
`

// guard is the process that clears one server away.
type guard struct {
	cmd  *exec.Cmd
	hold *os.File // closing it, or dying, is the signal
}

// newGuard starts the guard of a directory that holds the server's data in
// data/.
func newGuard(dir string) (*guard, error) {
	in, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	cmd := exec.Command("sh", "-c", guardScript, "sh", dir)
	cmd.Stdin, cmd.Dir = in, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no signal to the tests' group reaches it
	if err := cmd.Start(); err != nil {
		hold.Close()
		return nil, err
	}
	return &guard{cmd: cmd, hold: hold}, nil
}

// clear ends the server and returns when everything of it is gone.
func (g *guard) clear() error {
	g.hold.Close()
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("clear the server away: %w", err)
	}
	return nil
}
