package part

import (
	"os"
	"strconv"
	"strings"
)

// maxRSS returns the most memory that this process had so far. The one of getrusage begins with
// what the parent had.
func maxRSS() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "\nVmHWM:")
	line, _, _ = strings.Cut(line, "kB")
	kilobytes, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}
