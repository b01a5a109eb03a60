package link

const (
	// answerWithin is how many beats who speaks when asked alone has to answer: as long as others may be silent.
	answerWithin = 4
	// spareFor is for how many beats such an instance isn't asked again where NATS refused that, which it logs each
	// time, or found nobody, or nothing came of it: a minute.
	spareFor = 120
	// giveUpAfter is for how many beats a silent instance is asked: ten minutes, in which NATS servers
	// notice by their pings whose connection is dead. Through an import they don't tell that it is gone.
	giveUpAfter = 1200
)

// doubt is what is known of an instance that hasn't been heard for a while.
type doubt struct {
	where   string // the subject on which it is asked
	reached bool   // it is certain that the subject leads there
	candor  candor
	proves  bool   // it is none yet: the question is there to find out whether the subject leads there
	from    uint64 // the beat since which it hasn't been heard
	ask     *ask   // nil: it wasn't asked
	asked   uint64 // the beat when it was
	wanted  uint64 // the latest beat when some call made it doubtful
	silent  bool   // calls keep away
	since   uint64 // the beat since which it is silent
}

// unanswered reports whether it tells of silence that the instance hasn't answered the question: not before it has had
// time to, since the beat anew at least.
func (d *doubt) unanswered(beat, anew uint64) bool {
	switch {
	case d.ask == nil || d.ask.is.Load() == askRefused:
		return false
	case d.candor != whenAsked:
		return beat > d.asked // it would have spoken unasked for longer
	}
	return d.reached && beat-max(d.asked, anew) >= answerWithin
}

// isVain reports whether nothing has come of the question to an instance that its subjects may not lead to.
func (d *doubt) isVain(beat uint64) bool {
	return d.candor == whenAsked && !d.reached && d.ask != nil && beat-d.asked > answerWithin
}

// isSpared reports whether an instance isn't asked, as that was in vain a moment ago, and since the beat anew.
func (s suspect) isSpared(beat, anew uint64) bool {
	return s.candor == whenAsked && s.vain > anew && beat-s.vain < spareFor
}

// isReachedBy reports whether it is certain that the subjects of the instance lead there: it has answered a question, or
// calls of the method go to them.
func (s suspect) isReachedBy(to *Method) bool {
	return s.answers.Load() || to.Endpoint.Instance == s.Name
}
