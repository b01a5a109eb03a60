package binder

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// A binder that is frozen, or was killed with a request in its hands, doesn't answer, and
// NATS goes on sending it its share of requests. So a request that isn't answered soon is
// sent again while the first is still awaited: it reaches another binder, most likely, and
// the first good answer counts. All requests may be made twice; see [request].

const (
	// askAgainAfter is how long a binder may be silent before another one is asked. An
	// answer from memory takes a millisecond, one that needs the store some.
	askAgainAfter = 250 * time.Millisecond
	// quickPause is how long it is to the asks behind that one: NATS hands them out at random, so that each may meet the
	// same binder as the first.
	quickPause = 100 * time.Millisecond
	// quickAsks is how many come without a longer pause; after that the pauses double.
	quickAsks = 16
	// mostUnpaid is how many asks beyond the first a client may have sent for which no good
	// answer has paid yet.
	mostUnpaid = 32
)

// askPause is how long the answer to the nth ask of a request is waited for before the next.
func askPause(n int) time.Duration {
	if n == 1 {
		return askAgainAfter
	}
	const doublings = 6 // to attemptTimeout
	return min(quickPause<<min(max(n-quickAsks+1, 0), doublings), attemptTimeout)
}

// A reserve keeps further asks from burying binders that are all slow, as when their store
// is: an ask beyond the first takes one from it. A request that gets a good answer gives back
// what it took, and one more for those that got none. So while one binder of several is frozen,
// the others' answers pay for what that one costs.
type reserve struct{ unpaid atomic.Int32 }

func (r *reserve) take() bool {
	for {
		unpaid := r.unpaid.Load()
		if unpaid >= mostUnpaid {
			return false
		}
		if r.unpaid.CompareAndSwap(unpaid, unpaid+1) {
			return true
		}
	}
}

func (r *reserve) giveBack(n int) {
	for {
		unpaid := r.unpaid.Load()
		if unpaid == 0 || r.unpaid.CompareAndSwap(unpaid, max(unpaid-int32(n), 0)) {
			return
		}
	}
}

// A reply is what came of one ask.
type reply struct {
	answer *nats.Msg
	lost   bool // the connection went
	err    error
}

// A repeater asks until there is a good answer.
type repeater struct {
	// ask sends the request once; see [asker].
	ask func(context.Context) (m *nats.Msg, lost bool, err error)
	// read takes an answer in, or returns the error that it carries.
	read    func(*nats.Msg) *helium.Error
	reserve *reserve
}

// run returns how the request ended; err is what the binders answered, or what asking them
// failed of, and that of ctx if that ended first. open says that it may still be carried out
// after a failure: some ask was sent and not answered.
func (r *repeater) run(ctx context.Context) (lost, open bool, err error) {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	replies := make(chan reply)
	asks, waiting, paid := 0, 0, 0
	unknown := false // what came of an ask nobody knows any more
	next := time.NewTimer(time.Hour)
	defer next.Stop()
	ask := func() {
		asks++
		waiting++
		next.Reset(askPause(asks))
		go r.askOnce(asking, replies)
	}
	ask()
	var poor error // the last answer that another binder may better
	for {
		select {
		case <-ctx.Done():
			return false, true, ctx.Err()
		case <-next.C:
			if r.reserve.take() {
				paid++
				ask()
			} else {
				next.Reset(askAgainAfter)
			}
		case got := <-replies:
			waiting--
			err := got.err
			if got.answer != nil {
				if e := r.read(got.answer); e != nil {
					err = e
				}
				if !isPoor(err) {
					r.reserve.giveBack(paid + 1)
				}
			}
			switch {
			case got.lost:
				return true, true, err
			case isSilence(err):
				unknown = true
				if waiting == 0 {
					if poor != nil {
						return false, true, poor
					}
					ask()
				}
			case isPoor(err) && poor == nil && waiting > 0:
				poor = err
				unknown = unknown || !errors.Is(err, nats.ErrNoResponders)
			default:
				return false, unknown || waiting > 0, err
			}
		}
	}
}

// askOnce tells what came of an ask, unless nobody wants to know any more.
func (r *repeater) askOnce(ctx context.Context, replies chan<- reply) {
	m, lost, err := r.ask(ctx)
	select {
	case replies <- reply{m, lost, err}:
	case <-ctx.Done():
	}
}

// isSilence reports that the answer to one ask was waited for long enough.
func isSilence(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
}

// isPoor reports an answer that says nothing about what was asked: the binder can't reach
// its store or has too much to do, or there is none any more. If an earlier ask is still
// awaited, it isn't taken for the last word at once.
func isPoor(err error) bool {
	for _, poor := range []error{helium.ErrStoreUnavailable, helium.ErrBinderBusy, nats.ErrNoResponders} {
		if errors.Is(err, poor) {
			return true
		}
	}
	return false
}
