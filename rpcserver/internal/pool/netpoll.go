package pool

import (
	"os"
	"runtime"
	"sync"
	"syscall"
)

// netpollYielder lets a goroutine pause until the runtime has looked for what came by the network.
//
// The runtime looks when a processor has no goroutine left to run, and otherwise every 10 ms. So
// goroutines that compute one piece of work after the other, and even yield in between, keep
// what has come waiting in its socket, and while more of them take turns all the longer. One that
// waits for a pipe that is ready lets the others run until they wait too; then the runtime looks
// at the network, finds the pipe, and whatever else is ready. When that takes no time, a
// processor had nothing to do.
//
// Where pipes can't be waited for like that, it yields as runtime.Gosched does.
type netpollYielder struct {
	mu     sync.Mutex
	ended  sync.Cond
	busy   bool // guarded by mu; somebody waits for the pipe, and others for the end of that
	looked bool // guarded by mu; that one waits no more for the pipe, and what comes now may not be seen
	rounds int  // guarded by mu; counts those that ended

	// Of the one who waits for the pipe:
	pipe   [2]*os.File // nil until needed
	ready  syscall.RawConn
	broken bool // there is no pipe
	one    [1]byte
}

// yieldTurns is how often one yields once the network was looked at.
const yieldTurns = 3

func newNetpollYielder() *netpollYielder {
	y := new(netpollYielder)
	y.ended.L = &y.mu
	return y
}

// yield returns once the runtime has looked at the network. Those who yield at the same moment do it
// together; who comes when that look is over waits for the next, as it wants what has come by now.
func (y *netpollYielder) yield() {
	y.mu.Lock()
	for y.busy && y.looked {
		y.ended.Wait()
	}
	if y.busy {
		for round := y.rounds; y.rounds == round; {
			y.ended.Wait()
		}
		y.mu.Unlock()
		return
	}
	y.busy, y.looked = true, false
	y.mu.Unlock()

	y.waitForPipe()
	y.mu.Lock()
	y.looked = true
	y.mu.Unlock()
	// To those who found something at the network, and to those whom they wake: one turn in 61 the
	// runtime gives to whoever yielded, before them.
	for range yieldTurns {
		runtime.Gosched()
	}

	y.mu.Lock()
	y.busy = false
	y.rounds++
	y.ended.Broadcast()
	y.mu.Unlock()
}

func (y *netpollYielder) waitForPipe() {
	if y.broken {
		return
	}
	if y.pipe[0] == nil {
		if y.broken = !y.open(); y.broken {
			return
		}
	}
	written := false
	_ = y.ready.Read(func(fd uintptr) bool {
		if written {
			return readByte(fd, y.one[:])
		}
		// Not before: what the runtime had found until now, it would forget.
		written = true
		_, err := y.pipe[1].Write(y.one[:])
		return err != nil // else the byte that is there counts from the next look on
	})
}

// open makes the pipe, and reports whether there is one that can be waited for.
func (y *netpollYielder) open() bool {
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
	y.pipe, y.ready = [2]*os.File{r, w}, ready
	return true
}

// close gives the pipe back. Nobody yields meanwhile; who does later makes another one.
func (y *netpollYielder) close() {
	for i, f := range y.pipe {
		if f != nil {
			_ = f.Close()
		}
		y.pipe[i] = nil
	}
}
