package process

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill a command when its parent dies, also while it is frozen.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
