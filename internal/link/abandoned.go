package link

import "sync/atomic"

// abandonedLog remembers the latest calls that nobody waits for any more, given up or over, before an
// answer came: where NATS delivers a call to two instances, both of their answers may come later. Whoever
// ends such a call enters it, and the goroutine that receives by the bus looks it up. Its zero value is
// empty.
//
// As in an answeredLog a call's place follows from its number, and a later call takes an older one's.
type abandonedLog struct {
	latest [1024]atomic.Pointer[abandoned]
}

type abandoned struct {
	seq     uint64
	service string
	first   *Instance // who answered first; nil: nobody has. It belongs to the goroutine that receives.
}

// note enters a call that was taken out of the table.
func (l *abandonedLog) note(seq uint64, service string) {
	l.place(seq).Store(&abandoned{seq: seq, service: service})
}

// by returns who answered a call first. If nobody has, that is the sender of the answer at hand, as one of
// the call's service, and by returns nil, as it does for calls that aren't known.
func (l *abandonedLog) by(seq uint64, sender func(service string) *Instance) *Instance {
	if l == nil {
		return nil
	}
	call := l.place(seq).Load()
	switch {
	case call == nil || call.seq != seq:
		return nil
	case call.first == nil:
		call.first = sender(call.service)
		return nil
	}
	return call.first
}

// place returns where a call is noted. The last bits of a number aren't random.
func (l *abandonedLog) place(seq uint64) *atomic.Pointer[abandoned] {
	return &l.latest[seq/shards%uint64(len(l.latest))]
}
