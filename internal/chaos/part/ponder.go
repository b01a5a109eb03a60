package part

import (
	"context"
	"fmt"

	"github.com/helium-rpc/helium/rpcclient"
)

// ponderMethod gets bytes and does with them what Nap does.
const ponderMethod = "ponder"

// Ponder gets bytes, and sleeps until its context ends.
func (w *work) Ponder(ctx context.Context, id, micros int64, data []byte) (int64, error) {
	if len(data) < 8 || string(data) != string(largeValue(id, len(data))) {
		return 0, fmt.Errorf("other bytes came than those of call %d", id)
	}
	return w.Nap(ctx, id, micros)
}

// ponderCaller returns what makes one call of a load that carries bytes.
func ponderCaller(c *rpcclient.Client, l Load) caller {
	return returning(func(ctx context.Context, id int64) (int64, error) {
		return rpcclient.Call[int64](ctx, c, ServiceName+"."+ponderMethod, id, l.Work.Microseconds(), largeValue(id, l.Size))
	})
}
