package pool

import (
	"slices"
	"time"
)

// lanes are the calls that wait, in a lane for each kind, so that a kind whose calls are too
// many or too slow keeps others waiting no longer than it has to. Of the kinds that wait those
// are first that have used no more than their share of the time lately; among these, it is their
// calls' age that counts.
type lanes[C any] struct {
	all     []*lane[C] // the lane of a kind is that with its number, and the first is of calls of none
	waiting []*lane[C] // those in which calls wait
	calls   int        // that wait
	bytes   int        // that those hold
}

// memory is how long what a lane has used counts, about.
const memory = time.Second

func (ls *lanes[C]) len() int { return ls.calls }

// of returns the lane of a kind, which may be nil.
func (ls *lanes[C]) of(k *Kind) *lane[C] {
	if len(ls.all) == 0 {
		ls.all = append(ls.all, newLane[C]())
	}
	if k == nil {
		return ls.all[0]
	}
	if k.lane == 0 {
		k.lane = len(ls.all)
		ls.all = append(ls.all, newLane[C]())
	}
	return ls.all[k.lane]
}

func (ls *lanes[C]) add(l *lane[C], task *Task[C]) {
	if l.len() == 0 {
		ls.waiting = append(ls.waiting, l)
	}
	l.add(task)
	ls.calls++
	ls.bytes += task.Size
}

func (ls *lanes[C]) takeFirst(l *lane[C]) Task[C] { return ls.taken(l, l.takeFirst()) }
func (ls *lanes[C]) takeLast(l *lane[C]) Task[C]  { return ls.taken(l, l.takeLast()) }

func (ls *lanes[C]) taken(l *lane[C], task Task[C]) Task[C] {
	ls.calls--
	ls.bytes -= task.Size
	if l.len() == 0 {
		i, last := slices.Index(ls.waiting, l), len(ls.waiting)-1
		ls.waiting[i], ls.waiting[last] = ls.waiting[last], nil
		ls.waiting = ls.waiting[:last]
	}
	return task
}

// turn returns the lane that one of the calls that wait is to be taken from, and whether that is the
// newest: of the lanes that have used hardly more than the one that used least, the one with the
// newest call, or the oldest.
func (ls *lanes[C]) turn(newest bool) (chosen *lane[C], last bool) {
	least, most := ls.used()
	var next *Task[C] // of the one that is chosen
	for _, l := range ls.waiting {
		if l.used > least+least/2 {
			continue
		}
		task, isLast := l.first(), newest && l.isFlooded(most)
		if isLast {
			task = l.last()
		}
		if chosen == nil || newest && task.Begun.After(next.Begun) || !newest && task.Begun.Before(next.Begun) {
			chosen, next, last = l, task, isLast
		}
	}
	return chosen, last
}

// used returns what those of the lanes have used that did so least and most.
func (ls *lanes[C]) used() (least, most time.Duration) {
	for i, l := range ls.waiting {
		if i == 0 || l.used < least {
			least = l.used
		}
		most = max(most, l.used)
	}
	return least, most
}

// fullest returns the lane with the most calls, or bytes.
func (ls *lanes[C]) fullest(bytes bool) *lane[C] {
	return slices.MaxFunc(ls.waiting, func(a, b *lane[C]) int {
		if bytes {
			return a.bytes - b.bytes
		}
		return a.len() - b.len()
	})
}

// look judges all lanes in which enough calls have come, and lets what was used fade, as so much
// time has passed.
func (ls *lanes[C]) look(enough int, passed time.Duration) {
	for _, l := range ls.all {
		l.look(enough)
		l.used -= time.Duration(float64(l.used) * float64(passed) / float64(passed+memory))
	}
}

// drop takes all calls.
func (ls *lanes[C]) drop() (waiting []*C) {
	for ls.calls > 0 {
		waiting = append(waiting, ls.takeFirst(ls.waiting[0]).Call)
	}
	return waiting
}
