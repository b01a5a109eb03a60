package rpcserver

import "time"

const (
	// rhythmTime and rhythmCalls are how long a queue watches what comes and goes, at least,
	// before it judges whether more comes than is run.
	rhythmTime  = 10 * time.Millisecond
	rhythmCalls = 8
	// excessShare is the part of the calls that come by which they have to exceed those that are
	// run, for there to be too many.
	excessShare = 1.0 / 16
	// enoughLooks is in how many of these has to be seen how fast calls have their turns, for one
	// to be refused for it. A stall makes a single one look bad.
	enoughLooks = 4
	// shortWait is how long calls may wait without a thought about who is first.
	shortWait = 5 * time.Millisecond
	// floodTime is for how long there have to be too many, at least, for those to be refused
	// whose turn won't come, and for how long there seem to be if nothing else is seen.
	floodTime = 100 * time.Millisecond
	// vainTurns is how many others had their turns, at least, while a call waited in vain.
	vainTurns = 5
	// lateShare is the part of its time after which the turn of a call comes late.
	lateShare = 2
)

// callQueue are the calls that wait for their turn, in the order of arrival. Whose turn comes,
// and who is refused, depends on how things go:
//
//   - While calls are run as fast as they come, the first one is first, however many wait. So
//     callers that wait for an answer before they call again all get their turns.
//   - While more come than are run, not all can be run in time, and in the order of arrival
//     nearly all would be run too late in the end. So the newest is first, and is run at once. If
//     that goes on, those are refused that have waited in vain for a part of their time, so that
//     they have the rest to try elsewhere; and if the queue is full, the oldest gives way to the
//     newest.
//   - A call that couldn't be run in time if all went on as it does is refused when it comes.
//
// It belongs to whoever has the lock of the pool.
type callQueue struct {
	maxBytes int // that may wait

	calls []*Call // calls[head:] wait
	head  int
	bytes int // that those hold

	perCall     time.Duration // how long it takes until the next one's turn, lately and at best
	looks       int           // how many that was seen in, since none waited
	excess      float64       // the part of the calls that come which isn't run, lately
	newestFirst bool          // there are too many
	since, seen time.Time     // when there began to be too many, and when that was last seen
	window      time.Duration // how long the last look took

	// What was seen since then:
	began   time.Time
	in, out int  // calls that came, and those that had their turn
	emptied bool // none waited at times
	growing bool // more came than had their turn in the look before
}

func (q *callQueue) len() int { return len(q.calls) - q.head }

// put adds calls, for which there is so much room. It returns those that aren't run instead:
// some of them, or ones that give way to them.
func (q *callQueue) put(calls []*Call, room int, now time.Time) (refused []*Call) {
	if q.head > len(q.calls)/2 {
		n := copy(q.calls, q.calls[q.head:])
		clear(q.calls[n:])
		q.calls, q.head = q.calls[:n], 0
	}
	q.judge(now)
	refused = q.refuseVain(now)
	for _, call := range calls {
		q.in++
		for q.len() > 0 && !q.fits(call, room+len(refused)) && (q.newestFirst || q.calls[q.head].isOver(now)) {
			refused = append(refused, shed(q.oldest(), crowded))
		}
		switch {
		case !q.fits(call, room+len(refused)):
			q.overrun(now)
			refused = append(refused, shed(call, crowded))
			room--
		case call.isOver(now), !q.newestFirst && q.looks >= enoughLooks && time.Duration(q.len())*q.perCall > call.ctx.deadline.Sub(now):
			refused = append(refused, shed(call, hopeless))
			room--
		default:
			q.calls = append(q.calls, call)
			q.bytes += call.size()
			room--
		}
	}
	return refused
}

// shed says why a call isn't run. Whether its time is over is another matter.
func shed(call *Call, why shedding) *Call {
	call.shed = why
	return call
}

func (q *callQueue) fits(call *Call, room int) bool {
	return room > 0 && (q.bytes+call.size() <= q.maxBytes || q.len() == 0)
}

// overrun takes note that there is no room. Then there are too many if calls had their turns
// lately; if none had, those that run are stuck, and the newest would have to wait as well.
func (q *callQueue) overrun(now time.Time) {
	if q.looks > 0 && q.out > 0 {
		q.tooMany(now)
	}
}

func (q *callQueue) tooMany(now time.Time) {
	if !q.newestFirst {
		q.newestFirst, q.since = true, now
	}
	q.seen = now
}

// next takes the call whose turn it is, nil if there is none, and those that aren't run.
func (q *callQueue) next(now time.Time) (call *Call, refused []*Call) {
	q.judge(now)
	refused = q.refuseVain(now)
	for !q.newestFirst && q.len() > 0 && q.calls[q.head].isOver(now) {
		refused = append(refused, q.oldest())
	}
	switch {
	case q.len() == 0:
	case q.newestFirst:
		call = q.newest()
		q.out++
	default:
		call = q.oldest()
		q.out++
		if call.hasWaited(lateShare, now) {
			q.tooMany(now)
		}
	}
	if q.len() == 0 {
		q.emptied, q.looks = true, 0
	}
	return call, refused
}

func (q *callQueue) oldest() *Call {
	call := q.calls[q.head]
	q.calls[q.head] = nil
	q.head++
	q.bytes -= call.size()
	return call
}

func (q *callQueue) newest() *Call {
	last := len(q.calls) - 1
	call := q.calls[last]
	q.calls[last] = nil
	q.calls = q.calls[:last]
	q.bytes -= call.size()
	return call
}

// refuseVain takes those out that have waited in vain: all but one, as whoever runs calls should
// have one to run.
func (q *callQueue) refuseVain(now time.Time) (refused []*Call) {
	flood := q.seen.Sub(q.since)
	if !q.newestFirst || flood < floodTime {
		return nil
	}
	for q.len() > 1 {
		call := q.calls[q.head]
		enough := inVain(call.ctx.deadline.Sub(call.begun))
		if waited := now.Sub(call.begun); flood < enough || waited < max(enough, vainTurns*q.perCall) {
			break
		}
		refused = append(refused, shed(q.oldest(), vain))
	}
	return refused
}

// inVain returns how long a call that has so much time waits in vain before it is refused: a
// twentieth of a second, a quarter of five seconds or more, and in between accordingly. Who has
// much time is in no hurry to try elsewhere, and the flood may be over soon.
func inVain(whole time.Duration) time.Duration {
	const short, long = time.Second, 5 * time.Second
	return whole / 20 * (min(max(whole, short), long) / time.Millisecond) / 1000
}

// judge judges now and then whether there are too many.
func (q *callQueue) judge(now time.Time) {
	if q.newestFirst && now.Sub(q.seen) > floodTime+2*q.window {
		q.newestFirst = false
	}
	if q.began.IsZero() {
		q.began, q.emptied = now, true
	}
	took := now.Sub(q.began)
	if took < rhythmTime || q.in < rhythmCalls {
		return
	}
	excess := float64(q.in-q.out) / float64(q.in)
	q.excess += (excess - q.excess) / 4
	if !q.emptied && q.out > 0 {
		if per := took / time.Duration(q.out); q.looks == 0 || per < q.perCall {
			q.perCall = per
		} else {
			q.perCall += (per - q.perCall) / 8
		}
		q.looks++
	}
	growing := q.out > 0 && excess > excessShare && time.Duration(q.len())*q.perCall > shortWait && q.looks > 0
	if growing && q.growing || q.newestFirst && q.out > 0 && q.excess > excessShare {
		q.tooMany(now)
	}
	q.window, q.began, q.in, q.out, q.emptied, q.growing = took, now, 0, 0, q.len() == 0, growing
}

// drop takes all calls.
func (q *callQueue) drop() []*Call {
	waiting := q.calls[q.head:]
	q.calls, q.head, q.bytes = nil, 0, 0
	return waiting
}
