package part

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/internal/wire"
)

// LiarName is the service of a liar.
const LiarName = "other"

// liar is an instance of another service that answers the calls made to it, and with each also
// calls that weren't: those whose numbers are near, in messages whose numbers are near. It says
// that they have ended with a number that is nobody's, that they haven't run, and that nobody
// listens.
type liar struct {
	measured
	nc       *nats.Conn
	registry *binder.Client
	books    *ledger.Writer
}

func startLiar(ctx context.Context, nc *nats.Conn, file string) (process.Actor, error) {
	books, err := ledger.Create(file)
	if err != nil {
		return nil, err
	}
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		return nil, err
	}
	l := &liar{nc: nc, registry: registry, books: books}
	for _, subject := range []string{"helium.call." + LiarName, "helium.call." + LiarName + ".*"} {
		if _, err := nc.QueueSubscribe(subject, wire.QueueGroup, l.answer); err != nil {
			return nil, err
		}
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		return nil, err
	}
	_, err = registry.Register(ctx, binder.Record{
		Service: LiarName, Instance: "liar",
		Methods: []binder.Method{{Name: "run", Signature: "run(a int64, b int64) int64", Kind: binder.KindCall}},
	})
	return l, err
}

func (l *liar) Ready() any { return Ready{Instance: "liar"} }

func (l *liar) Close() { l.nc.Close() }

const (
	nearCalls    = 8 // to either side
	nearMessages = 3
)

func (l *liar) answer(m *nats.Msg) {
	frames, err := wire.ReadMessage(m.Data)
	if err != nil {
		return // what isn't a call needs no answer
	}
	for frames.More() {
		var f wire.Frame
		if frames.Next(&f) != nil {
			return
		}
		if f.Kind != wire.KindCall {
			continue
		}
		l.lie(m.Reply, f.Seq)
		id, err := firstNumber(f.Body)
		if err != nil {
			continue
		}
		_ = l.books.Now(ledger.Entry{Kind: ledger.Began, ID: id, At: ledger.Nanos(time.Now()), Instance: "liar"})
		_ = l.nc.Publish(m.Reply, reply(f.Seq, id)) // its caller will say if it is missing
	}
}

func firstNumber(arguments []byte) (int64, error) {
	r := codec.NewReader(arguments)
	if _, err := r.ArrayHeader(); err != nil {
		return 0, err
	}
	return r.Int(64)
}

// lie answers what is near a call of that number, in the message of that reply subject.
func (l *liar) lie(subject string, sequence uint64) {
	refusal := helium.ErrOverloaded.WithOutcome(helium.NotExecuted)
	for by := -nearMessages; by <= nearMessages; by++ {
		near, ok := nearby(subject, by)
		if !ok {
			continue
		}
		lies := wire.AppendMessageHeader(nil)
		for to := -nearCalls; to <= nearCalls; to++ {
			other := sequence + uint64(to)
			if other == sequence {
				continue
			}
			if to%2 == 0 {
				lies = wire.AppendFrame(lies, &wire.Frame{Kind: wire.KindError, Seq: other, Body: wire.AppendError(nil, refusal)})
			} else {
				lies = append(lies, reply(other, -7)[wire.HeaderSize:]...)
			}
		}
		_ = l.nc.Publish(near, lies)
		if by != 0 {
			_ = l.nc.PublishMsg(&nats.Msg{Subject: near, Header: nats.Header{"Status": {"503"}}})
		}
	}
}

// reply is a message that answers one call with a number.
func reply(sequence uint64, result int64) []byte {
	w := codec.NewWriter(nil)
	w.Int(result)
	return wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindReply, Seq: sequence, Body: w.Bytes()})
}

// nearby returns the reply subject of a message whose number is near: they end with "+" and a
// number to the base of 36.
func nearby(subject string, by int) (string, bool) {
	inbox, number, found := strings.Cut(subject, "+")
	id, err := strconv.ParseUint(number, 36, 64)
	if !found || err != nil {
		return subject, by == 0
	}
	return fmt.Sprintf("%s+%s", inbox, strconv.FormatUint(id+uint64(by), 36)), true
}
