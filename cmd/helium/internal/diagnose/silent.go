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
// it. late says that all was over before they had the time to, so nothing can be said against them.
func (a *access) silent(all context.Context, records []binder.Record) (silent []string, late bool) {
	deadline, ends := all.Deadline()
	tooShort := ends && time.Until(deadline) < enoughTime
	ctx, cancel := context.WithTimeout(all, silentTime)
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
	stopped := errors.Is(all.Err(), context.Canceled)
	return silent, stopped || tooShort && all.Err() != nil
}

// silentTime is how long an instance may take to say who it is: what runs there doesn't hold that up.
const silentTime = 2 * time.Second

// enoughTime is the least after which one that hasn't said it is called silent, where there is no more.
const enoughTime = silentTime / 2
