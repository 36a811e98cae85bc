// This file reads what a process has used of the machine.

package gatewaybench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	// CPU is the time of all its threads, in the system's ticks of 10 ms.
	CPU time.Duration
	// Memory is what it has resident now, in bytes.
	Memory int64
}

// The fields of /proc/PID/stat behind the command's name, which ends with the
// last parenthesis (proc(5)).
const (
	fieldUser, fieldSystem, fieldResident = 11, 12, 21

	tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go supports
)

// UsageOf reads the use of a process that lives.
func UsageOf(pid int) (Usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var numbers [3]int64
	for i, field := range []int{fieldUser, fieldSystem, fieldResident} {
		if field >= len(fields) {
			return Usage{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
		}
		if numbers[i], err = strconv.ParseInt(string(fields[field]), 10, 64); err != nil {
			return Usage{}, err
		}
	}
	return Usage{CPU: time.Duration(numbers[0]+numbers[1]) * tick, Memory: numbers[2] * int64(os.Getpagesize())}, nil
}
