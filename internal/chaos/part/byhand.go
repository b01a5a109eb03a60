package part

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
)

// The methods of loads that make calls by hand, of a method that does nothing and with a message for each.
const (
	Single   = "single"   // with what a true clock shows
	Misdated = "misdated" // each with another reading of one of two clocks, which jump by hours, or of one that nobody has heard of
)

// sayer says which clock a message was begun by, and what that showed in microseconds.
type sayer func(id int64) (clock, reading uint64)

func truth() sayer {
	clock, born := rand.Uint64(), time.Now()
	return func(int64) (uint64, uint64) { return clock, uint64(time.Since(born) / time.Microsecond) }
}

func lies() sayer {
	clocks := [2]uint64{rand.Uint64(), rand.Uint64()}
	return func(id int64) (clock, reading uint64) {
		if clock = rand.Uint64(); id%4 == 0 {
			clock = clocks[id/4%2]
		}
		return clock, rand.Uint64N(uint64(24 * time.Hour / time.Microsecond))
	}
}

// handCaller returns what makes a call by hand.
func handCaller(nc *nats.Conn, say sayer) caller {
	return returning(func(ctx context.Context, id int64) (int64, error) {
		deadline, _ := ctx.Deadline()
		w := codec.NewWriter(nil)
		w.ArrayHeader(2)
		w.Int(id)
		w.Int(0)
		seq := rand.Uint64()
		clock, reading := say(id)
		m := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindSender, Seq: clock, Time: reading})
		m = wire.AppendFrame(m, &wire.Frame{Kind: wire.KindCall, Seq: seq, Time: wire.Milliseconds(time.Until(deadline)), Body: w.Bytes()})
		answer, err := nc.RequestWithContext(ctx, "helium.call."+ServiceName+".run", m)
		if err != nil {
			return 0, err
		}
		return resultOf(answer.Data, seq)
	})
}

// resultOf reads the answer to a call of that number that returns one.
func resultOf(answer []byte, seq uint64) (int64, error) {
	frames, err := wire.ReadMessage(answer)
	if err != nil {
		return 0, err
	}
	for frames.More() {
		var f wire.Frame
		if err := frames.Next(&f); err != nil {
			return 0, err
		}
		switch {
		case f.Seq != seq && (f.Seq != 0 || f.Kind != wire.KindError): // an error with the number 0 is the whole message's
		case f.Kind == wire.KindReply:
			r := codec.NewReader(f.Body)
			return r.Int(64)
		case f.Kind == wire.KindError:
			said, err := wire.ReadError(f.Body)
			if err != nil {
				return 0, err
			}
			return 0, said
		}
	}
	return 0, errors.New("the answer is none to this call")
}
