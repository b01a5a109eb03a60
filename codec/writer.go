package codec

import (
	"reflect"
	"time"
)

// Writer collects msgpack values, such as a call's arguments. Only values that need
// a user's own encoding can fail; the first failure sticks and Err returns it.
type Writer struct {
	buf  []byte
	room int // of buf, in front of what is written; see Prepend
	err  error
}

// NewWriter returns an empty writer that uses buf's memory, and leaves room for as many
// bytes in front of what it will take.
func NewWriter(buf []byte, room int) Writer {
	return Writer{buf: append(buf[:0], make([]byte, room)...), room: room}
}

// Reset empties the writer and keeps its buffer.
func (w *Writer) Reset() { w.buf, w.err = w.buf[:w.room], nil }

// Bytes returns what was written. It is the writer's own until the next Reset.
func (w *Writer) Bytes() []byte { return w.buf[w.room:] }

// Buffer returns the writer's memory, for another one.
func (w *Writer) Buffer() []byte { return w.buf[:0] }

// Prepend returns what was written with a prefix before it, in the writer's own memory.
// It returns false if there isn't room for the prefix.
func (w *Writer) Prepend(prefix []byte) (whole []byte, ok bool) {
	if len(prefix) > w.room {
		return nil, false
	}
	begin := w.room - len(prefix)
	copy(w.buf[begin:], prefix)
	return w.buf[begin:], true
}

// Err returns the first failure.
func (w *Writer) Err() error { return w.err }

// Nil writes nil.
func (w *Writer) Nil() { w.buf = AppendNil(w.buf) }

// Bool writes a bool.
func (w *Writer) Bool(v bool) { w.buf = AppendBool(w.buf, v) }

// Int writes a signed integer of any width.
func (w *Writer) Int(v int64) { w.buf = AppendInt(w.buf, v) }

// Uint writes an unsigned integer of any width.
func (w *Writer) Uint(v uint64) { w.buf = AppendUint(w.buf, v) }

// Float32 writes a float32.
func (w *Writer) Float32(v float32) { w.buf = AppendFloat32(w.buf, v) }

// Float64 writes a float64.
func (w *Writer) Float64(v float64) { w.buf = AppendFloat64(w.buf, v) }

// String writes a string.
func (w *Writer) String(v string) { w.buf = AppendString(w.buf, v) }

// Binary writes bytes.
func (w *Writer) Binary(v []byte) { w.buf = AppendBytes(w.buf, v) }

// Time writes a point in time.
func (w *Writer) Time(v time.Time) { w.buf = AppendTime(w.buf, v) }

// ArrayHeader announces an array whose n elements are written next.
func (w *Writer) ArrayHeader(n int) { w.buf = AppendArrayHeader(w.buf, n) }

// MapHeader announces a map whose n keys and values are written next, in turn.
func (w *Writer) MapHeader(n int) { w.buf = AppendMapHeader(w.buf, n) }

// Value writes any value that has a place in a signature.
func (w *Writer) Value(v any) {
	if w.err == nil {
		w.buf, w.err = AppendValue(w.buf, v)
	}
}

// Reflect writes the value that v holds.
func (w *Writer) Reflect(v reflect.Value) {
	if w.err != nil {
		return
	}
	// What is in an interface goes by the interface's own type: an error is its text.
	if v.IsValid() && v.Kind() != reflect.Interface && v.CanInterface() {
		w.buf, w.err = AppendValue(w.buf, v.Interface()) // quicker for the usual types
	} else {
		w.buf, w.err = AppendReflect(w.buf, v)
	}
}
