package node_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// flows is a service with a stream of each kind, and with values of any size.
type flows struct{ begun, ended, taken atomic.Int64 }

var errDry = helium.NewError(helium.CodeOutOfRange, "flows.dry", "the well is dry")

// Count gives the numbers below n, or for ever.
func (f *flows) Count(ctx context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer f.ended.Add(1)
		for i := 0; i != n; i++ {
			if !yield(i, nil) {
				return
			}
			f.taken.Store(int64(i + 1))
		}
	}
}

// Dry gives the numbers below n, and then an error.
func (f *flows) Dry(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer f.ended.Add(1)
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		yield(0, errDry)
	}
}

// Wait gives one number, and then waits until its context ends.
func (f *flows) Wait(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer f.ended.Add(1)
		if yield(1, nil) {
			<-ctx.Done()
			yield(0, ctx.Err())
		}
	}
}

// Ticks gives n numbers, one each ms milliseconds.
func (f *flows) Ticks(ctx context.Context, n, ms int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer f.ended.Add(1)
		for i := range n {
			select {
			case <-time.After(time.Duration(ms) * time.Millisecond):
			case <-ctx.Done():
			}
			if !yield(i, ctx.Err()) {
				return
			}
		}
	}
}

// Blobs gives n items of so many bytes.
func (f *flows) Blobs(n, size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer f.ended.Add(1)
		for i := range n {
			blob := make([]byte, size)
			for j := range blob {
				blob[j] = byte(i + j)
			}
			if !yield(blob, nil) {
				return
			}
		}
	}
}

// Double gives twice what it is sent.
func (f *flows) Double(xs iter.Seq2[float64, error]) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		defer f.ended.Add(1)
		for x, err := range xs {
			if !yield(2*x, err) || err != nil {
				return
			}
		}
	}
}

// Kinds has a value of each kind.
type Kinds struct {
	B bool              `msgpack:"b"`
	N int64             `msgpack:"n"`
	F float32           `msgpack:"f"`
	S string            `msgpack:"s"`
	D []byte            `msgpack:"d"`
	T time.Time         `msgpack:"t"`
	L time.Duration     `msgpack:"l"`
	O *int32            `msgpack:"o"`
	M map[int8][][]byte `msgpack:"m"`
	A any               `msgpack:"a"`
}

// Mirror gives what it is sent.
func (f *flows) Mirror(xs iter.Seq2[Kinds, error]) iter.Seq2[Kinds, error] { return xs }

// Size says how many items it is sent, and how many bytes they have together.
func (f *flows) Size(xs iter.Seq2[[]byte, error]) (string, error) {
	defer f.ended.Add(1)
	items, bytes := 0, 0
	for x, err := range xs {
		if err != nil {
			return "", err
		}
		items++
		bytes += len(x)
	}
	return fmt.Sprintf("%d items of %d bytes", items, bytes), nil
}

// Sip says what Size says, and takes its time for each item.
func (f *flows) Sip(xs iter.Seq2[[]byte, error]) (string, error) {
	return f.Size(func(yield func([]byte, error) bool) {
		for x, err := range xs {
			if !yield(x, err) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// First returns the first number that it is sent.
func (f *flows) First(xs iter.Seq2[float64, error]) (float64, error) {
	defer f.ended.Add(1)
	for x, err := range xs {
		return x, err
	}
	return 0, errDry
}

// Hold takes one number, and then waits until its context ends.
func (f *flows) Hold(ctx context.Context, xs iter.Seq2[float64, error]) (float64, error) {
	defer f.ended.Add(1)
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		<-ctx.Done()
		return x, ctx.Err()
	}
	return 0, errDry
}

// Cut gives a text in pieces of so many bytes.
func (f *flows) Cut(text []byte, size int) iter.Seq2[[]byte, error] {
	f.begun.Add(1)
	return func(yield func([]byte, error) bool) {
		defer f.ended.Add(1)
		for piece := range slices.Chunk(text, size) {
			if !yield(piece, nil) {
				return
			}
		}
	}
}

// Bind returns a text with pages behind it.
func (f *flows) Bind(text []byte, pages iter.Seq2[[]byte, error]) ([]byte, error) {
	f.begun.Add(1)
	defer f.ended.Add(1)
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		text = append(text, page...)
	}
	return text, nil
}

// Mark gives the length of each page, each behind that of a text.
func (f *flows) Mark(text []byte, pages iter.Seq2[[]byte, error]) iter.Seq2[string, error] {
	f.begun.Add(1)
	return func(yield func(string, error) bool) {
		defer f.ended.Add(1)
		for page, err := range pages {
			if !yield(fmt.Sprintf("%d %d", len(text), len(page)), err) {
				return
			}
		}
	}
}

// Keep gives the length of a text, and then keeps that until its context ends.
func (f *flows) Keep(ctx context.Context, text []byte) iter.Seq2[int, error] {
	f.begun.Add(1)
	return func(yield func(int, error) bool) {
		defer f.ended.Add(1)
		if yield(len(text), nil) {
			<-ctx.Done()
			yield(0, ctx.Err())
		}
	}
}

// Begun returns how many handlers of streams have begun that take a text or give pieces of it.
func (f *flows) Begun() int64 { return f.begun.Load() }

// Ended returns how many handlers of streams have ended.
func (f *flows) Ended() int64 { return f.ended.Load() }

// Taken returns how many numbers of the latest Count were taken.
func (f *flows) Taken() int64 { return f.taken.Load() }

// Echo returns what it is given.
func (f *flows) Echo(data []byte) []byte { return data }

// Length returns how many bytes it is given.
func (f *flows) Length(data []byte) int { return len(data) }

// Bytes returns so many.
func (f *flows) Bytes(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return data
}
