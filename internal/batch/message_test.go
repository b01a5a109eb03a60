package batch

import (
	"bytes"
	"slices"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

func TestAMessageMadeWholeKeepsItsPlaceAndItsMakerGetsOtherMemory(t *testing.T) {
	b, r, release := stuck(t)
	mine := append(make([]byte, 200), wire.AppendFrame(nil, call(3))...)
	b.Add(call(2), Call{}, false)
	instead := b.AddNext(3, func(opening []byte) ([]byte, int) {
		begin := 200 - len(opening)
		copy(mine[begin:], opening)
		return mine, begin
	})
	b.Add(call(4), Call{}, false)
	if len(instead) > 0 && &instead[0] == &mine[0] {
		t.Error("the memory of the message came back while it waits")
	}
	clear(instead) // it is the maker's
	release()
	wantMessages(t, r, []uint64{1}, []uint64{2}, []uint64{3}, []uint64{4})
}

func TestAHeadGoesInFrontOfAMessageWhereThereIsRoom(t *testing.T) {
	head := []byte("a head")
	for name, c := range map[string]struct {
		data    func(m *Message)
		fitting bool
	}{
		"a few frames":             {func(m *Message) { m.Data = append(m.Data, "frames"...) }, true},
		"more than the memory has": {func(m *Message) { m.Data = append(m.Data, make([]byte, 10*firstRoom)...) }, false},
		"no frame":                 {func(*Message) {}, false},
		"made behind room":         {func(m *Message) { m.made([]byte("......made"), 6) }, true},
		"made without":             {func(m *Message) { m.made([]byte(".made"), 1) }, false},
		"handed in":                {func(m *Message) { *m = Message{Data: []byte("handed in")} }, false},
	} {
		m := new(Message)
		m.lay()
		c.data(m)
		before := slices.Clone(m.Data)
		whole := m.Behind(head)
		if want := append(slices.Clone(head), before...); c.fitting && !bytes.Equal(whole, want) || !c.fitting && whole != nil {
			t.Errorf("%s: got %q, want %q: %v", name, whole, want, c.fitting)
		}
		if !bytes.Equal(m.Data, before) {
			t.Errorf("%s: the message was %q and is %q", name, before, m.Data)
		}
	}
}

func TestAMessageThatHasOutgrownItsMemoryHasRoomForAHeadTheNextTime(t *testing.T) {
	m := new(Message)
	for i, want := range []bool{false, true, true} {
		m.lay()
		m.Data = append(m.Data, make([]byte, 10*firstRoom-i*2*headroom)...)
		if fits := m.Behind([]byte("a head")) != nil; fits != want {
			t.Errorf("message %d has room for a head: %v, want %v", i, fits, want)
		}
		m.settle()
	}
}

func TestAMessageWithACallForAnyoneIsForAnyone(t *testing.T) {
	var got []bool
	b := New(nil, nil, func(m *Message) { got = append(got, m.Anyone) })
	add := func(anyone ...bool) {
		b.Cork()
		for i, anyone := range anyone {
			b.Add(call(uint64(i+1)), Call{Method: "m", Anyone: anyone}, false)
		}
		b.Uncork()
	}
	add(false, true, false)
	add(false, false)
	for _, anyone := range []bool{true, false} {
		b.AddWhole(call(1), Call{Anyone: anyone}, func(opening []byte) ([]byte, int) {
			return append(bytes.Clone(opening), wire.AppendFrame(nil, call(1))...), 0
		})
	}
	if want := []bool{true, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("messages are for anyone: %v, want %v", got, want)
	}
}
