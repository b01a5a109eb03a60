package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of the times in /proc. It is 1/100 s on all systems that Go runs on.
const clockTick = 10 * time.Millisecond

// cpuOf reads the time from outside: a process that is busy couldn't say it in time.
func cpuOf(pid int) (time.Duration, error) {
	name := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in brackets, which may hold anything.
	rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
	const user, system = 11, 12 // fields 14 and 15, counted from the third
	fields := strings.Fields(rest)
	if len(fields) <= system {
		return 0, fmt.Errorf("%s holds %q, which has no times", name, text)
	}
	var ticks time.Duration
	for _, field := range fields[user : system+1] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		ticks += time.Duration(n)
	}
	return ticks * clockTick, nil
}
