package rpcserver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// streamGrace is how long a server that shuts down waits for streams to end before it ends them.
const streamGrace = time.Second

// streams are those that run in a server.
type streams struct {
	most     int
	maxValue int          // how large an item may be that comes or leaves in parts, in bytes
	pool     *stream.Pool // of credit for what callers send
	counters streamCounters

	mu       sync.Mutex
	running  int           // guarded by mu
	draining chan struct{} // guarded by mu; closed when none runs any more; nil: more may begin
}

// streamCounters count streams and their items.
type streamCounters struct{ begun, sent, received atomic.Uint64 }

// abilities returns what a server can do that takes streams.
func (s *streams) abilities() wire.Abilities {
	if s.most < 0 {
		return 0
	}
	return wire.Streams | wire.ItemParts | wire.LargeStreams
}

// enter reports whether one more stream may begin.
func (s *streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running >= s.most || s.draining != nil {
		return false
	}
	s.running++
	return true
}

// leave takes note that a stream which has entered is over.
func (s *streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 && s.draining != nil {
		close(s.draining)
	}
}

// drain has no more streams begin, and waits for those that run: for a moment, or until ctx ends. It
// reports whether all are over.
func (s *streams) drain(ctx context.Context) bool {
	over := make(chan struct{})
	s.mu.Lock()
	s.draining = over
	if s.running == 0 {
		close(over)
	}
	s.mu.Unlock()
	timer := time.NewTimer(streamGrace)
	defer timer.Stop()
	select {
	case <-over:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// count returns how many streams run.
func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}
