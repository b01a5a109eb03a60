package rpcserver

import (
	"slices"
	"time"
)

// lanes are the calls that wait, in a lane for each method, so that a method whose calls are too
// many or too slow keeps others waiting no longer than it has to. Of the methods that wait those
// are first that have used no more than their share of the time lately; among these, it is their
// calls' age that counts.
type lanes struct {
	all     []*lane // the lane of a method is that with its number, and the first is of calls of none
	waiting []*lane // those in which calls wait
	calls   int     // that wait
	bytes   int     // that those hold
}

// memory is how long what a lane has used counts, about.
const memory = time.Second

func (ls *lanes) len() int { return ls.calls }

// of returns the lane of a method, which may be nil.
func (ls *lanes) of(m *method) *lane {
	if len(ls.all) == 0 {
		ls.all = append(ls.all, newLane())
	}
	if m == nil {
		return ls.all[0]
	}
	if m.lane == 0 {
		m.lane = len(ls.all)
		ls.all = append(ls.all, newLane())
	}
	return ls.all[m.lane]
}

func (ls *lanes) add(l *lane, call *Call) {
	if l.len() == 0 {
		ls.waiting = append(ls.waiting, l)
	}
	l.add(call)
	ls.calls++
	ls.bytes += call.size()
}

func (ls *lanes) takeFirst(l *lane) *Call { return ls.taken(l, l.takeFirst()) }
func (ls *lanes) takeLast(l *lane) *Call  { return ls.taken(l, l.takeLast()) }

func (ls *lanes) taken(l *lane, call *Call) *Call {
	ls.calls--
	ls.bytes -= call.size()
	if l.len() == 0 {
		i, last := slices.Index(ls.waiting, l), len(ls.waiting)-1
		ls.waiting[i], ls.waiting[last] = ls.waiting[last], nil
		ls.waiting = ls.waiting[:last]
	}
	return call
}

// turn returns the lane that one of the calls that wait is to be taken from, and whether that is the
// newest: of the lanes that have used hardly more than the one that used least, the one with the
// newest call, or the oldest.
func (ls *lanes) turn(newest bool) (chosen *lane, last bool) {
	least, most := ls.used()
	var next *Call // of the one that is chosen
	for _, l := range ls.waiting {
		if l.used > least+least/2 {
			continue
		}
		call, isLast := l.first(), newest && l.isFlooded(most)
		if isLast {
			call = l.last()
		}
		if chosen == nil || newest && call.begun.After(next.begun) || !newest && call.begun.Before(next.begun) {
			chosen, next, last = l, call, isLast
		}
	}
	return chosen, last
}

// used returns what those of the lanes have used that did so least and most.
func (ls *lanes) used() (least, most time.Duration) {
	for i, l := range ls.waiting {
		if i == 0 || l.used < least {
			least = l.used
		}
		most = max(most, l.used)
	}
	return least, most
}

// fullest returns the lane with the most calls, or bytes.
func (ls *lanes) fullest(bytes bool) *lane {
	return slices.MaxFunc(ls.waiting, func(a, b *lane) int {
		if bytes {
			return a.bytes - b.bytes
		}
		return a.len() - b.len()
	})
}

// look judges all lanes in which enough calls have come, and lets what was used fade, as so much
// time has passed.
func (ls *lanes) look(enough int, passed time.Duration) {
	for _, l := range ls.all {
		l.look(enough)
		l.used -= time.Duration(float64(l.used) * float64(passed) / float64(passed+memory))
	}
}

// drop takes all calls.
func (ls *lanes) drop() (waiting []*Call) {
	for ls.calls > 0 {
		waiting = append(waiting, ls.takeFirst(ls.waiting[0]))
	}
	return waiting
}
