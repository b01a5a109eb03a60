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

// Misdated is the method of loads that make calls by hand, each with another reading of one of two clocks, which
// jump by hours, or of one that nobody has heard of.
const Misdated = "misdated"

// misdatedCaller returns what makes one such call.
func misdatedCaller(nc *nats.Conn) caller {
	clocks := [2]uint64{rand.Uint64(), rand.Uint64()}
	return returning(func(ctx context.Context, id int64) (int64, error) {
		deadline, _ := ctx.Deadline()
		clock := rand.Uint64()
		if id%4 == 0 {
			clock = clocks[id/4%2]
		}
		w := codec.NewWriter(nil)
		w.ArrayHeader(2)
		w.Int(id)
		w.Int(0)
		seq := rand.Uint64()
		m := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindSender, Seq: clock, Time: rand.Uint64N(uint64(24 * time.Hour / time.Microsecond))})
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
		case f.Seq != seq:
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
