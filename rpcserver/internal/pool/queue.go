package pool

import "time"

const (
	// rhythmTime and rhythmCalls are how long a queue watches what comes and goes, at least,
	// before it judges whether more comes than is run.
	rhythmTime  = 10 * time.Millisecond
	rhythmCalls = 8
	// hastyTime, hastyCalls and hastyTurns are the same where so many come and have their turns that less time
	// tells as much: a flood of quick calls is noticed before many of them have waited for long.
	hastyTime  = 2 * time.Millisecond
	hastyCalls = 32
	hastyTurns = 4
	// shortWait is how long calls may wait without a thought about who is first.
	shortWait = 5 * time.Millisecond
	// floodTime is for how long there have to be too many, at least, for those to be refused
	// whose turn won't come, and for how long there seem to be if nothing else is seen.
	floodTime = 100 * time.Millisecond
	// shortMemory and longMemory are how long what came and was run counts for whether that there
	// are too many may be chance: for who is first, and for who is refused.
	shortMemory, longMemory = time.Second, 5 * time.Second
	// shortChance and longChance are how many times what may be chance has to be exceeded, for each of
	// the two: to take the newest first for a moment harms nobody, and to refuse calls that would have been
	// run in time harms some.
	shortChance, longChance = 1.25, 3
	// vainTurns is how many others had their turns, at least, while a call waited in vain.
	vainTurns = 5
	// lateShare is the part of its time after which the turn of a call comes late.
	lateShare = 2
)

// queue are the calls that wait for their turn. Which kind's turn comes is said by lanes;
// which call's, and who is refused, depends on how things go:
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
type queue[C any] struct {
	lanes[C]
	maxBytes int    // that may wait
	turns    uint64 // that there were, ever

	pace        pace
	excess      float64       // the part of the calls that come which isn't run, lately
	newestFirst bool          // there are too many
	since, seen time.Time     // when there began to be too many, and when that was last seen
	judged      time.Time     // when that was asked last
	window      time.Duration // how long the last look took
	short, long tally         // of what came and had its turn

	// What was seen since then:
	began   time.Time
	in, out int  // calls that came, and those that had their turn
	emptied bool // none waited at times
	growing bool // more came than had their turn in the look before
}

// begin is to be called before calls are put. It returns those that have waited in vain.
func (q *queue[C]) begin(now time.Time) (refused []Refused[C]) {
	q.judge(now)
	return q.refuseVain(now)
}

// put adds a call, for which there is so much room, and appends those that aren't run instead: the call, or
// ones that give way to it.
func (q *queue[C]) put(refused []Refused[C], task *Task[C], room int, now time.Time) []Refused[C] {
	q.in++
	l := q.of(task.Kind)
	l.in++
	for ; q.len() > 0 && !q.fits(task, room); room++ {
		other, ok := q.givesWay(l, room > 0, now)
		if !ok {
			break
		}
		refused = append(refused, Refused[C]{other.Call, Displaced})
	}
	switch {
	case !q.fits(task, room):
		q.overrun(l, now)
		return append(refused, Refused[C]{task.Call, Crowded})
	case task.isOver(now):
		return append(refused, Refused[C]{task.Call, Over})
	case q.comesLate(l, task, now):
		return append(refused, Refused[C]{task.Call, Hopeless})
	}
	task.turns = q.turns
	q.add(l, task)
	return refused
}

// givesWay takes a call that gives way to one that is to wait in a lane, if one does: the oldest of
// the fullest lane if there are too many, or its newest if that lane is much fuller.
func (q *queue[C]) givesWay(to *lane[C], forBytes bool, now time.Time) (task Task[C], ok bool) {
	switch l := q.fullest(forBytes); {
	case q.newestFirst, l.first().isOver(now):
		return q.takeFirst(l), true
	case l.len() > to.len()+1:
		return q.takeLast(l), true
	}
	return Task[C]{}, false
}

// comesLate reports whether the turn of a call that came wouldn't come in time if all went on.
func (q *queue[C]) comesLate(l *lane[C], task *Task[C], now time.Time) bool {
	before := min(q.len(), l.len()*len(q.waiting)) // as kinds take turns
	return !q.newestFirst && q.pace.isSure() && time.Duration(before)*q.pace.perCall > task.Deadline.Sub(now)
}

func (q *queue[C]) fits(task *Task[C], room int) bool {
	return room > 0 && (q.bytes+task.Size <= q.maxBytes || q.len() == 0)
}

// overrun takes note that there is no room. Then there are too many if calls had their turns
// lately; if none had, those that run are stuck, and the newest would have to wait as well.
func (q *queue[C]) overrun(l *lane[C], now time.Time) {
	if q.pace.looks > 0 && q.out > 0 {
		q.tooManyOf(l, now)
	}
}

// tooManyOf takes note that there are too many calls of one kind.
func (q *queue[C]) tooManyOf(l *lane[C], now time.Time) {
	l.excess = 1
	q.tooMany(now)
}

func (q *queue[C]) tooMany(now time.Time) {
	if !q.newestFirst {
		q.newestFirst, q.since = true, now
	}
	q.seen = now
}

// next takes the call whose turn it is, nil if there is none, and those that aren't run.
func (q *queue[C]) next(now time.Time) (call *C, kind *Kind, refused []Refused[C]) {
	q.judge(now)
	refused = q.refuseVain(now)
	for call == nil && q.len() > 0 {
		var task Task[C]
		l, newest := q.turn(q.newestFirst)
		if newest {
			task = q.takeLast(l)
		} else {
			task = q.takeFirst(l)
		}
		if task.isOver(now) {
			refused = append(refused, Refused[C]{task.Call, Over})
			continue
		}
		call, kind = task.Call, task.Kind
		l.charge()
		q.out++
		q.turns++
		// One that came before a flood had its turn late because of that, which doesn't mean that there is one now.
		if !newest && task.hasWaited(lateShare, now) && task.Begun.After(q.seen) {
			q.tooManyOf(l, now)
		}
	}
	if q.len() == 0 {
		q.emptied = true
		q.pace.reset()
	}
	return call, kind, refused
}

// refuseVain takes those out that have waited in vain: all but one, as whoever runs calls should
// have one to run.
func (q *queue[C]) refuseVain(now time.Time) (refused []Refused[C]) {
	flood := q.seen.Sub(q.since)
	if !q.newestFirst || flood < floodTime || !q.long.isNoChance(longChance) {
		return nil
	}
	_, most := q.used()
	for i := 0; i < len(q.waiting) && q.len() > 1; {
		l := q.waiting[i]
		enough := inVain(l.first().Deadline.Sub(l.first().Begun), q.pace.perCall)
		if waited := now.Sub(l.first().Begun); !l.isFlooded(most) || flood < enough || waited < enough || q.turns-l.first().turns < vainTurns {
			i++
			continue
		}
		refused = append(refused, Refused[C]{q.takeFirst(l).Call, Vain}) // another lane is the i-th if this one is empty now
	}
	return refused
}

// inVain returns how long a call that has so much time waits in vain before it is refused, where each
// turn takes so long: of a second twenty turns, 5 ms at least and a twentieth of it at most, of five
// seconds or more a quarter, and in between accordingly. Who has much time is in no hurry to try
// elsewhere, and the flood may be over soon.
func inVain(whole, perCall time.Duration) time.Duration {
	const hurried, patient = time.Second, 5 * time.Second
	least := min(whole/20, max(shortWait, 20*perCall))
	part := float64(min(max(whole, hurried), patient)-hurried) / float64(patient-hurried)
	return least + time.Duration(part*float64(whole/4-least))
}

// tells reports whether what came and had its turn in so much time tells anything.
func (q *queue[C]) tells(took time.Duration) bool {
	return took >= rhythmTime && q.in >= rhythmCalls || took >= hastyTime && q.in >= hastyCalls && q.out >= hastyTurns
}

// judge judges now and then whether there are too many. While calls wait and nobody asks, nothing is seen, as
// when the process stands still: then it is as it was.
func (q *queue[C]) judge(now time.Time) {
	if unasked := now.Sub(q.judged); unasked > floodTime && q.len() > 0 {
		q.since, q.seen = q.since.Add(unasked), q.seen.Add(unasked)
	}
	q.judged = now
	if q.newestFirst && now.Sub(q.seen) > floodTime+2*q.window {
		q.newestFirst = false
	}
	if q.began.IsZero() {
		q.began, q.emptied = now, true
	}
	took := now.Sub(q.began)
	if !q.tells(took) {
		return
	}
	q.look(rhythmCalls, took)
	q.short.memory, q.long.memory = shortMemory, longMemory
	q.short.add(q.in, q.out, took)
	q.long.add(q.in, q.out, took)
	excess := float64(q.in-q.out) / float64(q.in)
	q.excess += (excess - q.excess) / 4
	if !q.emptied && q.out > 0 {
		q.pace.look(took, q.out)
	}
	growing := q.out > 0 && excess > excessShare && q.short.isNoChance(shortChance) && time.Duration(q.len())*q.pace.perCall > shortWait && q.pace.looks > 0
	if growing && q.growing || q.newestFirst && q.out > 0 && q.excess > excessShare {
		q.tooMany(now)
	}
	q.window, q.began, q.in, q.out, q.emptied, q.growing = took, now, 0, 0, q.len() == 0, growing
}
