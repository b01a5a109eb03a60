package peers

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// grpcItems serves benchsvc.Items by gRPC.
type grpcItems struct {
	benchpb.UnimplementedItemsServer
	items benchsvc.Items
}

func (s grpcItems) Numbers(in *benchpb.Count, out grpc.ServerStreamingServer[benchpb.Number]) error {
	for v, err := range s.items.Numbers(out.Context(), int(in.Count)) {
		if err != nil {
			return err
		}
		if err := out.Send(&benchpb.Number{Value: v}); err != nil {
			return err
		}
	}
	return nil
}

func (s grpcItems) Blobs(in *benchpb.Count, out grpc.ServerStreamingServer[benchpb.Blob]) error {
	for v, err := range s.items.Blobs(out.Context(), int(in.Count)) {
		if err != nil {
			return err
		}
		if err := out.Send(&benchpb.Blob{Data: v}); err != nil {
			return err
		}
	}
	return nil
}

func (c *grpcClient) numbers(ctx context.Context, count int) iter.Seq2[float64, error] {
	stream, err := c.items.Numbers(ctx, &benchpb.Count{Count: int64(count)})
	return received(stream, err, func(m *benchpb.Number) float64 { return m.Value })
}

func (c *grpcClient) blobs(ctx context.Context, count int) iter.Seq2[[]byte, error] {
	stream, err := c.items.Blobs(ctx, &benchpb.Count{Count: int64(count)})
	return received(stream, err, func(m *benchpb.Blob) []byte { return m.Data })
}

// received yields what comes by a stream of gRPC, or why there is none.
func received[M, T any](stream grpc.ServerStreamingClient[M], err error, value func(*M) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err != nil {
			yield(none, err)
			return
		}
		for {
			m, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(value(m), nil) {
				return
			}
		}
	}
}
