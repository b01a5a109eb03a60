package rpcserver

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/heartbeat"
	"github.com/helium-rpc/helium/rpcserver/internal/inline"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
)

// The way of a call through the server, each step in a file of its own:
//
//	link ─▶ receiver ─▶ callReader ─▶ callers ─┬▶ pool ───┬▶ runner ─▶ handler ─▶ answerer ─▶ link
//	                        │                  └▶ inline ─┘
//	                        ├▶ streams ─▶ a goroutine for each
//	                        └▶ control: cancel a call, go on with a stream

// receiver receives what comes by one link, and sees to it that the calls are run.
type receiver struct {
	link      link.Server
	reader    callReader
	callers   *callers
	deadlines *link.Sweep
	beats     *heartbeat.Heartbeats[*caller]
	pool      *pool.Pool[Call]
	runner    *runner
	counters  *counters
	budget    inline.Budget

	collecting *collecting

	tickets *ticketGiver     // of the bus
	exports *answers.Exports // of the bus; nil: nothing comes through any
	thawed  clocks.ThawMark  // of direct links
	control []wire.Frame     // of the message to a control subject that is handled
	direct  bool             // the link is a direct one

	done chan struct{} // closed when nothing more comes
}

// refuseUnread refuses a message of calls of which nothing was read, as too many wait.
func (r *receiver) refuseUnread(in *link.Incoming) {
	r.counters.refusedMessages.Add(1)
	r.reader.sender = sender{} // of what it says of itself nothing was read either
	if in.Plain != nil && in.From.Key != nobodysKey {
		err := helium.ErrOverloaded.WithOutcome(helium.NotExecuted)
		err.Instance = r.reader.instance
		(&plainAnswer{link: in.Plain, to: in.From, service: in.Service, json: looksLikeJSON(in.Data)}).fail(err)
		return
	}
	r.refuse(in, helium.ErrOverloaded)
}

// refuse tells a caller that nothing in its message is run: an error with the sequence number
// 0 concerns the message, not one of its calls.
func (r *receiver) refuse(in *link.Incoming, err *helium.Error) {
	e := wire.FitError(err, r.link.MaxMessage())
	e.Outcome, e.Instance = helium.NotExecuted, r.reader.instance
	if in.From.Key == nobodysKey {
		r.runner.unheard.note(e)
		return
	}
	f := wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, e)}
	m := &batch.Message{Frames: 1}
	if r.reader.sender.speaks {
		r.callers.opening.begin(m, mannerOf(in.From))
	} else {
		m.Data = wire.AppendMessageHeader(nil)
	}
	m.Data = wire.AppendFrame(m.Data, &f)
	r.answer(in.From, m)
}

// tell answers a message that says who sends it and nothing else: who is asked says who it is.
func (r *receiver) tell(to link.Caller) {
	m := new(batch.Message)
	r.callers.opening.begin(m, mannerOf(to))
	r.answer(to, m)
}

// answer sends a message of answers that are none of a known caller's calls'.
func (r *receiver) answer(to link.Caller, m *batch.Message) {
	to.Ephemeral = true // it may not be a known caller
	r.link.Answer(&link.Outgoing{To: to, Message: m, Nth: 1, Last: true})
}
