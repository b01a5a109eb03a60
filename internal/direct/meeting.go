package direct

import "sync"

// meetings are the servers of this program that listen, for its own clients: those meet them
// without a socket.
var meetings meeting

type meeting struct {
	mu         sync.Mutex
	byInstance map[string]*host // guarded by mu
}

// host is a server of this program. It takes its end of connections.
type host struct{ take func(rawConn) }

// add makes a server known until left is called.
func (m *meeting) add(instance string, take func(rawConn)) (left func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byInstance == nil {
		m.byInstance = make(map[string]*host)
	}
	h := &host{take}
	m.byInstance[instance] = h
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.byInstance[instance] == h {
			delete(m.byInstance, instance)
		}
	}
}

// meet returns a connection to a server of this program; nil: it isn't one.
func (m *meeting) meet(instance string) rawConn {
	m.mu.Lock()
	h := m.byInstance[instance]
	m.mu.Unlock()
	if h == nil {
		return nil
	}
	ours, theirs := pipe()
	h.take(theirs)
	return ours
}
