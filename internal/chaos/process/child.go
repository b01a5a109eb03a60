package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// endTimeout is how long a child may take to end once it was told to.
const endTimeout = 10 * time.Second

// ErrGone is wrapped by what Ask returns for a child that has ended.
var ErrGone = errors.New("it has ended")

// Child is a process that this one started. Its methods may be called from many goroutines.
type Child struct {
	name    string
	command *exec.Cmd
	stdin   io.WriteCloser
	said    *tail
	ended   chan struct{} // closed when it is gone

	mu      sync.Mutex
	last    int                // guarded by mu; the number of the latest request
	waiting map[int]chan reply // guarded by mu; nil once the child has ended
}

// Spec says what a child is.
type Spec struct {
	Name  string        // for people
	Setup any           // what it is to be, sent as JSON
	Limit time.Duration // after which it ends by itself
	Env   []string      // "NAME=value", beside this process's own
	// Enter, if set, is called on the thread that starts the child, which inherits what it
	// does to that.
	Enter func() error
}

// Start starts a child and returns once it is ready, with what it said then in ready.
func Start(ctx context.Context, spec Spec, ready any) (*Child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("this program can't find itself to run again: %w", err)
	}
	text, err := json.Marshal(spec.Setup)
	if err != nil {
		return nil, err
	}
	if text, err = json.Marshal(role{Setup: text, Limit: spec.Limit}); err != nil {
		return nil, err
	}
	first := make(chan reply, 1)
	c := &Child{
		name: spec.Name, command: exec.Command(program), said: new(tail), ended: make(chan struct{}),
		waiting: map[int]chan reply{0: first},
	}
	c.command.Env = append(append(os.Environ(), environment+"="+string(text)), spec.Env...)
	c.command.Stderr = c.said
	c.command.WaitDelay = endTimeout
	dieWithParent(c.command)
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := spawn(c.command, spec.Enter, c.ended); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	go c.read(stdout)
	if err := c.wait(ctx, 0, first, ready); err != nil {
		c.Kill()
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	return c, nil
}

// Name returns the child's name.
func (c *Child) Name() string { return c.name }

// read takes the child's answers until it ends, and waits for it.
func (c *Child) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if text, ours := bytes.CutPrefix(line, []byte(marker)); ours {
			var r reply
			if err := json.Unmarshal(text, &r); err == nil {
				c.deliver(r)
			}
		} else {
			_, _ = c.said.Write(line) // never fails
		}
		if err != nil {
			break
		}
	}
	_ = c.command.Wait() // how it ended is the business of whoever ended it
	c.mu.Lock()
	c.waiting = nil
	c.mu.Unlock()
	close(c.ended)
}

func (c *Child) deliver(r reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiter := c.waiting[r.Number]; waiter != nil {
		delete(c.waiting, r.Number)
		waiter <- r // it has room for one
	}
}

// Ask has the child carry out a command and stores what it answers. Several commands may be
// under way at once.
func (c *Child) Ask(ctx context.Context, command, answer any) error {
	text, err := json.Marshal(command)
	if err != nil {
		return err
	}
	waiter := make(chan reply, 1)
	number, err := c.send(text, waiter)
	if err == nil {
		err = c.wait(ctx, number, waiter, answer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

func (c *Child) send(command json.RawMessage, waiter chan reply) (number int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		return 0, ErrGone
	}
	c.last++
	line, err := json.Marshal(request{Number: c.last, Command: command})
	if err != nil {
		return 0, err
	}
	if _, err := c.stdin.Write(append(line, '\n')); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrGone, err)
	}
	c.waiting[c.last] = waiter
	return c.last, nil
}

func (c *Child) wait(ctx context.Context, number int, waiter chan reply, answer any) error {
	var r reply
	select {
	case r = <-waiter:
	case <-c.ended:
		select {
		case r = <-waiter: // its last words
		default:
			return fmt.Errorf("%w; it said: %s", ErrGone, c.said)
		}
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.waiting, number)
		c.mu.Unlock()
		return fmt.Errorf("no answer: %w; it said: %s", context.Cause(ctx), c.said)
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	if answer == nil || r.Answer == nil {
		return nil
	}
	return json.Unmarshal(r.Answer, answer)
}

// Kill ends the child at once, as a crash would, and returns when it is gone.
func (c *Child) Kill() {
	_ = c.command.Process.Kill() // fails only if it is gone already
	<-c.ended
}

// Close asks the child to end, kills it if it doesn't, and returns when it is gone.
func (c *Child) Close() {
	_ = c.stdin.Close() // fails only if it is gone already
	killer := time.AfterFunc(endTimeout, func() { _ = c.command.Process.Kill() })
	defer killer.Stop()
	<-c.ended
}

// Ended returns nil while the child runs, and else an error of ErrGone with what it said at last.
func (c *Child) Ended() error {
	select {
	case <-c.ended:
		return fmt.Errorf("%s: %w; it said: %s", c.name, ErrGone, c.said)
	default:
		return nil
	}
}

// Freeze stops the child where it stands, as SIGSTOP does: its sockets stay open and nobody
// reads them.
func (c *Child) Freeze() error { return freeze(c.command.Process) }

// Thaw lets a frozen child go on.
func (c *Child) Thaw() error { return thaw(c.command.Process) }

// PID returns the number of the child's process.
func (c *Child) PID() int { return c.command.Process.Pid }

// CPU returns the processor's time that the child has used so far.
func (c *Child) CPU() (time.Duration, error) { return cpuOf(c.command.Process.Pid) }
