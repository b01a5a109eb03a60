package store

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

const (
	// noJetStreamGrace is how long it isn't believed that there is no JetStream: a server of
	// a cluster that comes up may be connected to none that has it yet.
	noJetStreamGrace = time.Second
	// doubtedGrace is how long a verdict that is doubted isn't believed. A leader places
	// replicas only on members that have reported to it, which takes them a while.
	doubtedGrace = 5 * time.Second
	// openRetry is the wait between attempts to open the bucket.
	openRetry = 200 * time.Millisecond
)

// untilOpen tries to open the bucket until that works, fails for good, or ctx is over.
func untilOpen(ctx context.Context, open func() error) error {
	began := time.Now()
	var refusal error // that is doubted, and since when
	var refused time.Time
	for {
		err := open()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, nats.ErrConnectionClosed):
			return err
		case errors.Is(err, helium.ErrNoJetStream) && time.Since(began) < noJetStreamGrace:
		case errors.Is(err, helium.ErrStoreRefused) && verdictOn(err) == doubted:
			if refusal == nil {
				refused = time.Now()
			}
			refusal = err
			if time.Since(refused) >= doubtedGrace {
				return err
			}
		case errors.Is(err, helium.ErrStoreUnavailable):
		default:
			return err
		}
		select {
		case <-time.After(openRetry):
			continue
		case <-ctx.Done():
		}
		if refusal != nil {
			return refusal // says more than that the time is over
		}
		return err
	}
}
