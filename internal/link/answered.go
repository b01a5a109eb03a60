package link

// answeredLog remembers of the latest calls which instance answered them: where NATS delivers a
// call to two instances, both do, mostly at the same moment. Its zero value is empty. It isn't safe
// for concurrent use.
type answeredLog struct {
	latest [4]answered // in a ring: each call writes here, so there are few
	next   int
}

type answered struct {
	seq uint64 // 0: none
	by  *Instance
}

// note takes note of who answered a call; nil: it didn't say.
func (l *answeredLog) note(seq uint64, by *Instance) {
	if by != nil {
		l.latest[l.next%len(l.latest)] = answered{seq, by}
		l.next++
	}
}

// by returns who answered a call; nil: that isn't known.
func (l *answeredLog) by(seq uint64) *Instance {
	for i := range l.latest {
		if l.latest[i].seq == seq {
			return l.latest[i].by
		}
	}
	return nil
}
