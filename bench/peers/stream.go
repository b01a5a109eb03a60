package peers

import (
	"context"
	"fmt"
	"iter"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// HasStreams tells the peers whose clients make calls of [Streams], by generated code.
func HasStreams(peer string) bool {
	return peer == "helium" || peer == "helium-direct" || peer == "grpc"
}

// streamCaller returns the Call of a stream, for a client that has both kinds: it reads one to its end.
func streamCaller(p Payload, numbers func(context.Context, int) iter.Seq2[float64, error], blobs func(context.Context, int) iter.Seq2[[]byte, error]) (Call, error) {
	switch p {
	case Numbers:
		return func() error {
			sum := 0.0
			err := each(p, numbers, func(v float64) { sum += v })
			if want := benchsvc.SumOfNumbers(p.Items()); err == nil && sum != want {
				return fmt.Errorf("the numbers of a stream make %v together, want %v", sum, want)
			}
			return err
		}, nil
	case Blobs:
		return func() error {
			size := 0
			err := each(p, blobs, func(v []byte) { size += len(v) })
			if want := p.Items() * benchsvc.BlobSize; err == nil && size != want {
				return fmt.Errorf("the values of a stream have %d bytes together, want %d", size, want)
			}
			return err
		}, nil
	}
	return nil, fmt.Errorf("no stream is called %q", p)
}

// each reads a stream of as many items as the payload has.
func each[T any](p Payload, stream func(context.Context, int) iter.Seq2[T, error], yield func(T)) error {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	for v, err := range stream(ctx, p.Items()) {
		if err != nil {
			return err
		}
		yield(v)
	}
	return nil
}
