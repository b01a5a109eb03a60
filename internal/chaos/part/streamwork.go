package part

import (
	"context"
	"iter"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// Give gives so many items, with a pause of so many microseconds behind each.
func (w *work) Give(ctx context.Context, id, items, micros int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		defer w.enter(id)()
		give(ctx, items, micros, yield, func(i int64) int64 { return itemOf(id, i) })
	}
}

// GiveLarge is Give with items of so many bytes.
func (w *work) GiveLarge(ctx context.Context, id, items, micros, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer w.enter(id)()
		give(ctx, items, micros, yield, func(i int64) []byte { return largeItem(id, i, int(size)) })
	}
}

// Take takes so many items, with a pause behind each, and returns the number of the stream.
func (w *work) Take(ctx context.Context, id, items, micros int64, xs iter.Seq2[int64, error]) (int64, error) {
	return taken(ctx, w, id, items, micros, xs, func(item int64) int64 { return item })
}

// TakeLarge is Take with large items.
func (w *work) TakeLarge(ctx context.Context, id, items, micros int64, xs iter.Seq2[[]byte, error]) (int64, error) {
	return taken(ctx, w, id, items, micros, xs, numberOf)
}

// Relay gives what it is sent.
func (w *work) Relay(ctx context.Context, id, items int64, xs iter.Seq2[int64, error]) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		came, leave := sequence{id: id}, w.enterWith(id)
		defer func() {
			var e ledger.Entry
			came.tell(&e)
			leave(e)
		}()
		for x, err := range xs {
			if err == nil {
				came.take(x)
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
		came.end(items)
	}
}

// give gives items until all have been or ctx ends.
func give[T any](ctx context.Context, items, micros int64, yield func(T, error) bool, item func(int64) T) {
	var between pauses
	defer between.end()
	for i := range items {
		if !yield(item(i), nil) {
			return
		}
		if !between.take(ctx, micros) {
			var none T
			yield(none, ctx.Err())
			return
		}
	}
}

// taken takes items, whatever they are, that have numbers.
func taken[T any](ctx context.Context, w *work, id, items, micros int64, xs iter.Seq2[T, error], number func(T) int64) (int64, error) {
	came, leave := sequence{id: id}, w.enterWith(id)
	defer func() {
		var e ledger.Entry
		came.tell(&e)
		leave(e)
	}()
	var between pauses
	defer between.end()
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		came.take(number(x))
		if !between.take(ctx, micros) {
			return 0, ctx.Err()
		}
	}
	came.end(items)
	return id, nil
}

// pauses are those between the items of a stream, which share a timer: a thousand streams would else leave more
// garbage by their pauses than by their items.
type pauses struct{ timer *time.Timer }

// take takes a pause of so many microseconds, or none, and reports whether it came to its end before ctx did.
func (p *pauses) take(ctx context.Context, micros int64) bool {
	if micros <= 0 {
		return true
	}
	if long := time.Duration(micros) * time.Microsecond; p.timer == nil {
		p.timer = time.NewTimer(long)
	} else {
		p.timer.Reset(long)
	}
	select {
	case <-p.timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *pauses) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
