package chunks

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

func value(size int) []byte {
	v := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(v)
	return v
}

// carry carries a value from one end to the other, in parts of so many bytes at most, and returns what
// arrives and how many bytes were under way at most.
func carry(t *testing.T, v []byte, most int) (got []byte, underWay int) {
	t.Helper()
	out, in := NewOutgoing(v), NewIncoming(wire.ExtentOf(v))
	for !in.Whole() {
		if offset, due := in.Credit(); due {
			out.Grant(offset)
		}
		sent := 0
		for offset, part, ok := out.Next(most); ok; offset, part, ok = out.Next(most) {
			in.Put(offset, part)
			sent += len(part)
		}
		if sent == 0 {
			t.Fatalf("%d of %d bytes are there, and no more are sent", len(in.value), len(v))
		}
		underWay = max(underWay, sent)
		if err := in.Take(); err != nil {
			t.Fatal(err)
		}
	}
	if !out.Done() {
		t.Error("all is there, and the sender has more to send")
	}
	got, err := in.Value()
	if err != nil {
		t.Error(err)
	}
	return got, underWay
}

func TestAValueArrivesWholeAndNoMoreThanAWindowIsUnderWay(t *testing.T) {
	for _, size := range []int{0, 1, Part - 1, Part, Part + 1, Window, Window + 1, 5*Window + 77} {
		for _, most := range []int{1000, Part, 10 * Window} {
			if size/most > 100 {
				continue
			}
			v := value(size)
			got, underWay := carry(t, v, most)
			if !bytes.Equal(got, v) {
				t.Errorf("%d bytes in parts of %d arrive as %d others", size, most, len(got))
			}
			if underWay > Window {
				t.Errorf("%d bytes in parts of %d: %d were under way, want a window of %d at most", size, most, underWay, Window)
			}
			if cap(got) > max(size, firstRoom) {
				t.Errorf("%d bytes took the memory of %d", size, cap(got))
			}
		}
	}
}

func TestPartsThatWereNotAskedForAreFaults(t *testing.T) {
	type part struct {
		offset uint64
		size   int
	}
	for name, parts := range map[string][]part{
		"one before its turn":   {{100, 100}},
		"a gap":                 {{0, 100}, {200, 100}},
		"one that came twice":   {{0, 100}, {0, 100}},
		"an empty one":          {{0, 0}},
		"more than the length":  {{0, 100}, {100, 901}},
		"more than the credit":  {{0, 1001}},
		"the end and more":      {{0, 1000}, {1000, 1}},
		"an offset far outside": {{1 << 63, 1}},
	} {
		in := NewIncoming(wire.Extent{Length: 1000})
		if offset, due := in.Credit(); offset != 1000 || !due {
			t.Fatalf("the first credit is %d, %v; want 1000, true", offset, due)
		}
		for _, p := range parts {
			in.Put(p.offset, make([]byte, p.size))
		}
		if err := in.Take(); err == nil {
			t.Errorf("%s: no error", name)
		}
		select {
		case <-in.Came:
		default:
			t.Errorf("%s: nobody is told", name)
		}
	}
	in := NewIncoming(wire.Extent{Length: 1000})
	in.Put(0, make([]byte, 1))
	if err := in.Take(); err == nil {
		t.Error("a part without credit is no error")
	}
	in = NewIncoming(wire.Extent{Length: 3, Checksum: 1})
	in.Credit()
	in.Put(0, []byte("abc"))
	if err := in.Take(); err != nil || !in.Whole() {
		t.Fatalf("three bytes of three: %v, whole %v", err, in.Whole())
	}
	if _, err := in.Value(); err == nil {
		t.Error("a wrong checksum is no error")
	}
	in = NewIncoming(wire.Extent{Length: 5})
	in.Credit()
	in.Put(3, []byte("abc"))
	if err := in.Take(); !errors.Is(err, errOrder) {
		t.Errorf("a gap: %v, want %v", err, errOrder)
	}
}

func TestALengthAloneCostsNoMemory(t *testing.T) {
	in := NewIncoming(wire.Extent{Length: 1 << 62})
	in.Credit()
	in.Put(0, make([]byte, 1000))
	if err := in.Take(); err != nil || cap(in.value) > firstRoom {
		t.Errorf("a value that claims to be huge has the memory of %d bytes after 1000 came, %v; want %d at most", cap(in.value), err, firstRoom)
	}
}

func TestCreditIsGivenForHalfAWindowAndNeverTakenBack(t *testing.T) {
	in := NewIncoming(wire.Extent{Length: 10 * Window})
	if offset, due := in.Credit(); offset != Window || !due {
		t.Fatalf("the first credit is %d, %v; want a window", offset, due)
	}
	in.Put(0, make([]byte, Window/2-1))
	if err := in.Take(); err != nil {
		t.Fatal(err)
	}
	if offset, due := in.Credit(); due {
		t.Errorf("after less than half a window there is credit for %d, want none yet", offset)
	}
	in.Put(Window/2-1, make([]byte, 1))
	if err := in.Take(); err != nil {
		t.Fatal(err)
	}
	if offset, due := in.Credit(); offset != Window+Window/2 || !due {
		t.Errorf("after half a window the credit is %d, %v; want half a window more", offset, due)
	}
	out := NewOutgoing(value(3000))
	out.Grant(2000)
	out.Grant(1000)
	if _, part, ok := out.Next(Part); len(part) != 2000 || !ok {
		t.Errorf("with a credit of 2000, and then of 1000, %d bytes leave; want 2000", len(part))
	}
	out.Grant(1 << 63)
	if _, part, ok := out.Next(Part); len(part) != 1000 || !ok || !out.Done() {
		t.Errorf("with more credit than there is to send %d bytes leave; want 1000", len(part))
	}
}

func TestTheRoomOfAProcessIsBounded(t *testing.T) {
	before := Taken()
	var rooms []*Room
	for room := TakeRoom(64 << 20); room != nil; room = TakeRoom(64 << 20) {
		rooms = append(rooms, room)
	}
	if len(rooms) != MaxTogether/(64<<20) {
		t.Errorf("there is room for %d values of 64 MiB, want %d", len(rooms), MaxTogether/(64<<20))
	}
	for _, room := range rooms {
		room.Leave()
		room.Leave() // counts once
	}
	if TakeRoom(MaxTogether+1) != nil || TakeRoom(1<<63) != nil {
		t.Error("there is room for more than there may be")
	}
	small := TakeRoom(0)
	if got := Taken() - before; got != leastRoom {
		t.Errorf("an empty value takes %d bytes of room, want %d", got, leastRoom)
	}
	small.Leave()
	if got := Taken(); got != before {
		t.Errorf("%d bytes of room are taken in the end, want %d", got, before)
	}
}

func TestItemsHaveRoomInTurnAndOneOfEachWayAlways(t *testing.T) {
	all := TakeRoom(MaxTogether)
	first, small, gone, last := AwaitRoom(ToServer, "", 60<<20), AwaitRoom(ToServer, "", 1), AwaitRoom(ToServer, "", 1), AwaitRoom(ToServer, "", 1)
	back := AwaitRoom(ToCaller, "", 250<<20)
	if small.Take() != nil {
		t.Error("the second one has room before the first")
	}
	there, answer := first.Take(), back.Take()
	if there == nil || answer == nil {
		t.Fatal("where others have all room the first items of each way have none")
	}
	if got, want := Taken(), int64(MaxTogether+310<<20); got != want {
		t.Errorf("%d bytes are taken, want %d", got, want)
	}
	if small.Take() != nil {
		t.Error("a second item of a way has room where there is none")
	}
	there.Leave()
	there.Leave() // counts once
	second := small.Take()
	if second == nil {
		t.Fatal("once the first item is gone the next one has no room")
	}
	all.Leave()
	answer.Leave()
	if last.Take() != nil {
		t.Error("the last one has room before the last but one")
	}
	gone.GiveUp()
	gone.GiveUp()
	third := last.Take()
	if third == nil {
		t.Error("who is next to one that has given up has no turn")
	}
	last.GiveUp() // it has its room
	third.Leave()
	second.Leave()
	if got := Taken(); got != 0 {
		t.Errorf("%d bytes of room are taken in the end, want none", got)
	}
}

// FuzzIncoming puts any parts into a value: it is whole only if they were its parts, in order.
func FuzzIncoming(f *testing.F) {
	f.Add(uint64(5), []byte{0, 5, 5, 1})
	f.Add(uint64(300), []byte{0, 200, 200, 100, 7})
	f.Fuzz(func(t *testing.T, length uint64, script []byte) {
		in := NewIncoming(wire.Extent{Length: length})
		var have uint64
		sound := true
		for i := 0; i+1 < len(script); i += 2 {
			in.Credit()
			offset, size := uint64(script[i]), uint64(script[i+1])
			sound = sound && offset == have && size > 0 && have+size <= length
			have += size
			in.Put(offset, make([]byte, size))
			if err := in.Take(); (err == nil) != sound {
				t.Fatalf("part %d, at %d of %d bytes: %v, sound %v", i/2, offset, size, err, sound)
			}
			if uint64(len(in.value)) > length {
				t.Fatalf("%d bytes of %d are there", len(in.value), length)
			}
		}
		if sound && in.Whole() != (have == length) {
			t.Fatalf("%d of %d bytes are there, whole is %v", have, length, in.Whole())
		}
	})
}

func TestAValueTakesRoomAsItComes(t *testing.T) {
	before := Taken()
	value := make([]byte, 40<<20)
	in := NewIncoming(wire.ExtentOf(value))
	room := TakeRoom(0)
	in.Within(room)
	comes := func() error {
		at, _ := in.Credit()
		for offset := uint64(in.Have()); offset < at; offset += Part {
			in.Put(offset, value[offset:min(at, offset+Part)])
		}
		return in.Take()
	}
	if got := Taken() - before; got != leastRoom {
		t.Errorf("a value of which nothing has come takes %d bytes, want %d", got, leastRoom)
	}
	for !in.Whole() {
		if err := comes(); err != nil {
			t.Fatal(err)
		}
		if got, have := Taken()-before, int64(in.Have()); got < have || got > max(2*have, firstRoom) {
			t.Fatalf("with %d bytes of a value %d are taken, want no less and at most twice as many", have, got)
		}
	}
	if got := Taken() - before; got != int64(len(value)) {
		t.Errorf("a whole value takes %d bytes, want its %d", got, len(value))
	}
	room.Leave()
	if got := Taken(); got != before {
		t.Errorf("%d bytes are taken in the end, want %d", got, before)
	}

	others := TakeRoom(MaxTogether - 10<<20)
	defer others.Leave()
	in, room = NewIncoming(wire.ExtentOf(value)), TakeRoom(0)
	defer room.Leave()
	in.Within(room)
	var err error
	for err == nil && !in.Whole() {
		err = comes()
	}
	if !errors.Is(err, ErrNoRoom) || in.Have() < 5<<20 || Taken() > MaxTogether {
		t.Errorf("where there are 10 MiB of room %d bytes have come, %v, and %d are taken; want 5 MiB or more, %v, and at most %d", in.Have(), err, Taken(), ErrNoRoom, MaxTogether)
	}
}

func TestAnOwnersValuesLeaveRoomForThoseOfOthersUnlessItIsOneAlone(t *testing.T) {
	const size = MaxTogether / 4
	var rooms []*Room
	for range MaxOfOne / size {
		rooms = append(rooms, TakeRoomOf("greedy", size))
	}
	growing := TakeRoomOf("other", 0)
	switch {
	case rooms[len(rooms)-1] == nil:
		t.Errorf("an owner has no room for %d values of %d bytes", MaxOfOne/size, size)
	case TakeRoomOf("greedy", 0) != nil:
		t.Error("an owner that has its share has room for one more value")
	case growing == nil || !growing.Grow(size/2):
		t.Error("another owner has no room")
	}
	item, next := AwaitRoom(ToCaller, "greedy", size/8), AwaitRoom(ToCaller, "other", size/8)
	if item.Take() != nil {
		t.Error("an owner that has its share has room for an item")
	}
	room := next.Take()
	if room == nil {
		t.Fatal("the item of another owner has no room, as one waits before it whose owner has its share")
	}
	rooms[0].Leave()
	if first := item.Take(); first == nil {
		t.Error("once its owner has less than its share an item has no room")
	} else {
		first.Leave()
	}
	for _, room := range append(rooms[1:], growing, room) {
		room.Leave()
	}
	alone := TakeRoomOf("greedy", 0)
	if !alone.Grow(MaxTogether) {
		t.Error("the only value of an owner has no room for more than its share")
	}
	alone.Leave()
	if got, owners := Taken(), len(house.of); got != 0 || owners != 0 {
		t.Errorf("%d bytes are taken in the end, by %d owners; want none", got, owners)
	}
}
