package link

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
)

// Endpoint is where calls go that may share messages: a service, or one instance of it.
type Endpoint struct {
	// Service is the service's name, Instance that of the one instance, "" for any.
	Service, Instance string

	subject    string // on the bus, of messages whose calls are of several methods
	batcher    *batch.Batcher
	newBatcher func(*Endpoint) *batch.Batcher
	epoch      *atomic.Uint64 // that of the bus
	clock      *serviceClock
	permission permission // to send on subject
	control    permission // to send on the control subject of the one instance
	apart      apart
	addressing addressing // of messages whose calls are of several methods, to single instances
	desertion  desertion  // of the one instance's subjects

	kept      atomic.Bool // those who call there next get the same
	subjectOf func(*Endpoint, string) string
	mu        sync.Mutex
	methods   map[string]*Method // guarded by mu
}

// Method is where calls of one method go at an endpoint, and what was learnt from those that
// did.
type Method struct {
	Endpoint *Endpoint
	Name     string
	// Subject is the one of the method's own on the bus.
	Subject string

	nanos      atomic.Int64                  // the handler's expected time; 0: unknown yet
	permission permission                    // to send on Subject
	batcher    atomic.Pointer[batch.Batcher] // of this method only; nil until needed
	throttle   throttle
	addressing addressing             // of messages of its calls alone, to single instances
	stream     atomic.Pointer[string] // the JetStream stream that acknowledged a message of its calls; nil: none
}

// Method returns where calls of a method go, one that the registry has been seen to know.
func (e *Endpoint) Method(name string) *Method {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.methods[name]
	if m == nil {
		m = e.NewMethod(name)
		e.methods[name] = m
	}
	return m
}

// NewMethod is Method for one that the registry doesn't know: nobody keeps it.
func (e *Endpoint) NewMethod(name string) *Method {
	return &Method{Endpoint: e, Name: name, Subject: e.subjectOf(e, name)}
}

// onceOf returns those of the instances that answer once which calls to the endpoint may meet.
func (e *Endpoint) onceOf(once []string) []string {
	switch {
	case e.Instance == "":
		return once
	case slices.Contains(once, e.Instance):
		return []string{e.Instance}
	}
	return nil
}

// known returns what Method does of a method that is kept; nil: it isn't.
func (e *Endpoint) known(name string) *Method {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.methods[name]
}

// methodSubject returns the subject of a method's own.
func (e *Endpoint) methodSubject(name string) string {
	if m := e.known(name); m != nil {
		return m.Subject
	}
	return e.subjectOf(e, name)
}

// sent returns how many calls left from here.
func (e *Endpoint) sent() uint64 {
	frames, _ := e.batcher.Sent()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.methods {
		if b := m.batcher.Load(); b != nil {
			n, _ := b.Sent()
			frames += n
		}
	}
	return frames
}

// batcherFor returns the batcher that calls leave by: the one that all methods share, unless
// they are to go alone, or NATS forbids sharing.
func (m *Method) batcherFor(alone bool) *batch.Batcher {
	e := m.Endpoint
	if !alone && e.permission.denied.Load() != e.epoch.Load() {
		return e.batcher
	}
	if m.batcher.Load() == nil {
		m.batcher.CompareAndSwap(nil, e.newBatcher(e))
	}
	return m.batcher.Load()
}

// work returns how long a server is expected to be busy with a call.
func (m *Method) work() time.Duration {
	if nanos := m.nanos.Load(); nanos > 0 {
		return time.Duration(nanos)
	}
	return batch.UnknownWork
}

// observe takes in the handler's time of one more call, in microseconds. The
// expectation rises fast and sinks slowly: taking a slow method for a quick one makes
// calls wait behind it, the other way round only costs messages. No single call moves it
// far, not even the first: one that was interrupted says little of the others.
func (m *Method) observe(micros uint64) {
	const longest = uint64(time.Hour / time.Microsecond)
	took := max(int64(min(micros, longest))*int64(time.Microsecond), int64(batch.MinWork))
	expected := m.nanos.Load()
	if expected == 0 {
		expected = int64(batch.UnknownWork)
	}
	switch took = min(took, 8*expected); {
	case took > expected:
		m.nanos.Store(expected + (took-expected+3)/4)
	case took < expected:
		m.nanos.Store(expected - (expected-took+7)/8)
	}
}
