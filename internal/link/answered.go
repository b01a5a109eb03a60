package link

// answeredLog remembers of the latest calls which instance answered them: where NATS delivers a
// call to two instances both do, and one of them may take much longer. It belongs to the goroutine that
// receives by the bus, as a link to one instance delivers nothing twice. Its zero value is empty.
//
// A call's place follows from its number, whose place no other call takes on purpose, as numbers are
// random: to note one is a single write, and to look for one takes as long however many answers come
// that nobody asked for. One more call by one more call takes an older one's place, so that of those
// that were answered many calls ago some are still there, and to see one is enough.
type answeredLog struct {
	latest [4096]answered
	rarer  [1024]answered // of calls of which only one in rareness is noted, so that it lasts longer
}

// rareness is how many calls there are for each that is noted for longer. With those, a second answer
// is seen that comes some hundred thousand calls later.
const rareness = 64

type answered struct {
	seq uint64 // 0: none
	by  *Instance
}

// places returns where a call is noted; rarer is nil for most. The last bits of a number aren't
// random.
func (l *answeredLog) places(seq uint64) (latest, rarer *answered) {
	n := seq / shards
	latest = &l.latest[n%uint64(len(l.latest))]
	if n /= uint64(len(l.latest)); n%rareness == 0 {
		rarer = &l.rarer[n/rareness%uint64(len(l.rarer))]
	}
	return latest, rarer
}

// note takes note of who answered a call; nil: it didn't say.
func (l *answeredLog) note(seq uint64, by *Instance) {
	if l == nil || by == nil {
		return
	}
	latest, rarer := l.places(seq)
	*latest = answered{seq, by}
	if rarer != nil {
		*rarer = answered{seq, by}
	}
}

// by returns who answered a call; nil: that isn't known.
func (l *answeredLog) by(seq uint64) *Instance {
	if l == nil {
		return nil
	}
	latest, rarer := l.places(seq)
	switch {
	case latest.seq == seq:
		return latest.by
	case rarer != nil && rarer.seq == seq:
		return rarer.by
	}
	return nil
}
