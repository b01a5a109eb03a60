package pool

import "time"

// excessShare is the part of the calls that come by which they have to exceed those that are run,
// for there to be too many.
const excessShare = 1.0 / 16

// lane are the calls of one kind that wait, in the order of arrival.
type lane[C any] struct {
	tasks []Task[C] // tasks[head:] wait
	head  int
	bytes int // that those hold

	used time.Duration // for how long calls of the kind kept others from running, lately
	cost time.Duration // for how long one does

	in, out int     // calls that came, and those that had their turn, since the last look
	excess  float64 // the part of the calls that come which isn't run, lately; 1: as nothing was seen yet
}

func newLane[C any]() *lane[C] { return &lane[C]{excess: 1} }

func (l *lane[C]) len() int { return len(l.tasks) - l.head }

func (l *lane[C]) first() *Task[C] { return &l.tasks[l.head] }
func (l *lane[C]) last() *Task[C]  { return &l.tasks[len(l.tasks)-1] }

func (l *lane[C]) add(task *Task[C]) {
	if l.head > len(l.tasks)/2 {
		n := copy(l.tasks, l.tasks[l.head:])
		clear(l.tasks[n:])
		l.tasks, l.head = l.tasks[:n], 0
	}
	l.tasks = append(l.tasks, *task)
	l.bytes += task.Size
}

func (l *lane[C]) takeFirst() Task[C] {
	task := *l.first()
	*l.first() = Task[C]{}
	l.head++
	l.bytes -= task.Size
	return task
}

func (l *lane[C]) takeLast() Task[C] {
	task := *l.last()
	*l.last() = Task[C]{}
	l.tasks = l.tasks[:len(l.tasks)-1]
	l.bytes -= task.Size
	return task
}

// look judges whether more calls come than are run, once enough have come.
func (l *lane[C]) look(enough int) {
	if l.in >= enough {
		l.excess += (float64(l.in-l.out)/float64(l.in) - l.excess) / 2
		l.in, l.out = 0, 0
	}
}

// isFlooded reports whether more calls come than are run, and that isn't because those of other
// methods used so much more.
func (l *lane[C]) isFlooded(most time.Duration) bool {
	return l.excess > excessShare && 4*(l.used+2*l.cost) >= most
}

// charge counts a call that has its turn.
func (l *lane[C]) charge() {
	l.out++
	l.used += l.cost
}

// settle takes note of what a call has cost.
func (l *lane[C]) settle(cost time.Duration) {
	if l.cost == 0 {
		l.cost = cost
	}
	l.cost += (cost - l.cost) / 8
}
