package rpcserver

import (
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
)

// collecting puts together the arguments that come in chunks. From its announcement on a call is in
// flight like any other, so heartbeats name it, and its deadline, a cancel and the end of its caller
// end it. It waits for its turn once its arguments are there:
//
//	announced ─▶ too large? no room? ─▶ a turn ─▶ credit ─▶ parts ─▶ whole ─▶ the pool
//	                 └─ refused           └───── its context ends, nothing comes: not run
type collecting struct {
	maxValue int
	instance string
	opening  *opening
	pool     *pool.Pool[Call]
	runner   *runner
	turns    chunks.Turns

	mu      sync.Mutex
	closed  bool           // guarded by mu
	stop    chan struct{}  // closed with it
	running sync.WaitGroup // added to with mu held, while it isn't closed
}

func newCollecting(maxValue int, instance string, opening *opening, pool *pool.Pool[Call], runner *runner) *collecting {
	return &collecting{maxValue: maxValue, instance: instance, opening: opening, pool: pool, runner: runner, turns: chunks.NewTurns(), stop: make(chan struct{})}
}

// prepare makes a call ready for its arguments, or says in its refusal why it can't be.
func (c *collecting) prepare(call *Call, from link.Caller, speaksChunks bool) {
	extent, err := wire.ReadExtent(call.args)
	call.args = nil
	switch {
	case call.refusal != nil:
	case err != nil:
		call.refusal = helium.ErrBadMessage.WithMessage("a call in chunks: %w", err)
	case !speaksChunks:
		call.refusal = c.needsSeveral(extent.Length, from)
	case extent.Length > uint64(c.maxValue):
		call.refusal = errArgsTooLarge(extent.Length, c.instance, c.maxValue)
	default:
		room := chunks.TakeRoom(extent.Length)
		if room == nil {
			call.refusal = helium.ErrOverloaded.WithMessage("instance %s has no room for arguments of %d bytes, as %d bytes of other values are there; try again later, or start more instances", c.instance, extent.Length, chunks.Taken())
			return
		}
		call.large = &largeCall{args: chunks.NewIncoming(extent), argsRoom: room}
	}
}

// needsSeveral is the error of arguments from a caller to whom nothing can be said while they come, and says what
// would help, if it isn't the caller that breaks the protocol.
func (c *collecting) needsSeveral(length uint64, from link.Caller) *helium.Error {
	switch {
	case answers.IsExported(from.Address):
		return helium.ErrTooLarge.WithMessage("the call's arguments have %d bytes, which don't fit a message, and the request came through another account's import, where NATS gives each message a reply subject of its own, so instance %s can't tell what belongs to one call; send less at once, or call from a connection to the instance's own account", length, c.instance)
	case from.Once:
		return helium.ErrTooLarge.WithMessage("the call's arguments have %d bytes, which don't fit a message, and NATS lets instance %s answer each message by one only, while to take them it needs several; send less at once, or let its user publish to \"_INBOX.>\"", length, c.instance)
	}
	return helium.ErrBadMessage.WithMessage("a call whose arguments come in chunks, from a caller that doesn't say that it speaks so on an inbox for all its calls")
}

// errArgsTooLarge is the error of arguments of so many bytes.
func errArgsTooLarge(length uint64, instance string, most int) *helium.Error {
	return helium.ErrTooLarge.WithMessage("the call's arguments have %d bytes; instance %s takes at most %d, see rpcserver.Config.MaxValue", length, instance, most)
}

// begin has the arguments of a call that is in flight put together, as they come by a link.
func (c *collecting) begin(call *Call, by link.Server, from link.Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		c.runner.finish(call, errStopsCollecting, 0)
		return
	}
	c.running.Go(func() {
		if err := c.collect(call, by, from); err != nil {
			c.runner.finish(call, err.WithOutcome(helium.NotExecuted), 0)
			return
		}
		now := time.Now()
		for _, r := range c.pool.Submit([]*Call{call}, now) {
			c.runner.refuse(r.Call, r.Why, now)
		}
	})
}

var errStopsCollecting = helium.ErrCut.WithMessage("the server stopped before the call's arguments had come").WithOutcome(helium.NotExecuted)

// collect returns once the arguments of a call are there, or why the call can't run.
func (c *collecting) collect(call *Call, by link.Server, from link.Caller) *helium.Error {
	ended := call.ctx.Done()
	select {
	case c.turns <- struct{}{}:
		defer c.turns.Leave()
	case <-ended:
		return whyOver(call, time.Now())
	case <-c.stop:
		return errStopsCollecting
	}
	args := call.large.args
	watch := chunks.NewWatch()
	defer watch.Stop()
	for !args.Whole() {
		if offset, due := args.Credit(); due {
			c.tell(by, from, &wire.Frame{Kind: wire.KindChunkCredit, Seq: call.seq, Time: offset})
		}
		select {
		case <-args.Came:
		case <-watch.Stalled():
			return helium.ErrExpired.WithMessage("hardly anything of the call's arguments has come for %v", chunks.Stall)
		case <-ended:
			return whyOver(call, time.Now())
		case <-c.stop:
			return errStopsCollecting
		}
		if err := args.Take(); err != nil {
			return helium.ErrBadMessage.WithMessage("the call's arguments: %w", err)
		}
		watch.Moved(args.Have())
	}
	value, err := args.Value()
	if err != nil {
		return helium.ErrBadMessage.WithMessage("the call's arguments: %w", err)
	}
	call.args = value
	call.ctx.hold()
	c.runner.counters.largeReceived.Add(len(value))
	call.method.stats.largeReceived.Add(len(value))
	return nil
}

// tell sends a frame that is no answer to a caller.
func (c *collecting) tell(by link.Server, to link.Caller, f *wire.Frame) {
	m := new(batch.Message)
	c.opening.begin(m, mannerOf(to))
	m.Data = wire.AppendFrame(m.Data, f)
	to.Ephemeral = true // it may not be a known caller
	by.Answer(&link.Outgoing{To: to, Message: m, Nth: 1})
}

// close ends the calls whose arguments aren't there yet.
func (c *collecting) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.stop)
	}
	c.mu.Unlock()
	c.running.Wait()
}
