package link

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// A vigil is kept over calls that take long: an instance that has one says so each interval, if
// it sends heartbeats. What says nothing for several intervals is frozen, dead or cut off:
//
//	each interval, a beat:
//	a call in flight ─▶ who may have it? ─▶ silent for 2 intervals: ask it whether it is there
//	                     the one that a         ├▶ 3: does the connection itself work?
//	                     heartbeat named,       └▶ 4: the call fails, and no others go there
//	                     or all                        until it is heard again
//
// Of those that may have a call, one that speaks doesn't have it: it would have said so. Where all
// speak the call, or its answer, has got lost; see strays. One that sends this client no heartbeats is told from a
// silent one by questions alone, see candor. An
// instance that was asked is watched until it says something, whether calls last as long or not;
// calls that ended before, at their deadlines, give a reason to ask, too. Intervals are counted, not
// measured, so a program that stood still itself counts one.
const (
	// askAfter, feelAfter and silentAfter are in beats since the one in which a sign came last;
	// the first of them is over before a whole interval is.
	askAfter    = 3
	feelAfter   = 4
	silentAfter = 5
	// askAgain is how many beats there are between two questions to a silent instance.
	askAgain = 2
	// maxAsks is how many instances of a service are asked in a beat.
	maxAsks = 8
)

// vigil watches the calls that left by the bus.
type vigil struct {
	pace      pace
	pulse     *pulse
	asks      *asks
	by        *carrier
	inFlight  *inFlight
	instances *instances
	met       *met
	registry  Registry
	hasLeft   func(*Call) bool
	connected func() bool
	ask       func(of *Instance, subject string) *ask // nil: it couldn't be sent
	methodAt  func(of *Instance, to *Method) string   // the subject of a method at an instance
	serviceAt func(of *Instance) string               // that of all its methods
	links     func(late bool)                         // lets the other links beat
	counters  *Counters

	beat      *atomic.Uint64 // counts the intervals, from 1
	overdue   overdue
	strays    strays
	restarted atomic.Bool // what was silent before doesn't count

	// The step's own:
	anew   uint64                // the beat before which nothing counts
	doubts map[*Instance]*doubt  // instances that haven't been heard for a while
	asked  map[string]int        // how many were asked in this beat, by service
	peers  map[*Method][]suspect // who may have calls, found in this beat
}

// longCall is a call that takes long.
type longCall struct {
	seq   uint64
	since uint64 // the beat before the one in which it was seen first
	to    *Method
	at    *Instance // nil: nobody knows

	partly bool   // something has come for it, and more is to come
	named  uint64 // the beat in which a heartbeat named it last; 0: none has
}

// restart lets what was silent before count no more: the connection was another one.
func (v *vigil) restart() { v.restarted.Store(true) }

// step is taken each interval.
func (v *vigil) step(late bool) (more bool) {
	beat := v.beat.Add(1)
	restarted := v.restarted.Swap(false)
	if restarted || late || !v.connected() {
		v.anew = beat - 1
	}
	if restarted {
		v.forgetAsked()
		v.strays.restart()
	}
	v.asked, v.peers = make(map[string]int), make(map[*Method][]suspect)
	v.links(late)
	for _, c := range v.long(beat) {
		if e := v.judge(beat, &c); e != nil {
			v.end(c.seq, e)
		}
	}
	for i, by := range v.met.take() {
		v.prove(beat, i, by)
	}
	v.wonder(beat)
	v.review(beat)
	v.strays.review(beat)
	return len(v.doubts) > 0 || v.inFlight.count.Load() > 0
}

// noteOverdue takes note of a call that has left. Who took it out of the table tells.
func (v *vigil) noteOverdue(c *Call) {
	if c.by == v.by {
		v.overdue.note(c, v.beat.Load())
		v.pace.wake()
	}
}

// wonder doubts the instances that overdue calls may be at.
func (v *vigil) wonder(beat uint64) {
	for at, since := range v.overdue.take() {
		suspects := v.suspects(&longCall{to: at.to, at: at.at})
		if slices.ContainsFunc(suspects, func(s suspect) bool { return s.candor == reticent }) {
			continue // whoever had it needn't say so
		}
		since = max(min(since, beat-1), v.anew) // it may have been noted since the step began
		for _, s := range suspects {
			if s.heard.Load() <= since {
				v.doubt(beat, since, s, at.to)
			}
		}
	}
}

// stop ends the vigil.
func (v *vigil) stop() {
	v.pace.stop()
	v.pulse.stop()
}

// long returns the calls that take long.
func (v *vigil) long(beat uint64) (calls []longCall) {
	v.inFlight.takeIf(func(c *Call) bool {
		switch {
		case c.by != v.by:
		case c.since == 0:
			if v.hasLeft(c) {
				c.since = beat - 1
			}
		case beat-max(c.since, v.anew) >= askAfter:
			calls = append(calls, longCall{seq: c.seq, since: max(c.since, v.anew), to: c.target(), at: c.Instance, partly: c.partly, named: c.named})
		}
		return false
	})
	return calls
}

// judge returns the error of a call whose instance is silent, nil if it may be answered.
func (v *vigil) judge(beat uint64, c *longCall) *helium.Error {
	suspects := v.suspects(c)
	if len(suspects) == 1 && suspects[0].Abilities().Has(wire.AnswersOnce) && (c.partly || v.namedNoMore(beat, c)) {
		return interrupted(suspects[0].Instance)
	}
	if slices.ContainsFunc(suspects, func(s suspect) bool { return s.candor == reticent }) {
		return nil // whoever has it needn't say so
	}
	if slices.ContainsFunc(suspects, func(s suspect) bool { return s.candor == whenAsked }) {
		v.askThem(beat, c, suspects)
		return nil // whoever has it says so by its answer alone: one that drains finishes it, and answers no questions any more
	}
	var quiet []*Instance
	allSpoke := true // since the call left, or was named last
	speaks := false  // one of them, to this client, so all can be heard that are there
	for _, s := range suspects {
		sign := max(s.heard.Load(), c.since)
		if beat-sign >= askAfter {
			v.doubt(beat, sign, s, c.to)
		}
		allSpoke = allSpoke && s.heard.Load() > max(c.since, c.named)
		if v.quiet(beat, sign) {
			quiet = append(quiet, s.Instance)
		}
		speaks = speaks || s.heard.Load() != 0
	}
	if !speaks && len(suspects) > 0 && c.at == nil && c.to.Endpoint.Instance == "" {
		// Nobody listens on the subjects of instances that were never heard: they may be another
		// account's, whose services reach this one and whose instances don't. Where the call went there,
		// somebody listened, or NATS would have said so.
		quiet = v.without(quiet, askNobody)
	}
	if allSpoke && v.strays.isOne(beat, max(c.since, c.named), suspects, c.to) {
		return lost(c.to.Endpoint.Service, c.at)
	}
	if len(quiet) == 0 || beat-c.since < silentAfter {
		return nil
	}
	var mute []*Instance // of them, those that were asked
	for _, i := range quiet {
		if d := v.doubts[i]; d != nil && d.unanswered(beat, v.anew) {
			mute = append(mute, i)
			v.shun(beat, i, d)
		}
	}
	if len(mute) == 0 && c.at != nil {
		mute = quiet // it has shown that it has the call, and couldn't be asked
	}
	return silence(c.to.Endpoint.Service, mute)
}

// askThem has those asked that may have a call and haven't been heard for a while, so that others keep away from who
// doesn't answer.
func (v *vigil) askThem(beat uint64, c *longCall, suspects []suspect) {
	for _, s := range suspects {
		if sign := max(s.heard.Load(), c.since); beat-sign >= askAfter {
			v.doubt(beat, sign, s, c.to)
		}
	}
}

// namedNoMore reports whether heartbeats named a call and do so no more: where an instance may send one message only, they
// were that, and the answer is refused.
func (v *vigil) namedNoMore(beat uint64, c *longCall) bool {
	return c.named != 0 && beat-max(c.named, c.since) >= silentAfter
}

// quiet reports whether an instance is silent that hasn't been heard since a beat in which it was,
// or should have been.
func (v *vigil) quiet(beat, since uint64) bool {
	if beat-since >= feelAfter {
		v.pulse.feel(beat)
	}
	return beat-since >= silentAfter && v.pulse.since(since+feelAfter)
}

// suspects returns the instances that may have a call.
func (v *vigil) suspects(c *longCall) []suspect {
	service := c.to.Endpoint.Service
	all, found := v.peers[c.to]
	if !found {
		for _, p := range v.registry.Peers(service, c.to.Name) {
			if i := v.instances.named(service, p.Name); i != nil {
				all = append(all, suspect{i, candorOf(i, p.Abilities)})
			}
		}
		rand.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] }) // not all may be asked
		v.peers[c.to] = all
	}
	at := c.at
	if at == nil && c.to.Endpoint.Instance != "" {
		at = v.instances.named(service, c.to.Endpoint.Instance)
	}
	if at == nil {
		if c.to.Endpoint.Instance != "" {
			return nil // there are too many
		}
		return all
	}
	for _, s := range all {
		if s.Instance == at {
			return []suspect{s}
		}
	}
	return []suspect{{at, candorOf(at, 0)}}
}

// doubt has an instance asked, on its subject of a method, that hasn't been heard since a beat and that
// calls of the method may be at.
func (v *vigil) doubt(beat, from uint64, s suspect, to *Method) {
	switch d := v.doubts[s.Instance]; {
	case d == nil && !s.isReachedBy(to) && s.isSpared(beat, v.anew):
		return
	case d == nil || !d.proves:
	case s.answers.Load():
		v.forget(s.Instance, d) // that question was answered; another one is to be
	default:
		d.proves, d.from = false, from
	}
	d := v.doubtAt(beat, from, s.Instance, v.methodAt(s.Instance, to))
	d.candor = s.candor
	d.reached = d.reached || s.isReachedBy(to)
}

// doubtAt does so on one of its subjects.
func (v *vigil) doubtAt(beat, from uint64, i *Instance, where string) *doubt {
	d := v.doubts[i]
	if d == nil {
		d = &doubt{where: where, from: from}
		v.doubts[i] = d
	}
	d.wanted = beat
	if d.ask == nil {
		v.askFor(beat, i, d)
	}
	return d
}

// prove has an instance asked that has answered a call of a method, and says nothing more unless it is asked: what
// answers no question later is silent only if it would have got it.
func (v *vigil) prove(beat uint64, i *Instance, by *Method) {
	if v.asked[i.Service] >= maxAsks {
		v.met.putBack(i, by)
		return
	}
	if v.doubts[i] != nil {
		return
	}
	for _, s := range v.suspects(&longCall{to: by, at: i}) {
		if s.candor == whenAsked && !s.answers.Load() {
			d := v.doubtAt(beat, beat, i, v.methodAt(i, by))
			d.candor, d.proves = s.candor, true
		}
	}
}

// hush has calls keep away from an instance of which nothing came any more by another link than the
// bus, until it answers by the bus. Of one that was heard in this beat or the one before, it is the link
// that is silent.
func (v *vigil) hush(i *Instance) {
	beat := v.beat.Load()
	if i.heard.Load()+1 >= beat {
		return
	}
	if d := v.doubtAt(beat, beat-1, i, v.serviceAt(i)); d.ask != nil {
		v.shun(beat, i, d)
	}
}

// askFor asks an instance whether it is there, unless many were asked in this beat. The answer to
// the last question before still counts, those to others don't any more.
func (v *vigil) askFor(beat uint64, i *Instance, d *doubt) {
	if v.asked[i.Service] >= maxAsks {
		return
	}
	v.asked[i.Service]++
	if d.ask != nil {
		v.asks.drop(func(one *ask) bool { return one.of == i && !one.stray && one != d.ask })
	}
	if one := v.ask(i, d.where); one != nil {
		d.ask, d.asked = one, beat
	}
}

// askForStray asks an instance for strays, unless many were asked in this beat.
func (v *vigil) askForStray(i *Instance, to *Method) *ask {
	if v.asked[i.Service] >= maxAsks {
		return nil
	}
	v.asked[i.Service]++
	one := v.ask(i, v.methodAt(i, to))
	if one != nil {
		one.stray = true
	}
	return one
}

// without returns the instances but for those of whom that became of the last question.
func (v *vigil) without(all []*Instance, is askState) (kept []*Instance) {
	for _, i := range all {
		if d := v.doubts[i]; d == nil || d.ask == nil || d.ask.is.Load() != is {
			kept = append(kept, i)
		}
	}
	return kept
}

// shun has calls keep away from an instance that was asked and is silent. One that isn't there at
// all gets none anyway.
func (v *vigil) shun(beat uint64, i *Instance, d *doubt) {
	if d.silent || d.ask.is.Load() != askOpen {
		return
	}
	d.silent, d.since = true, beat
	v.counters.SilentInstances.Add(1)
	v.registry.Silent(i.Service, i.Name, true)
}

// review looks at the instances in doubt: those that were heard again are in doubt no more, and
// silent ones are asked now and then.
func (v *vigil) review(beat uint64) {
	for i, d := range v.doubts {
		heard, open := i.heard.Load(), d.ask != nil && d.ask.is.Load() == askOpen
		switch {
		case d.proves:
			if !open || i.answers.Load() || d.isVain(beat) {
				v.forget(i, d)
			}
		case !d.silent && (heard > d.from || !open && d.wanted != beat || d.isVain(beat)):
			v.forget(i, d)
		case !d.silent:
			if open && d.unanswered(beat, v.anew) && v.quiet(beat, max(d.from, v.anew)) {
				v.shun(beat, i, d)
			}
		case heard >= d.since, !open, beat-d.since >= giveUpAfter:
			v.counters.SilentInstances.Add(-1)
			v.registry.Silent(i.Service, i.Name, false)
			v.forget(i, d)
		case beat-d.asked >= askAgain:
			v.askFor(beat, i, d)
		}
	}
}

// forgetAsked drops the doubts in instances that were asked by a connection which is gone.
func (v *vigil) forgetAsked() {
	for i, d := range v.doubts {
		if !d.silent {
			v.forget(i, d)
		}
	}
}

// forget drops a doubt.
func (v *vigil) forget(i *Instance, d *doubt) {
	delete(v.doubts, i)
	if d.ask != nil {
		if beat := v.beat.Load(); d.ask.is.Load() != askOpen || d.isVain(beat) {
			i.vain = beat
		}
		v.asks.drop(func(one *ask) bool { return one.of == i && !one.stray })
	}
}

// end ends a call with an error, if it is still in flight. It counts before its caller goes on.
func (v *vigil) end(seq uint64, e *helium.Error) {
	if c := v.inFlight.take(seq); c != nil {
		v.counters.Silent.Add(1)
		c.Waiter.Fail(e)
	}
}
