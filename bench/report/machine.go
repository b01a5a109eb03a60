package report

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine says where and when numbers were measured.
type Machine struct {
	OS, Arch string
	CPU      string // its model, where the system says
	Cores    int
	Go       string
	Date     time.Time
}

// ThisMachine describes the machine that runs the program.
func ThisMachine() Machine {
	return Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuModel(), Cores: runtime.NumCPU(),
		Go: runtime.Version(), Date: time.Now().UTC().Truncate(time.Second),
	}
}

func (m Machine) String() string {
	cpu := m.CPU
	if cpu == "" {
		cpu = m.Arch
	}
	return fmt.Sprintf("%s, %d cores of %s; %s; %s", m.OS, m.Cores, cpu, m.Go, m.Date.Format("2 January 2006"))
}

// cpuModel returns the processor's name where Linux tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
