package rpcserver

import "time"

// excessShare is the part of the calls that come by which they have to exceed those that are run,
// for there to be too many.
const excessShare = 1.0 / 16

// lane are the calls of one method that wait, in the order of arrival.
type lane struct {
	calls []*Call // calls[head:] wait
	head  int
	bytes int // that those hold

	used time.Duration // for how long calls of the method kept others from running, lately
	cost time.Duration // for how long one does

	in, out int     // calls that came, and those that had their turn, since the last look
	excess  float64 // the part of the calls that come which isn't run, lately; 1: as nothing was seen yet
}

func newLane() *lane { return &lane{excess: 1} }

func (l *lane) len() int { return len(l.calls) - l.head }

func (l *lane) first() *Call { return l.calls[l.head] }
func (l *lane) last() *Call  { return l.calls[len(l.calls)-1] }

func (l *lane) add(call *Call) {
	if l.head > len(l.calls)/2 {
		n := copy(l.calls, l.calls[l.head:])
		clear(l.calls[n:])
		l.calls, l.head = l.calls[:n], 0
	}
	l.calls = append(l.calls, call)
	l.bytes += call.size()
}

func (l *lane) takeFirst() *Call {
	call := l.first()
	l.calls[l.head] = nil
	l.head++
	l.bytes -= call.size()
	return call
}

func (l *lane) takeLast() *Call {
	call, last := l.last(), len(l.calls)-1
	l.calls[last] = nil
	l.calls = l.calls[:last]
	l.bytes -= call.size()
	return call
}

// look judges whether more calls come than are run, once enough have come.
func (l *lane) look(enough int) {
	if l.in >= enough {
		l.excess += (float64(l.in-l.out)/float64(l.in) - l.excess) / 2
		l.in, l.out = 0, 0
	}
}

// isFlooded reports whether more calls come than are run, and that isn't because those of other
// methods used so much more.
func (l *lane) isFlooded(most time.Duration) bool {
	return l.excess > excessShare && 4*(l.used+2*l.cost) >= most
}

// charge counts a call that has its turn.
func (l *lane) charge() {
	l.out++
	l.used += l.cost
}

// settle takes note of what a call has cost.
func (l *lane) settle(cost time.Duration) {
	if l.cost == 0 {
		l.cost = cost
	}
	l.cost += (cost - l.cost) / 8
}
