package link

import (
	"math/rand/v2"
	"testing"
)

func TestATableFindsWhatAMapFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, numbers := range []struct {
		name string
		next func(i uint64) uint64
	}{
		{"one after the other", func(i uint64) uint64 { return 1<<63 + i }},
		{"few and often the same", func(uint64) uint64 { return random.Uint64N(40) }},
		{"far apart", func(i uint64) uint64 { return i << 48 }},
		{"anything", func(uint64) uint64 { return random.Uint64() }},
	} {
		var table Table[uint64]
		want := make(map[uint64]uint64)
		var known []uint64
		for i := range uint64(20_000) {
			// It grows for a while, and shrinks for a while.
			if put := random.IntN(10) < 7; put == (i/2500%2 == 0) {
				seq := numbers.next(i)
				_, double := want[seq]
				if got := table.Put(seq, i); got != (!double && seq != 0) {
					t.Fatalf("%s: Put(%d) = %v, want %v", numbers.name, seq, got, !double)
				}
				if !double && seq != 0 {
					want[seq] = i
					known = append(known, seq)
				}
			} else if len(known) > 0 {
				n := random.IntN(len(known)) // in flight, or long taken
				seq := known[n]
				value, ok := want[seq]
				if got, found := table.Get(seq); got != value || found != ok {
					t.Fatalf("%s: Get(%d) = %d, %v; want %d, %v", numbers.name, seq, got, found, value, ok)
				}
				if got, found := table.Take(seq); got != value || found != ok {
					t.Fatalf("%s: Take(%d) = %d, %v; want %d, %v", numbers.name, seq, got, found, value, ok)
				}
				delete(want, seq)
				if i%3 == 0 {
					known = append(known[:n], known[n+1:]...)
				}
			}
			if table.Len() != len(want) {
				t.Fatalf("%s: %d values, want %d", numbers.name, table.Len(), len(want))
			}
		}
		left := 0
		for seq, value := range table.All() {
			if left++; want[seq] != value {
				t.Errorf("%s: value %d is %d, want %d", numbers.name, seq, value, want[seq])
			}
		}
		if left != len(want) {
			t.Errorf("%s: All yields %d values, want %d", numbers.name, left, len(want))
		}
	}
}

func TestATableGivesBackWhatABurstTook(t *testing.T) {
	var table Table[int]
	for seq := range uint64(50_000) {
		table.Put(seq+1, 0)
	}
	if len(table.slots) < 50_000 {
		t.Fatalf("%d slots for 50000 values", len(table.slots))
	}
	for seq := range uint64(50_000) {
		table.Take(seq + 1)
	}
	// Few at a time from now on.
	for seq := range uint64(300_000) {
		table.Put(seq+1, 0)
		table.Take(seq + 1)
	}
	if len(table.slots) > keptSlots {
		t.Errorf("%d slots for one value at a time, want %d at most", len(table.slots), keptSlots)
	}
}

func TestATableThatFillsAgainAndAgainKeepsItsRoom(t *testing.T) {
	const burst = 400
	var table Table[int]
	fillAndEmpty := func() {
		for seq := range uint64(burst) {
			table.Put(seq+1, 0)
		}
		for seq := range uint64(burst) {
			table.Take(seq + 1)
		}
	}
	fillAndEmpty()
	if got := testing.AllocsPerRun(100, fillAndEmpty); got != 0 {
		t.Errorf("%v allocations for each burst of %d values, want none", got, burst)
	}
}

func BenchmarkTable(b *testing.B) {
	var table Table[*int]
	seq := rand.Uint64()
	for range 256 {
		table.Put(seq, nil)
		seq++
	}
	b.ReportAllocs()
	for b.Loop() {
		table.Take(seq - 256)
		table.Put(seq, nil)
		seq++
	}
}

// BenchmarkMapInsteadOfTable is what the Table has to beat.
func BenchmarkMapInsteadOfTable(b *testing.B) {
	table := make(map[uint64]*int)
	seq := rand.Uint64()
	for range 256 {
		table[seq] = nil
		seq++
	}
	b.ReportAllocs()
	for b.Loop() {
		if call, ok := table[seq-256]; ok && call == nil {
			delete(table, seq-256)
		}
		if _, double := table[seq]; !double {
			table[seq] = nil
		}
		seq++
	}
}
