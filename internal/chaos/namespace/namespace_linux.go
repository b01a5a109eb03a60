package namespace

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network with nothing in it but the loopback interface.
type Namespace struct{ file *os.File }

// New makes a network. What netem says is done to all its packets, in the words of tc's netem,
// such as "loss 1%"; "" is nothing. The error says what this machine doesn't allow.
func New(netem string) (*Namespace, error) {
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result)
	go func() {
		// The thread is another network's from here on, so it ends with this goroutine.
		runtime.LockOSThread()
		file, err := unshare(netem)
		made <- result{file, err}
	}()
	r := <-made
	if r.err != nil {
		return nil, r.err
	}
	return &Namespace{r.file}, nil
}

func unshare(netem string) (*os.File, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("no network namespace: %w", err)
	}
	commands := []string{"ip link set lo up"}
	if netem != "" {
		commands = append(commands, "tc qdisc add dev lo root netem "+netem)
	}
	for _, command := range commands {
		words := strings.Fields(command)
		if said, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", command, err, strings.TrimSpace(string(said)))
		}
	}
	// The file keeps the network alive.
	return os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
}

// Enter puts the calling thread, and the processes that it starts, into the network.
func (n *Namespace) Enter() error { return unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET) }

// Close ends the network once no process is in it any more.
func (n *Namespace) Close() error { return n.file.Close() }
