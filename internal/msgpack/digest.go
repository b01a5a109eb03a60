package msgpack

import (
	"encoding/binary"
	"hash/maphash"
	"math"
)

// Digest returns a hash of a value that [Scan] has passed: of what it says and not of how that
// is written. The order of a map's entries makes no difference, nor does the format of a
// number. Values that say different things have the same hash by accident only, which nobody
// who doesn't know the seed can bring about.
func Digest(data []byte, seed maphash.Seed) (uint64, error) {
	d := digester{data: data, seed: seed}
	sum, end, err := d.value(0, MaxDepth)
	if err == nil && end != len(data) {
		err = &SyntaxError{Offset: end, Cause: ErrTrailing}
	}
	return sum, err
}

type digester struct {
	data []byte
	seed maphash.Seed
}

// value returns the hash of the value at off, which has arrays and maps depth deep at most,
// and where it ends.
func (d *digester) value(off, depth int) (sum uint64, end int, err error) {
	if n, end, ok, err := ReadNumber(d.data, off); ok || err != nil {
		n = n.integral()
		return d.pair(uint64(Int)<<8|uint64(n.Form), n.Bits), end, err
	}
	h, err := ReadHead(d.data, off)
	switch {
	case err != nil:
		return 0, 0, err
	case h.Family != Array && h.Family != Map:
		if h.Family == Nil || h.Family == Bool {
			return d.pair(uint64(h.Family), uint64(d.data[off])), h.Body, nil
		}
		end = h.Body + h.N
		return d.pair(uint64(h.Family), maphash.Bytes(d.seed, d.data[h.Body:end])), end, nil
	case depth == 0:
		return 0, 0, &SyntaxError{Offset: off, Cause: ErrTooDeep}
	}
	sum, end = d.pair(uint64(h.Family), uint64(h.N)), h.Body
	for range h.N {
		var one, other uint64
		if one, end, err = d.value(end, depth-1); err != nil {
			return 0, 0, err
		}
		if h.Family == Array {
			sum = d.pair(sum, one)
			continue
		}
		if other, end, err = d.value(end, depth-1); err != nil {
			return 0, 0, err
		}
		sum += d.pair(one, other) // in any order
	}
	return sum, end, nil
}

// pair returns a hash of two numbers, in this order.
func (d *digester) pair(a, b uint64) uint64 {
	var room [16]byte
	binary.LittleEndian.PutUint64(room[:8], a)
	binary.LittleEndian.PutUint64(room[8:], b)
	return maphash.Bytes(d.seed, room[:])
}

// integral returns a number as an integer if it is one that has a form for it. A zero below
// zero has none.
func (n Number) integral() Number {
	if n.Form != Fractional {
		return n
	}
	f := math.Float64frombits(n.Bits)
	switch {
	case f != math.Trunc(f) || f == 0 && math.Signbit(f):
	case f >= 0 && f < 1<<64:
		return Number{Positive, uint64(f)}
	case f < 0 && f >= -1<<63:
		return Number{Negative, uint64(int64(f))}
	}
	return n
}
