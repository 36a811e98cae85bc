//go:build unix

// This file is the running server: started under an account that may run it, stopped, frozen, killed, and never left behind.

package dbtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// patience bounds every wait for a server to start, stop or freeze. It is long
// because a loaded machine is no reason to fail, and short enough that a test
// ends before go test's own timeout.
const patience = 60 * time.Second

// process is one running server: the leader that was started and every process
// that works in the same data directory. A PostgreSQL backend is a session and
// a process group of its own, so the working directory is what they share.
type process struct {
	cmd    *exec.Cmd
	data   string
	reaped bool // the process number may mean another process by now
}

// launch starts argv in the data directory, its output appended to log.
func launch(argv []string, data string, account *syscall.Credential, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = data, out, out
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	// A group of its own: Ctrl-C at a terminal ends the tests, and the guard
	// then ends the server, in this order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: account}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd, data: data}, nil
}

// complete runs a program that prepares the data directory.
func (s *Server) complete(argv ...string) error {
	p, err := launch(argv, s.data(), s.account, s.log())
	if err != nil {
		return err
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(argv[0]), err)
	}
	return nil
}

// account is the system user that a server runs as: nil, the tests' own, unless
// they run as root, which database servers refuse.
func account(names ...string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range append(names, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("no system user of %v exists to run the server as: run the tests as an ordinary user", append(names, "nobody"))
}

// exited says whether the leader is gone or waits to be reaped.
func (p *process) exited() bool {
	if p.reaped {
		return true
	}
	state := taskState(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "stat"))
	return state == 0 || state == 'Z' || state == 'X'
}

// members are the leader and its children, as they are now.
func (p *process) members() []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var pids []int
	for _, link := range links {
		if dir, err := os.Readlink(link); err != nil || dir != p.data {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// freeze stops the leader first: it alone makes children, so the list taken
// afterwards is complete.
func (p *process) freeze() error {
	if p.exited() {
		return errors.New("a server that does not run cannot be frozen")
	}
	leader := p.cmd.Process.Pid
	if err := p.halt(leader); err != nil {
		return err
	}
	return p.halt(p.members()...)
}

// halt stops processes and waits until each of their threads stands: a thread
// that is inside a system call stops late and may still answer.
func (p *process) halt(pids ...int) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("freeze process %d: %w", pid, err)
		}
	}
	return await("the server to freeze", func() bool {
		for _, pid := range pids {
			if !halted(pid) {
				return false
			}
		}
		return true
	})
}

func (p *process) thaw() {
	p.signal(syscall.SIGCONT)
}

// kill ends the server as a crash does, frozen or not.
func (p *process) kill() error {
	p.cmd.Process.Kill() // an error means that it is gone already
	err := await("the server to die", func() bool {
		p.signal(syscall.SIGKILL)
		return p.exited() && len(p.members()) == 0
	})
	p.reap()
	return err
}

// stop ends the server in good order.
func (p *process) stop(sig syscall.Signal) error {
	if p.reaped {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		return err
	}
	p.thaw()
	err := await("the server to stop", func() bool {
		return p.exited() && len(p.members()) == 0
	})
	if err != nil {
		return errors.Join(err, p.kill())
	}
	p.reap()
	return nil
}

// reap collects the leader. Its exit status says nothing: it was told to end.
func (p *process) reap() {
	if !p.reaped {
		p.cmd.Wait()
		p.reaped = true
	}
}

func (p *process) signal(sig syscall.Signal) {
	for _, pid := range p.members() {
		syscall.Kill(pid, sig) // an error means that it just ended
	}
}

// halted says whether every thread of a process stands, or the process ended.
func halted(pid int) bool {
	stats, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	for _, stat := range stats {
		switch taskState(stat) {
		case 'T', 't', 'Z', 'X', 0:
		default:
			return false
		}
	}
	return true
}

// taskState reads the state letter out of a stat file; 0 when there is none.
func taskState(stat string) byte {
	text, err := os.ReadFile(stat)
	if err != nil {
		return 0
	}
	// The name before it stands in parentheses and may hold anything.
	_, rest, found := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
	if !found || len(rest) == 0 {
		return 0
	}
	return rest[0]
}

// await polls a condition of other processes, which send no event, until it
// holds.
func await(what string, holds func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		if holds() {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %v in vain for %s", patience, what)
		}
	}
}
