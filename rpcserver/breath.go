package rpcserver

import (
	"os"
	"runtime"
	"sync"
	"syscall"
)

// breather lets a goroutine pause until the runtime has looked for what came by the network.
//
// The runtime looks when a processor has no goroutine left to run, and otherwise every 10 ms. So
// goroutines that compute one piece of work after the other, and even yield in between, keep
// what has come waiting in its socket, and while more of them take turns all the longer. One that
// waits for a pipe that is ready lets the others run until they wait too; then the runtime looks
// at the network, finds the pipe, and whatever else is ready. When that takes no time, a
// processor had nothing to do.
//
// Where pipes can't be waited for like that, breathing is yielding.
type breather struct {
	mu     sync.Mutex
	ended  sync.Cond
	under  bool // guarded by mu; somebody breathes, and others wait for the end of that
	breath int  // guarded by mu; counts those that ended

	// Of the one who breathes:
	pipe   [2]*os.File // nil until needed
	ready  syscall.RawConn
	broken bool // there is no pipe
	one    [1]byte
}

func newBreather() *breather {
	b := new(breather)
	b.ended.L = &b.mu
	return b
}

// breathe returns once the runtime has looked at the network. Those who breathe at the same
// moment do so together.
func (b *breather) breathe() {
	b.mu.Lock()
	if b.under {
		for breath := b.breath; b.breath == breath; {
			b.ended.Wait()
		}
		b.mu.Unlock()
		return
	}
	b.under = true
	b.mu.Unlock()

	b.waitForPipe()
	runtime.Gosched() // to those who found something at the network

	b.mu.Lock()
	b.under = false
	b.breath++
	b.ended.Broadcast()
	b.mu.Unlock()
}

func (b *breather) waitForPipe() {
	if b.broken {
		return
	}
	if b.pipe[0] == nil {
		if b.broken = !b.open(); b.broken {
			return
		}
	}
	written := false
	_ = b.ready.Read(func(fd uintptr) bool {
		if written {
			return readByte(fd, b.one[:])
		}
		// Not before: what the runtime had found until now, it would forget.
		written = true
		_, err := b.pipe[1].Write(b.one[:])
		return err != nil // else the byte that is there counts from the next look on
	})
}

// open makes the pipe, and reports whether there is one that can be waited for.
func (b *breather) open() bool {
	if !pipesArePolled {
		return false
	}
	r, w, err := os.Pipe()
	if err != nil {
		return false
	}
	ready, err := r.SyscallConn()
	if err != nil {
		_, _ = r.Close(), w.Close()
		return false
	}
	b.pipe, b.ready = [2]*os.File{r, w}, ready
	return true
}

// close gives the pipe back. Nobody breathes meanwhile; who does later makes another one.
func (b *breather) close() {
	for i, f := range b.pipe {
		if f != nil {
			_ = f.Close()
		}
		b.pipe[i] = nil
	}
}
