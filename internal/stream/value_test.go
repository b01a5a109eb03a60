package stream

import (
	"bytes"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestAValueThatTravelsAsAnItemIsKeptWhateverComesNextAndIsNoneOfTheItems(t *testing.T) {
	in := NewReceiver(new(Pool), func() Bounds { return Bounds{Most: 1 << 20} }, func(wire.Credit) {})
	in.Open()
	items := NewItems(in)
	come := func(before uint64, text string) {
		t.Helper()
		in.Arrive(wire.Items{Before: before, Count: 1, Data: msgpack.AppendString(nil, text)})
		if r, err := items.Next(); r == nil || err != nil {
			t.Fatalf("item %d: %v", before, err)
		}
	}
	const text = "the arguments of a stream"
	want := msgpack.AppendString(nil, text)
	come(0, text)
	value, err := items.Value(wire.ExtentOf(want))
	if err != nil || !bytes.Equal(value, want) || items.Count() != 0 {
		t.Fatalf("got %x, %v, and %d items were read; want %x, and none", value, err, items.Count(), want)
	}
	for i := range uint64(3) { // which may come to the memory of those before them
		come(i+1, "another item, which is long")
		if _, err := items.reader.String(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(value, want) || items.Count() != 3 {
		t.Errorf("behind others it is %x, and %d items were read; want %x, and 3", value, items.Count(), want)
	}
}
