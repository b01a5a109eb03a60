package benchsvc

import (
	"bytes"
	"context"
	"iter"
)

// ItemsName is the name under which [Items] are served beside a service of that name.
const ItemsName = "Items"

// BlobSize is the size of the items of [Items.Blobs], in bytes.
const BlobSize = 64 << 10

//go:generate go run -C ../.. ./cmd/helium gen go --type Items bench/benchsvc

// Items are the streams that are measured.
type Items interface {
	// Numbers yields 0, 1, 2 and so on, so many.
	Numbers(ctx context.Context, count int) iter.Seq2[float64, error]
	// Blobs yields so many values of BlobSize bytes.
	Blobs(ctx context.Context, count int) iter.Seq2[[]byte, error]
}

// NewItems returns an implementation.
func NewItems() Items { return items{} }

type items struct{}

func (items) Numbers(_ context.Context, count int) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		for i := range count {
			if !yield(float64(i), nil) {
				return
			}
		}
	}
}

func (items) Blobs(_ context.Context, count int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		blob := bytes.Repeat([]byte("helium: "), BlobSize/8)
		for range count {
			if !yield(blob, nil) {
				return
			}
		}
	}
}

// SumOfNumbers is what the items of [Items.Numbers] make together.
func SumOfNumbers(count int) float64 { return float64(count) * float64(count-1) / 2 }
