package codec_test

import (
	"errors"
	"testing"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestAWriterAppendsToItsBuffer(t *testing.T) {
	w := codec.NewWriter([]byte("abc"))
	for range 2 { // what stood in the buffer is there after a reset
		w.Reset()
		w.Int(7)
		if got := w.Bytes(); string(got) != "\x07" {
			t.Errorf("Bytes = %q, want the value alone", got)
		}
		if got := w.Buffer(); string(got) != "abc\x07" {
			t.Errorf("Buffer = %q, want abc and the value", got)
		}
	}
}

func TestARawValueIsWrittenOnlyIfItIsOneThatIsSafe(t *testing.T) {
	var w codec.Writer
	w.ArrayHeader(2)
	w.Raw([]byte("\x92\x01\x02"))
	w.Raw([]byte("\xa1x"))
	if got, want := string(w.Bytes()), "\x92\x92\x01\x02\xa1x"; got != want || w.Err() != nil {
		t.Errorf("got %x, %v; want %x", got, w.Err(), want)
	}
	for _, c := range []struct {
		name, packed string
		cause        error
	}{
		{"nothing", "", msgpack.ErrTruncated},
		{"half a value", "\xcd\x01", msgpack.ErrTruncated},
		{"two values", "\x01\x02", msgpack.ErrTrailing},
		{"an array as a key", "\x81\x90\x01", msgpack.ErrMapKey},
		{"the reserved byte", "\xc1", msgpack.ErrReserved},
	} {
		w.Reset()
		w.Int(1)
		w.Raw([]byte(c.packed))
		w.Raw([]byte("\x02"))
		if err := w.Err(); !errors.Is(err, c.cause) {
			t.Errorf("%s: got the failure %v, want %v", c.name, err, c.cause)
		}
		if got := string(w.Bytes()); got != "\x01" {
			t.Errorf("%s: got %x written, want what stood there before alone", c.name, got)
		}
	}
}

func TestTheFirstFailureOfAWriterSticksUntilItIsReset(t *testing.T) {
	var w codec.Writer
	w.Value(make(chan int))
	first := w.Err()
	w.Value(func() {})
	w.Raw(nil)
	if first == nil || w.Err() != first {
		t.Errorf("got %v, want the first failure, %v", w.Err(), first)
	}
	w.Reset()
	if err := w.Err(); err != nil {
		t.Errorf("a reset writer failed with %v, want no failure", err)
	}
}
