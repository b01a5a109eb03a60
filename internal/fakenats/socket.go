package fakenats

import (
	"io"
	"sync"
)

// socket keeps what was written until it is read, as much as there is: who writes to a server that
// stands still doesn't wait for it.
type socket struct {
	mu   sync.Mutex
	more sync.Cond // on mu
	data []byte    // guarded by mu
	over error     // guarded by mu; why nothing more comes
}

func newSocket() *socket {
	s := new(socket)
	s.more.L = &s.mu
	return s
}

// Write implements io.Writer.
func (s *socket) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data, b...)
	s.more.Signal()
	return len(b), nil
}

// Read implements io.Reader.
func (s *socket) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.data) == 0 && s.over == nil {
		s.more.Wait()
	}
	if len(s.data) == 0 {
		return 0, s.over
	}
	n := copy(b, s.data)
	s.data = s.data[n:]
	return n, nil
}

// end lets reads fail once all that was written is read.
func (s *socket) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over = err; err == nil {
		s.over = io.EOF
	}
	s.more.Signal()
}
