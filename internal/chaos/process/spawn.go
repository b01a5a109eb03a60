package process

import (
	"os/exec"
	"runtime"
)

// spawn starts a command on a thread that lasts until the command has ended: the kernel kills a
// child when the thread that started it ends, and not only when the process does.
func spawn(command *exec.Cmd, enter func() error, ended <-chan struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked, so the thread ends with the goroutine
		var err error
		if enter != nil {
			err = enter()
		}
		if err == nil {
			err = command.Start()
		}
		started <- err
		if err == nil {
			<-ended
		}
	}()
	return <-started
}
