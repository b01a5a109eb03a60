package codec

import (
	"fmt"
	"reflect"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// Writer collects msgpack values, such as a call's arguments or its result: scalars by the
// method of their type, arrays and maps by their head and then their elements, and anything
// else by [Writer.Value].
//
// Every value takes its shortest form. Only Value, ReflectValue and Raw can fail; the first
// failure sticks, and [Writer.Err] returns it. Nothing is allocated but a longer buffer, and for
// values that aren't scalars what reflection and a type's own methods allocate.
//
// The zero Writer is empty and ready to use. It is not for several goroutines at once.
type Writer struct {
	buf   []byte
	start int // of what was written; in front of it stands what buf held before
	err   error
}

// NewWriter returns a Writer that appends to buf, as append does: behind what buf holds, in
// its memory while there is room.
func NewWriter(buf []byte) Writer { return Writer{buf: buf, start: len(buf)} }

// Reset takes back what was written, and the failure, and keeps the memory.
func (w *Writer) Reset() { w.buf, w.err = w.buf[:w.start], nil }

// Bytes returns what was written. It is the Writer's own until the next Reset.
func (w *Writer) Bytes() []byte { return w.buf[w.start:] }

// Buffer returns what was written behind what the buffer held before, as append would return
// it.
func (w *Writer) Buffer() []byte { return w.buf }

// Err returns the first failure: a *[ValueError], or an error that says what is wrong with the
// bytes that [Writer.Raw] was given.
func (w *Writer) Err() error { return w.err }

// Nil writes nil.
func (w *Writer) Nil() { w.buf = msgpack.AppendNil(w.buf) }

// Bool writes a bool.
func (w *Writer) Bool(v bool) { w.buf = msgpack.AppendBool(w.buf, v) }

// Int writes a signed integer of any width, in one to nine bytes.
func (w *Writer) Int(v int64) { w.buf = msgpack.AppendInt(w.buf, v) }

// Uint writes an unsigned integer of any width, in one to nine bytes.
func (w *Writer) Uint(v uint64) { w.buf = msgpack.AppendUint(w.buf, v) }

// Float32 writes a float32, in five bytes.
func (w *Writer) Float32(v float32) { w.buf = msgpack.AppendFloat32(w.buf, v) }

// Float64 writes a float64, in nine bytes, integral or not.
func (w *Writer) Float64(v float64) { w.buf = msgpack.AppendFloat64(w.buf, v) }

// String writes text. Any bytes go; valid UTF-8 is what other languages can read.
func (w *Writer) String(v string) { w.buf = msgpack.AppendString(w.buf, v) }

// Binary writes bytes, and a nil slice as nil. [Reader.Bytes] reads them.
func (w *Writer) Binary(v []byte) { w.buf = msgpack.AppendBytes(w.buf, v) }

// Time writes an instant to the nanosecond. The zone isn't sent: it is read back in UTC.
func (w *Writer) Time(v time.Time) { w.buf = msgpack.AppendTime(w.buf, v) }

// ArrayHeader begins an array, whose n elements are written next. That they are is for the
// caller to see to.
func (w *Writer) ArrayHeader(n int) { w.buf = msgpack.AppendArrayHeader(w.buf, n) }

// MapHeader begins a map, whose n keys and values are written next, in turn. Keys are scalars.
func (w *Writer) MapHeader(n int) { w.buf = msgpack.AppendMapHeader(w.buf, n) }

// Raw writes one value that is msgpack already, such as what [Reader.Raw] returned. It is
// checked: bytes that aren't exactly one value, or that no receiver would accept, are the
// Writer's failure, and nothing of them is written.
func (w *Writer) Raw(packed []byte) {
	if w.err != nil {
		return
	}
	if err := msgpack.ScanWithin(packed, maxAppendDepth); err != nil {
		w.err = fmt.Errorf("the bytes can't be sent: %w", err)
		return
	}
	w.buf = append(w.buf, packed...)
}

// Value writes a value of any Go type. See the package's documentation for how they stand in
// msgpack.
//
// The failure is a *[ValueError] that names the path to what can't be sent: a channel, a
// function, a value that contains itself, one beyond a receiver's limits, or what a type's own
// method failed at or panicked with. Nothing of the value is written then.
func (w *Writer) Value(v any) {
	if w.err == nil {
		w.buf, w.err = appendValue(w.buf, v)
	}
}

// ReflectValue is [Writer.Value] for the value that v holds; the zero reflect.Value is nil.
func (w *Writer) ReflectValue(v reflect.Value) {
	if w.err != nil {
		return
	}
	// What is in an interface goes by the interface's own type: an error is its text.
	if v.IsValid() && v.Kind() != reflect.Interface && v.CanInterface() {
		w.buf, w.err = appendValue(w.buf, v.Interface()) // quicker for the usual types
	} else {
		w.buf, w.err = appendReflect(w.buf, v)
	}
}
