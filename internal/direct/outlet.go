package direct

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/promptwrite"
)

const (
	// moment is how long a socket that is full may take to have room again.
	moment = 5 * time.Millisecond
	// mostUnsent is how much is kept for an end that doesn't read, in bytes; beyond that the
	// connection breaks.
	mostUnsent = 64 << 20
	// stallTime is how long a socket may take nothing of that before it breaks.
	stallTime = 10 * time.Second
	// closeTime is how long closing waits for a socket to take the rest, and closeStall for one
	// that takes nothing.
	closeTime  = time.Second
	closeStall = 100 * time.Millisecond
	// readGrace is for how long what came before a failed write may still be read.
	readGrace = 250 * time.Millisecond
	// stride is how often a write that makes no headway looks up.
	stride = 50 * time.Millisecond
	// blockSize is how the memory for what is kept is cut, in bytes.
	blockSize = 64 << 10
)

// outlet is a socket whose writes don't wait for the other end: what the socket takes within a moment
// goes to it at once, and a goroutine that lives as long as there is some brings it the rest. So an end that doesn't read
// slows nobody down. Package bus has another one, for who is to be slowed down.
type outlet struct {
	net.Conn
	// now writes what the socket takes within a moment. Nil: only the goroutine may write.
	now func([]byte) (n int, err error)

	mu    sync.Mutex
	kept  []*block      // guarded by mu; in order
	size  int           // guarded by mu; of what is kept, and of what the goroutine has taken and not written
	busy  bool          // guarded by mu; the goroutine runs
	last  time.Time     // guarded by mu; when some was written, or the first of it came
	moved chan struct{} // guarded by mu; closed when some is written, or the end comes; nil: nobody waits
	err   error         // guarded by mu; why nothing more is taken
}

// block is a piece of what is kept.
type block struct {
	bytes [blockSize]byte
	n     int // how many of them
}

var blocks = sync.Pool{New: func() any { return new(block) }}

func newOutlet(socket net.Conn) *outlet {
	return &outlet{Conn: socket, now: promptwrite.Of(socket, moment)}
}

// Kept returns how many bytes wait for the socket to take them.
func (o *outlet) Kept() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

// Write takes b, all of it unless there is an error.
func (o *outlet) Write(b []byte) (taken int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	if !o.busy && o.now != nil {
		if taken, err = o.now(b); err != nil {
			o.failLocked(err)
			return taken, err
		}
	}
	rest := b[taken:]
	if len(rest) == 0 {
		return taken, nil
	}
	if o.size+len(rest) > mostUnsent {
		o.failLocked(fmt.Errorf("the other end doesn't read, and %d bytes wait for it", o.size))
		return taken, o.err
	}
	o.keepLocked(rest)
	if !o.busy {
		o.busy, o.last = true, time.Now()
		go o.send()
	}
	return len(b), nil
}

// keepLocked keeps b.
func (o *outlet) keepLocked(b []byte) {
	o.size += len(b)
	for len(b) > 0 {
		last := len(o.kept) - 1
		if last < 0 || o.kept[last].n == blockSize {
			o.kept = append(o.kept, blocks.Get().(*block))
			last++
		}
		to := o.kept[last]
		n := copy(to.bytes[to.n:], b)
		to.n += n
		b = b[n:]
	}
}

// send brings what is kept to the socket, until there is none.
func (o *outlet) send() {
	for {
		o.mu.Lock()
		if len(o.kept) == 0 || o.err != nil {
			_ = o.Conn.SetWriteDeadline(time.Time{})
			o.busy, o.kept = false, nil
			o.mu.Unlock()
			return
		}
		next := o.kept[0]
		o.kept = o.kept[1:] // it gets no more while it is being sent
		o.mu.Unlock()
		for rest := next.bytes[:next.n]; len(rest) > 0; {
			_ = o.Conn.SetWriteDeadline(time.Now().Add(stride))
			n, err := o.Conn.Write(rest)
			rest = rest[n:]
			if !o.sent(n, err) {
				break
			}
		}
		next.n = 0
		blocks.Put(next)
	}
}

// sent takes in what came of a write to the socket, and reports whether there may be another one.
func (o *outlet) sent(n int, err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n > 0 {
		o.size -= n
		o.last = time.Now()
		o.movedLocked()
	}
	switch waited := errors.Is(err, os.ErrDeadlineExceeded); {
	case err == nil, waited && time.Since(o.last) < stallTime:
	case waited:
		o.failLocked(fmt.Errorf("the other end has read nothing for %v: %w", stallTime, err))
	default:
		o.failLocked(err)
	}
	return o.err == nil
}

// failLocked breaks the connection, for who reads as well.
func (o *outlet) failLocked(err error) {
	if o.err == nil {
		o.err = err
		_ = o.Conn.SetReadDeadline(time.Now().Add(readGrace))
		o.movedLocked()
	}
}

func (o *outlet) movedLocked() {
	if o.moved != nil {
		close(o.moved)
		o.moved = nil
	}
}

// Read implements net.Conn. Of a connection that a write has broken it says why.
func (o *outlet) Read(b []byte) (n int, err error) {
	n, err = o.Conn.Read(b)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err != nil {
			err = o.err
		}
	}
	return n, err
}

// Close gives a socket that takes something a moment to take what is kept.
func (o *outlet) Close() error {
	o.mu.Lock()
	for limit := time.Now().Add(closeTime); o.size > 0 && o.err == nil && time.Now().Before(limit) && time.Since(o.last) < closeStall; {
		if o.moved == nil {
			o.moved = make(chan struct{})
		}
		moved, timer := o.moved, time.NewTimer(closeStall-time.Since(o.last))
		o.mu.Unlock()
		select {
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
		o.mu.Lock()
	}
	o.failLocked(net.ErrClosed)
	o.mu.Unlock()
	return o.Conn.Close()
}

// SetReadDeadline implements net.Conn.
func (o *outlet) SetReadDeadline(t time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return nil // it has its last one
	}
	return o.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn; writes need none.
func (o *outlet) SetDeadline(t time.Time) error { return o.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn; writes need none.
func (o *outlet) SetWriteDeadline(time.Time) error { return nil }
