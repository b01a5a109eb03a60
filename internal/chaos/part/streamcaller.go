package part

import (
	"context"
	"iter"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/rpcclient"
)

// streamCaller returns what makes one stream of a load; nil: its method is none.
func streamCaller(c *rpcclient.Client, l Load) caller {
	method, pause, slow := ServiceName+"."+l.Method, l.Pause.Microseconds(), l.Slow.Microseconds()
	number := func(item int64) int64 { return item }
	switch l.Method {
	case "give":
		return func(ctx context.Context, id int64, end *ledger.Entry) error {
			return takeAll(ctx, l, id, rpcclient.Stream[int64](ctx, c, method, id, l.Items, pause), number, end)
		}
	case "giveLarge":
		return func(ctx context.Context, id int64, end *ledger.Entry) error {
			return takeAll(ctx, l, id, rpcclient.Stream[[]byte](ctx, c, method, id, l.Items, pause, int64(l.Size)), numberOf, end)
		}
	case "relay":
		return func(ctx context.Context, id int64, end *ledger.Entry) error {
			return takeAll(ctx, l, id, rpcclient.Stream[int64](ctx, c, method, id, l.Items, numbers(ctx, l, id)), number, end)
		}
	case "take":
		return returning(func(ctx context.Context, id int64) (int64, error) {
			return rpcclient.Call[int64](ctx, c, method, id, l.Items, slow, numbers(ctx, l, id))
		})
	case "takeLarge":
		return returning(func(ctx context.Context, id int64) (int64, error) {
			return rpcclient.Call[int64](ctx, c, method, id, l.Items, slow, iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
				give(ctx, l.Items, pause, yield, func(i int64) []byte { return largeItem(id, i, l.Size) })
			}))
		})
	}
	return nil
}

// numbers are the items that a client sends.
func numbers(ctx context.Context, l Load, id int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		give(ctx, l.Items, l.Pause.Microseconds(), yield, func(i int64) int64 { return itemOf(id, i) })
	}
}

// takeAll takes the items of a stream and checks them.
func takeAll[T any](ctx context.Context, l Load, id int64, items iter.Seq2[T, error], number func(T) int64, end *ledger.Entry) error {
	came := sequence{id: id}
	defer came.tell(end)
	leaves := l.Leaves > 0 && id%l.Leaves == 0
	for item, err := range items {
		if err != nil {
			return err
		}
		came.take(number(item))
		if leaves && came.counts.Items >= l.Items/2 {
			return nil
		}
		if l.Slow > 0 && !sleepUntil(ctx, time.Now().Add(l.Slow)) {
			return ctx.Err()
		}
	}
	came.end(l.Items)
	return nil
}
