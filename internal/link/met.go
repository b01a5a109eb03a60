package link

import "sync"

// met are the instances that have answered a call for the first time since somebody last asked, each with the
// method of that call. Its zero value is empty.
type met struct {
	mu sync.Mutex
	by map[*Instance]*Method // guarded by mu
}

// note takes note that an instance has answered a call of a method.
func (m *met) note(i *Instance, by *Method) {
	if !i.met.Load() && i.met.CompareAndSwap(false, true) {
		m.putBack(i, by)
	}
}

// putBack has take return an instance again.
func (m *met) putBack(i *Instance, by *Method) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = make(map[*Instance]*Method)
	}
	m.by[i] = by
}

// take returns them.
func (m *met) take() (by map[*Instance]*Method) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by, m.by = m.by, nil
	return by
}
