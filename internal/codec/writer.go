package codec

import (
	"reflect"
	"time"
)

// Writer collects msgpack values, such as a call's arguments. Only values that need
// a user's own encoding can fail; the first failure sticks and Err returns it.
type Writer struct {
	buf []byte
	err error
}

// NewWriter returns a writer that appends to buf.
func NewWriter(buf []byte) Writer { return Writer{buf: buf} }

// Reset empties the writer and keeps its buffer.
func (w *Writer) Reset() { w.buf, w.err = w.buf[:0], nil }

// Bytes returns what was written. It is the writer's own until the next Reset.
func (w *Writer) Bytes() []byte { return w.buf }

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
	if w.err == nil {
		w.buf, w.err = AppendReflect(w.buf, v)
	}
}
