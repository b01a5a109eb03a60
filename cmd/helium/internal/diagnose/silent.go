package diagnose

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/internal/wire"
)

// silent asks instances who they are, all at once, and returns those that don't answer. No call runs for
// it.
func (a *access) silent(ctx context.Context, records []binder.Record) (silent []string) {
	ctx, cancel := context.WithTimeout(ctx, silentTime)
	defer cancel()
	about := wire.Frame{Kind: wire.KindSender, Seq: rand.Uint64()}
	hello := wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
	var mu sync.Mutex
	probe.EachOf(records, func(r binder.Record) {
		_, err := probe.Request(ctx, a.nc, a.prober.Subjects().ServiceAt(r.Service, r.Instance), hello)
		if err == nil || errors.Is(err, nats.ErrNoResponders) {
			return // it has gone meanwhile
		}
		mu.Lock()
		defer mu.Unlock()
		silent = append(silent, r.Service+"/"+r.Instance)
	})
	slices.Sort(silent)
	return silent
}

// silentTime is how long an instance may take to say who it is: what runs there doesn't hold that up.
const silentTime = 2 * time.Second
