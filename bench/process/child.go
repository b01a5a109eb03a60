package process

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	startTimeout = 30 * time.Second // until a child is ready
	answerSlack  = 60 * time.Second // for an answer, beyond what the command lasts
	endTimeout   = 30 * time.Second // until a child that should end is killed
)

// Child is a process that this one started. One goroutine at a time may ask it.
type Child struct {
	// Address is where the child is found: a broker's URL, a server's address.
	Address string

	setup   Setup
	command *exec.Cmd
	stdin   io.WriteCloser
	replies chan Reply // closed when the child writes no more
	stderr  *tail
	end     sync.Once
	ended   error
}

// Start starts a child and returns once it is ready.
func Start(setup Setup) (*Child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: this program can't find itself to run again: %w", err)
	}
	role, err := json.Marshal(setup)
	if err != nil {
		return nil, err
	}
	c := &Child{setup: setup, command: exec.Command(program), replies: make(chan Reply, 1), stderr: new(tail)}
	c.command.Env = append(os.Environ(), environment+"="+string(role))
	c.command.Stderr = c.stderr
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("bench: starting %s: %w", c, err)
	}
	go c.read(stdout)
	ready, err := c.wait(startTimeout)
	if err != nil {
		c.Kill()
		return nil, fmt.Errorf("bench: starting %s: %w", c, err)
	}
	c.Address = ready.Address
	return c, nil
}

// String names the child for people: "the server of grpc".
func (c *Child) String() string {
	if c.setup.Peer == "" {
		return "the " + string(c.setup.Role)
	}
	return fmt.Sprintf("the %s of %s", c.setup.Role, c.setup.Peer)
}

// read reads the child's output until it ends.
func (c *Child) read(stdout io.Reader) {
	defer close(c.replies)
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if text, ours := bytes.CutPrefix(line, []byte(marker)); ours {
			var reply Reply
			if err := json.Unmarshal(text, &reply); err != nil {
				reply.Error = fmt.Sprintf("its answer can't be read: %v", err)
			}
			c.replies <- reply
		} else {
			_, _ = c.stderr.Write(line) // never fails
		}
		if err != nil {
			return
		}
	}
}

// Ask sends a command and waits for its answer.
func (c *Child) Ask(command Command) (Reply, error) {
	line, err := json.Marshal(command)
	if err != nil {
		return Reply{}, err
	}
	if _, err := c.stdin.Write(append(line, '\n')); err != nil {
		return Reply{}, fmt.Errorf("bench: %s takes no commands any more: %w%s", c, err, c.stderr.said())
	}
	lasts := command.Duration + time.Duration(command.Count)*MaxFail
	reply, err := c.wait(lasts + answerSlack)
	if err != nil {
		return reply, fmt.Errorf("bench: %s, asked to %s: %w", c, command.Do, err)
	}
	return reply, nil
}

func (c *Child) wait(timeout time.Duration) (Reply, error) {
	select {
	case reply, ok := <-c.replies:
		switch {
		case !ok:
			return reply, fmt.Errorf("it ended%s", c.stderr.said())
		case reply.Error != "":
			return reply, errors.New(reply.Error)
		}
		return reply, nil
	case <-time.After(timeout):
		return Reply{}, fmt.Errorf("no answer within %v%s", timeout, c.stderr.said())
	}
}

// Close asks the child to end, and kills it if it doesn't.
func (c *Child) Close() error {
	c.end.Do(func() {
		// Both fail only if the child is gone, which is what they are for.
		_ = c.stdin.Close()
		killer := time.AfterFunc(endTimeout, func() { _ = c.command.Process.Kill() })
		defer killer.Stop()
		for range c.replies {
		}
		if err := c.command.Wait(); err != nil {
			c.ended = fmt.Errorf("bench: %s ended badly: %w%s", c, err, c.stderr.said())
		}
	})
	return c.ended
}

// Kill ends the child at once, as a crash would, and waits until it is gone.
func (c *Child) Kill() {
	c.end.Do(func() {
		_ = c.command.Process.Kill() // fails only if it is gone already
		for range c.replies {
		}
		_ = c.command.Wait() // says that it was killed
		_ = c.stdin.Close()
	})
}

// tail keeps the end of what a child says on its standard error.
type tail struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

const tailLength = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if n := len(t.text); n > tailLength {
		t.text = append([]byte(nil), t.text[n-tailLength:]...)
	}
	return len(b), nil
}

// said returns what was written, for the end of an error.
func (t *tail) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	if text == "" {
		return ""
	}
	return "; it said:\n" + text
}
