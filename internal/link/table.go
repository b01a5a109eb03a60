package link

import (
	"iter"
	"math/bits"
	"math/rand/v2"
)

// Table finds what is in flight by its sequence number. It does what a map does, for
// numbers that are put in and taken out once: in a quarter of the time, and what a burst
// took is given back some time after it. Its zero value is empty. It isn't safe for
// concurrent use.
type Table[V any] struct {
	// slots is a hash table with linear probing: a value is in the slot that its number
	// hashes to, or in one of those after it up to the first free one. A power of two of
	// slots, at most half of them taken.
	slots  []slot[V]
	taken  int
	factor uint64 // odd and random, so that nobody can choose numbers that collide
	shift  int
	peak   int // the most that were taken since trim last looked
	takes  int // how many values were taken out since then
}

type slot[V any] struct {
	seq   uint64 // 0: free
	value V
}

const (
	fewestSlots = 8
	keptSlots   = 256 // so many aren't given back
)

// Len returns how many values are in the table.
func (t *Table[V]) Len() int { return t.taken }

// Put enters a value. It returns false, and changes nothing, if there is one of that
// number, or the number is 0, which numbers nothing.
func (t *Table[V]) Put(seq uint64, value V) bool {
	if 2*(t.taken+1) > len(t.slots) {
		t.resize(max(2*len(t.slots), fewestSlots))
	}
	i, found := t.find(seq)
	if found || seq == 0 {
		return false
	}
	t.slots[i] = slot[V]{seq, value}
	t.taken++
	t.peak = max(t.peak, t.taken)
	return true
}

// Get returns the value of that number.
func (t *Table[V]) Get(seq uint64) (value V, ok bool) {
	i, found := t.find(seq)
	if !found {
		return value, false
	}
	return t.slots[i].value, true
}

// Take removes the value of that number and returns it.
func (t *Table[V]) Take(seq uint64) (value V, ok bool) {
	i, found := t.find(seq)
	if !found {
		return value, false
	}
	value = t.slots[i].value
	t.free(i)
	t.taken--
	if t.takes++; t.takes >= len(t.slots) {
		t.trim()
	}
	return value, true
}

// trim gives slots back that weren't needed while as many values as there are slots came
// and went. Whoever has many in flight for a moment, again and again, keeps room for them.
func (t *Table[V]) trim() {
	slots := len(t.slots)
	for slots > keptSlots && 8*t.peak < slots {
		slots /= 2
	}
	t.peak, t.takes = t.taken, 0
	if slots < len(t.slots) {
		t.resize(slots)
	}
}

// All returns the values and their numbers, in no order. The table must not be changed
// meanwhile.
func (t *Table[V]) All() iter.Seq2[uint64, V] {
	return func(yield func(uint64, V) bool) {
		for i := range t.slots {
			if s := &t.slots[i]; s.seq != 0 && !yield(s.seq, s.value) {
				return
			}
		}
	}
}

func (t *Table[V]) home(seq uint64) int { return int(seq * t.factor >> t.shift) }

// find returns the slot that has the number, or else the free one that would take it.
func (t *Table[V]) find(seq uint64) (i int, found bool) {
	if len(t.slots) == 0 || seq == 0 {
		return 0, false
	}
	mask := len(t.slots) - 1
	for i = t.home(seq); t.slots[i].seq != seq; i = (i + 1) & mask {
		if t.slots[i].seq == 0 {
			return i, false
		}
	}
	return i, true
}

// free empties a slot. Values behind it that are there only because it was taken move
// up, as a free slot ends the search for them.
func (t *Table[V]) free(i int) {
	mask := len(t.slots) - 1
	for j := (i + 1) & mask; t.slots[j].seq != 0; j = (j + 1) & mask {
		if fromHome := (j - t.home(t.slots[j].seq)) & mask; fromHome >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot[V]{}
}

func (t *Table[V]) resize(slots int) {
	old := t.slots
	t.slots = make([]slot[V], slots)
	t.factor = rand.Uint64() | 1
	t.shift = 64 - bits.TrailingZeros(uint(slots))
	for _, s := range old {
		if s.seq != 0 {
			i, _ := t.find(s.seq)
			t.slots[i] = s
		}
	}
}
