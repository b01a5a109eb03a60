package direct

const (
	// silentBeats is in how many beats nothing comes from an end that is asked each time, before the
	// connection breaks: in the one before it may have frozen as soon as it had answered, so it is noticed
	// after three intervals to four.
	silentBeats = 3
	// callerBeats is the same of a caller, which has longer: who is stopped for some seconds comes back for
	// its answers, and by the bus it takes as long until NATS sees that a client is frozen.
	callerBeats = 10
	// slowest is how much a caller reads in a beat at least, in bytes: behind more than that, which it may
	// be reading, it answers later. That is a reason for no more than mostSilentBeats.
	slowest         = 64 << 10
	mostSilentBeats = 20
)

// silence counts beats in which nothing comes from the other end.
type silence struct {
	heard uint64 // at the last beat
	beats int
}

// beat returns in how many beats nothing has come by now, when so many bytes were heard; with excused
// none are counted.
func (s *silence) beat(heard uint64, excused bool) (beats int) {
	s.beats++
	if excused || heard != s.heard {
		s.beats = 0
	}
	s.heard = heard
	return s.beats
}

// probing is how a server finds out that a caller is frozen or cut off, of whom it has calls.
type probing struct {
	silence
	wrote uint64 // when something was heard last, in bytes
}

// beat returns whether the caller is to be asked for a sign by now, when so many bytes were heard and
// written, and whether it is taken for gone.
func (p *probing) beat(heard, wrote uint64, excused bool) (ask, gone bool) {
	silent := p.silence.beat(heard, excused)
	if silent == 0 {
		p.wrote = wrote
	}
	unread := int(min((wrote-p.wrote)/slowest, mostSilentBeats))
	return silent > 0, silent >= min(callerBeats+unread, mostSilentBeats)
}
