package rpcserver

import (
	"context"
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// keptFor is how long what a handler returned is kept for calls with the same
	// idempotency key.
	keptFor = 2 * time.Minute
	// keptCost is what a key costs beside its own bytes and those of the result.
	keptCost = 256
	// sweepPause is how long results may be kept beyond their time, so that many are
	// forgotten at once.
	sweepPause = time.Second
)

// replays run calls with idempotency keys: the first call of a key runs the handler, and
// later ones get what that returned.
//
//	first ─▶ handler ─▶ kept for two minutes
//	again, while it runs ─▶ waits ──┤
//	again, later ───────────────────┴─▶ the same result, or the same error
type replays struct {
	limit  int64 // in bytes; negative: no keys are taken
	seed   maphash.Seed
	sweep  *link.Sweep
	served atomic.Uint64 // calls that didn't run, as one of their key had

	mu             sync.Mutex
	byID           map[replayID]*replay // guarded by mu
	used           int64                // guarded by mu; the bytes of all
	oldest, newest *replay              // guarded by mu; those that have ended, in that order
}

// replayID is what makes two calls the same one.
type replayID struct {
	method *method
	key    string
}

// replay is the first call of a key, and what became of it.
type replay struct {
	id     replayID
	digest uint64        // of the arguments
	done   chan struct{} // closed when what follows is final
	cost   int64         // guarded by replays.mu until then

	notRun   bool // the handler refused the arguments; the next call is a first one
	result   []byte
	metadata helium.Metadata
	err      *helium.Error
	took     time.Duration

	until time.Time
	next  *replay // guarded by replays.mu; the one that ended after it
}

// takeKey takes the idempotency key out of a call's metadata. It is no handler's business: one
// that handed the metadata on would have its own calls taken for others.
func (c *Call) takeKey(md helium.Metadata) {
	key, ok := md[wire.IdempotencyKey]
	if !ok {
		return
	}
	delete(md, wire.IdempotencyKey)
	if err := wire.CheckIdempotencyKey(key); err != nil && c.refusal == nil {
		c.refusal = helium.ErrBadMessage.WithMessage("%w", err)
	}
	c.key = key
}

func newReplays(limit int) *replays {
	r := &replays{limit: int64(limit), seed: maphash.MakeSeed(), byID: make(map[replayID]*replay)}
	r.sweep = link.NewSweep(r.expire)
	return r
}

// abilities says that calls with keys are taken, if they are.
func (r *replays) abilities() wire.Abilities {
	if r.limit < 0 {
		return 0
	}
	return wire.IdempotencyKeys
}

// run runs a call with a key within its interceptors, as they decide who may call.
func (r *replays) run(ctx context.Context, call *Call, handler Handler) error {
	if r.limit < 0 {
		return helium.ErrIdempotencyKeysUnsupported
	}
	if ctx == nil {
		ctx = call.ctx // an interceptor may have lost it
	}
	for {
		one, first, err := r.enter(call)
		if err != nil {
			return err
		}
		call.entered = true
		if first {
			return r.runFirst(ctx, call, one, handler)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !one.notRun {
			r.served.Add(1)
			return one.answer(call)
		}
		call.entered = false
	}
}

// enter returns the call that was the first with its key and arguments; first says that this
// is it.
func (r *replays) enter(call *Call) (one *replay, first bool, err error) {
	digest, err := msgpack.Digest(call.args, r.seed)
	if err != nil {
		return nil, false, helium.ErrBadArgument.WithMessage("the arguments: %w", err)
	}
	id := replayID{call.method, call.key}
	r.mu.Lock()
	defer r.mu.Unlock()
	if one = r.byID[id]; one != nil {
		if one.digest != digest {
			return nil, false, helium.ErrIdempotencyKeyReused.WithMessage("the idempotency key %q was used for a call of %s with other arguments; make a new key for each thing that is to be done", call.key, call.method)
		}
		return one, false, nil
	}
	cost := keptCost + int64(len(call.key))
	if r.used+cost > r.limit {
		return nil, false, helium.ErrOverloaded.WithMessage("the instance keeps as many results for idempotency keys as it may; try again later, or raise rpcserver.Config.IdempotencyMemory")
	}
	one = &replay{id: id, digest: digest, done: make(chan struct{}), cost: cost}
	r.byID[id] = one
	r.used += cost
	return one, true, nil
}

// runFirst runs the handler, and keeps what it returns.
func (r *replays) runFirst(ctx context.Context, call *Call, one *replay, handler Handler) error {
	start := time.Now()
	returned := false
	defer func() {
		if returned {
			return
		}
		// It panicked, or ended its goroutine.
		one.took = time.Since(start)
		one.err = helium.ErrPanic.WithMessage("the handler of %s panicked when it was called with the same idempotency key before", call.method)
		r.keep(one)
	}()
	err := handler(ctx, call)
	if bad, ok := err.(argumentError); ok {
		returned = true
		r.drop(one)
		return bad
	}
	one.hold(call, err) // runs code of the service's errors
	returned = true
	one.took = time.Since(start)
	r.keep(one)
	return err
}

// hold takes in what the handler returned.
func (one *replay) hold(call *Call, err error) {
	one.metadata = maps.Clone(call.ReplyMetadata)
	switch e, ok := err.(*helium.Error); {
	case ok && e == nil:
		one.err = helium.ErrPanic.WithMessage("the handler of %s returned a nil *helium.Error as an error", call.method)
	case err != nil:
		kept := *helium.AsError(err)
		one.err = &kept
	case call.Result.Err() != nil:
		one.err = helium.ErrBadResult.WithMessage("%s ran, and its result can't be encoded: %w", call.method, call.Result.Err())
	default:
		one.result = append([]byte(nil), call.Result.Bytes()...)
	}
}

// size returns how many bytes what the handler returned takes.
func (one *replay) size() (n int64) {
	n = int64(len(one.result)) + textSize(one.metadata)
	if one.err != nil {
		n += int64(len(one.err.Reason)+len(one.err.Message)) + textSize(one.err.Details)
	}
	return n
}

func textSize(m map[string]string) (n int64) {
	for key, value := range m {
		n += int64(len(key) + len(value))
	}
	return n
}

// keep keeps what the handler returned. If there is no room for it any more, it is kept that
// the call ran: it mustn't run again.
func (r *replays) keep(one *replay) {
	one.until = time.Now().Add(keptFor)
	r.mu.Lock()
	size := one.size()
	if r.used+size > r.limit {
		one.result, one.metadata, size = nil, nil, 0
		one.err = helium.ErrResultTooLarge.WithMessage("%s ran with this idempotency key before, and there was no room to keep its result; see rpcserver.Config.IdempotencyMemory", one.id.method)
	}
	one.cost += size
	r.used += size
	if r.newest != nil {
		r.newest.next = one
	} else {
		r.oldest = one
	}
	r.newest = one
	r.mu.Unlock()
	close(one.done)
	r.sweep.Watch(one.until)
}

// drop forgets a call that didn't run.
func (r *replays) drop(one *replay) {
	r.mu.Lock()
	delete(r.byID, one.id)
	r.used -= one.cost
	r.mu.Unlock()
	one.notRun = true
	close(one.done)
}

// answer answers a call with what is kept.
func (one *replay) answer(call *Call) error {
	call.replayed, call.replayTook = true, one.took
	call.ReplyMetadata = maps.Clone(one.metadata)
	if one.err != nil {
		return one.err
	}
	if len(one.result) > 0 {
		call.Result.Raw(one.result)
	}
	return nil
}

// expire forgets what was kept long enough, and returns when to look again; see link.Sweep.
func (r *replays) expire(now time.Time) (next time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.oldest != nil && !r.oldest.until.After(now) {
		r.used -= r.oldest.cost
		delete(r.byID, r.oldest.id)
		r.oldest = r.oldest.next
	}
	if r.oldest == nil {
		r.newest = nil
		if len(r.byID) == 0 {
			r.byID = make(map[replayID]*replay) // a map doesn't give back what it once needed
		}
		return time.Time{}
	}
	if next = r.oldest.until; next.Before(now.Add(sweepPause)) {
		next = now.Add(sweepPause)
	}
	return next
}

// load returns how many keys there are, and how many bytes they take.
func (r *replays) load() (keys int, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID), r.used
}

// close ends the sweep.
func (r *replays) close() { r.sweep.Stop() }
