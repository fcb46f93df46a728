package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 a second wherever Go runs on Linux (proc_pid_stat(5)).
const tick = 10 * time.Millisecond

// ProcessorTime returns how long a process has used processors, threads that have ended included; 0 on systems other than Linux.
func ProcessorTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The second field is the program's name in brackets, and may hold anything; utime and stime are the 14th and 15th.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// ProcessorTimeOf returns how long all processes of a program have used processors, those that run now; 0 on systems other than Linux.
func ProcessorTimeOf(program string) (total time.Duration) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // not a process
		}
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil && strings.TrimSpace(string(name)) == program {
			total += ProcessorTime(pid)
		}
	}
	return total
}

// Resident returns how many bytes of memory a process has, and the most that it has had; 0 on systems other than Linux.
func Resident(pid int) (now, most int64) {
	return statusBytes(pid, "VmRSS:"), statusBytes(pid, "VmHWM:")
}

// Anonymous returns how many of them are the process's own, without the pages of its program and of files.
func Anonymous(pid int) int64 { return statusBytes(pid, "RssAnon:") }

// statusBytes reads a line of /proc/PID/status, which counts in kB of 1,024 (proc_pid_status(5)).
func statusBytes(pid int, name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
