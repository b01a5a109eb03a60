package rpcclient

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// upload is what a stream sends to its instance, on a goroutine of its own: its arguments where they fit no
// message, then the items of the program's iterator.
type upload struct {
	core    *core
	of      *streamed
	flight  *link.Call
	tell    func(message []byte) // sends the instance a message
	abandon func(*helium.Error)  // ends the stream

	args *largeArguments // nil: they went with the beginning
	out  *stream.Sender
	part int // how large parts of items are at most, in bytes; 0: only messages bound them

	mu    sync.Mutex
	asked bool // guarded by mu; the program's iterator was asked for items, or is about to be
	given bool // guarded by mu; it isn't to be asked, as it may be by another attempt
	left  bool // guarded by mu; nobody waits for it to return any more

	begun    bool          // it runs, or has
	returned chan struct{} // closed when it doesn't run any more
	panicked any           // what the program's iterator panicked with; read after returned is closed
	stack    []byte        // of that; likewise
	exited   bool          // that ended its goroutine; likewise
	told     bool          // its caller knows of that
	message  []byte        // memory for that of a part
	few      [2][]byte     // memory for items that leave together, if they are small, and for their message
}

// largeArguments are those of a stream that travel as its first item.
type largeArguments struct {
	value []byte
	room  *chunks.Arguments
	free  chan struct{} // closed when they aren't read any more
	sent  bool          // all of them; read after free is closed
}

func newUpload(core *core, of *streamed, args *largeArguments, flight *link.Call) *upload {
	u := &upload{core: core, of: of, args: args, flight: flight, returned: make(chan struct{})}
	u.out = stream.NewSender(wire.Credit{}, u.sendItems, u.sendAccount)
	if of.parts {
		u.out.Divide(func() int { return u.sizes().Part }, u.sendPart)
	}
	return u
}

// begin has it run, in parts of so many bytes at most.
func (u *upload) begin(part int) {
	u.begun, u.part = true, part
	go u.run()
}

// run sends what is to be sent.
func (u *upload) run() {
	returned := false
	defer func() {
		if !returned {
			u.panicked = recover()
			if u.exited = u.panicked == nil; !u.exited {
				u.stack = debug.Stack()
			}
			u.abandon(helium.ErrCanceled.WithMessage("the iterator whose items were sent has panicked"))
		}
		u.mu.Lock()
		close(u.returned)
		left := u.left
		u.mu.Unlock()
		if left {
			u.logPanic()
		}
	}()
	if (u.args == nil || u.sendArguments()) && u.of.upload != nil && u.ask() {
		u.sendAll()
	}
	returned = true
}

// sendArguments sends the arguments in front of all items. It returns false if the stream is over.
func (u *upload) sendArguments() bool {
	defer close(u.args.free)
	defer u.args.room.Leave()
	if !u.out.SendParts(u.args.value, u.sizes().Part, u.sendPart) {
		return false
	}
	u.args.sent = true
	u.core.counters.largeSent.Add(len(u.args.value))
	return true
}

// ask reports whether the program's iterator may be asked for items.
func (u *upload) ask() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = !u.given
	return u.asked
}

// giveUp leaves the program's iterator to another attempt. It returns false if that was asked for items, which it may
// not give again.
func (u *upload) giveUp() bool {
	if u == nil {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.given = !u.asked
	return u.given
}

// sendAll sends the items of the program's iterator.
func (u *upload) sendAll() {
	w := newItemWriter()
	var fault *helium.Error
	var failed error // of an interceptor
	over := false    // nobody takes items any more
	count := 0       // of the items of the program's iterator
	sizes := u.sizes()
	put := u.of.wrapSent.Inward(func(item []byte) error {
		if size := len(item); size > sizes.Most {
			fault = itemTooLarge(u.of.parts, count, size, sizes.Most)
			return fault
		}
		if u.of.check != nil {
			if err := u.of.check(item); err != nil {
				fault = helium.ErrMismatch.WithMessage("item %d doesn't fit the method: %w", count, err)
				return fault
			}
		}
		if over = over || !u.sendItem(&w, item, sizes); over {
			return context.Canceled
		}
		return nil
	})
	why := u.of.upload(&w, func() bool {
		count++
		if err := w.Err(); err != nil {
			fault = helium.ErrBadArgument.WithMessage("item %d can't be encoded: %w", count, err)
		} else {
			failed = put(w.Bytes())
		}
		if w.Reset(); cap(w.Buffer()) > mostKept {
			w = newItemWriter()
		}
		return fault == nil && failed == nil && !over
	})
	if why == nil && !over {
		why = failed
	}
	if fault != nil {
		u.abandon(fault)
		return
	}
	end := wire.ItemsEnd{Count: u.out.Close()}
	if why != nil {
		end.Err = wire.FitError(helium.AsError(why), u.core.links.MaxMessage())
	}
	u.out.Conclude(func() { u.tellFrame(&wire.Frame{Kind: wire.KindItemsEnd, Body: wire.AppendItemsEnd(nil, end)}) })
}

// sizes say how its items leave.
func (u *upload) sizes() stream.Sizes {
	return stream.SizesOf(u.core.links.MaxMessage(), u.part, u.core.maxValue, u.of.parts)
}

// sendItem sends an item, once there is credit for it. A large one leaves in the memory in which w has
// written it, unless interceptors may still use that, or in parts. It returns false if the stream is over.
func (u *upload) sendItem(w *codec.Writer, item []byte, sizes stream.Sizes) bool {
	switch {
	case len(item) > sizes.Whole:
		return u.out.SendParts(item, sizes.Part, u.sendPart)
	case len(item) < stream.Large, len(u.of.wrapSent) > 0:
		return u.out.Send(item, sizes.Whole)
	}
	return u.out.SendLarge(item, func(one wire.Items) {
		u.core.counters.itemsSent.Add(1)
		memory, begin := wire.WholeItems(wire.AppendMessageHeader(nil), u.flight.Seq(), one, w)
		u.tell(memory[begin:])
	})
}

// sendItems sends items that leave together.
func (u *upload) sendItems(items wire.Items) {
	u.core.counters.itemsSent.Add(items.Count)
	f := wire.Frame{Kind: wire.KindItems, Seq: u.flight.Seq(), Body: wire.AppendItems(u.few[0][:0], items)}
	message := wire.AppendFrame(wire.AppendMessageHeader(u.few[1][:0]), &f)
	if u.tell(message); cap(message) <= stream.FewKept {
		u.few = [2][]byte{f.Body, message}
	}
}

// sendPart sends a part of an item, or of the arguments.
func (u *upload) sendPart(p wire.Part) {
	if p.IsLast() && (u.args == nil || p.Before > 0) {
		u.core.counters.itemsSent.Add(1)
	}
	u.message = wire.AppendPartFrame(wire.AppendMessageHeader(u.message[:0]), u.flight.Seq(), p)
	u.tell(u.message)
}

// sendAccount tells the instance what was sent so far.
func (u *upload) sendAccount(a wire.Account) {
	u.tellFrame(&wire.Frame{Kind: wire.KindAccount, Body: wire.AppendAccount(nil, a)})
}

// tellFrame sends the instance a frame.
func (u *upload) tellFrame(f *wire.Frame) {
	f.Seq = u.flight.Seq()
	u.tell(wire.AppendFrame(wire.AppendMessageHeader(nil), f))
}

// stop has nothing more sent. A nil one sends nothing.
func (u *upload) stop() {
	if u != nil {
		u.out.Stop()
	}
}

// lacks reports whether the instance lacks arguments, so that nothing can run there. It is called once the stream
// is over.
func (u *upload) lacks() bool {
	if u == nil || u.args == nil {
		return false
	}
	if u.begun {
		<-u.args.free
	}
	return !u.args.sent
}

// uploadGrace is how long the end of a stream waits for the iterator whose items it sent to return. One
// that waits for something else is left behind.
const uploadGrace = 100 * time.Millisecond

// settle waits a moment for the program's iterator to return: what it does with the program's
// variables should be over. Its panic is the caller's.
func (u *upload) settle() {
	if u == nil || !u.begun {
		return
	}
	timer := time.NewTimer(uploadGrace)
	defer timer.Stop()
	select {
	case <-u.returned:
	case <-timer.C:
		return
	}
	u.told = true
	switch {
	case u.exited:
		runtime.Goexit()
	case u.panicked != nil:
		panic(u.panicked)
	}
}

// leaveBehind says that nobody waits for the program's iterator any more: a panic of which its caller doesn't hear is
// logged, whenever it comes.
func (u *upload) leaveBehind() {
	if u == nil {
		return
	}
	u.mu.Lock()
	u.left = true
	returned := false
	select {
	case <-u.returned:
		returned = true
	default:
	}
	u.mu.Unlock()
	if returned && !u.told {
		u.logPanic()
	}
}

// logPanic logs what the program's iterator panicked with, if it did.
func (u *upload) logPanic() {
	if u.panicked != nil {
		to := u.flight.To
		u.core.log.Error("an iterator whose items were sent panicked when its call was over", "method", to.Endpoint.Service+"."+to.Name, "panic", fmt.Sprint(u.panicked), "stack", string(u.stack))
	}
}
