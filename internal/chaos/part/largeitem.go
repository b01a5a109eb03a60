package part

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
)

// largeItem is an item of at least eight bytes: its number, and behind that bytes of which each stands where it does by
// the number, the length and the place. So one that lost a part, or has another one's, isn't taken for whole.
func largeItem(id, i int64, size int) []byte {
	item := make([]byte, max(size, 8))
	number := uint64(itemOf(id, i))
	binary.BigEndian.PutUint64(item, number)
	rest := item[8:]
	for from := beginOf(number, len(item)); len(rest) > 0; from = 0 {
		rest = rest[copy(rest, filling[from:]):]
	}
	return item
}

// numberOf returns the number of a large item, -1 of what isn't as it was sent.
func numberOf(item []byte) int64 {
	if len(item) < 8 {
		return -1
	}
	number := binary.BigEndian.Uint64(item)
	rest := item[8:]
	for from := beginOf(number, len(item)); len(rest) > 0; from = 0 {
		n := min(len(rest), len(filling)-from)
		if !bytes.Equal(rest[:n], filling[from:from+n]) {
			return -1
		}
		rest = rest[n:]
	}
	return int64(number)
}

// filling is what large items are filled with, again and again.
var filling = func() (bytes [4099]byte) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return bytes
}()

// beginOf returns with which byte of the filling an item begins.
func beginOf(number uint64, size int) int {
	return int((number*31 + uint64(size)*7) % uint64(len(filling)))
}
