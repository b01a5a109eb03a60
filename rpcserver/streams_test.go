package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// tap is a service of streams.
type tap struct {
	over chan error // told how each handler ended
}

// Run gives numbers, for ever.
func (s *tap) Run(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
		}
		s.over <- context.Cause(ctx)
	}
}

// Wait gives one number, and returns when its context ends.
func (s *tap) Wait(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			<-ctx.Done()
		}
		s.over <- context.Cause(ctx)
	}
}

// Sum adds up what it is sent.
func (s *tap) Sum(xs iter.Seq2[int, error]) (sum int, err error) {
	defer func() { s.over <- err }()
	for x, err := range xs {
		if err != nil {
			return sum, err
		}
		sum += x
	}
	return sum, nil
}

func serveTap(t *testing.T, w *world, config rpcserver.Config) (*rpcserver.Server, *tap) {
	t.Helper()
	srv, s := rpcserver.New(w.conn(), config), &tap{over: make(chan error, 100)}
	if err := rpcserver.Register(srv, "tap", s); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	return srv, s
}

func startTap(t *testing.T, config rpcserver.Config) (*world, *rpcserver.Server, *tap, *rpcclient.Client) {
	t.Helper()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv, s := serveTap(t, w, config)
	return w, srv, s, w.client(rpcclient.Config{MaxAttempts: 1})
}

// pull begins a stream, and returns what takes its next item.
func pull(t *testing.T, c *rpcclient.Client, method string) func() (int, error) {
	t.Helper()
	next, stop := iter.Pull2(rpcclient.Stream[int](testContext(t), c, method))
	t.Cleanup(stop)
	return func() (int, error) {
		item, err, ok := next()
		if !ok && err == nil {
			err = errors.New("the stream is over")
		}
		return item, err
	}
}

func TestAServerTakesSoManyStreamsBesideItsCalls(t *testing.T) {
	w, srv, s, c := startTap(t, rpcserver.Config{MaxStreams: 2, MaxInFlight: 1})
	first, second := pull(t, c, "tap.wait"), pull(t, c, "tap.wait")
	for _, next := range []func() (int, error){first, second} {
		if item, err := next(); item != 1 || err != nil {
			t.Fatalf("got %d, %v; want 1", item, err)
		}
	}
	if _, err := pull(t, c, "tap.wait")(); !errors.Is(err, helium.ErrOverloaded) || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("the third stream: %v, want ErrOverloaded, not executed", err)
	}
	if n := srv.Stats(); n.Streams != 2 || n.Refused != 1 || n.RefusedFull != 1 {
		t.Errorf("%d streams run, %d are counted as refused, %d of them for room; want 2, and the third one", n.Streams, n.Refused, n.RefusedFull)
	}
	// Another instance takes it.
	other, _ := serveTap(t, w, rpcserver.Config{})
	many := w.client(rpcclient.Config{})
	for range 10 {
		if item, err := pull(t, many, "tap.wait")(); item != 1 || err != nil {
			t.Errorf("with another instance: got %d, %v; want 1", item, err)
		}
	}
	if n := other.Stats().Streams; n != 10 {
		t.Errorf("%d streams run at the other instance, want 10", n)
	}
	_ = s
}

func TestAServerThatDrainsEndsItsStreamsWithAnErrorThatSaysSo(t *testing.T) {
	_, srv, s, c := startTap(t, rpcserver.Config{})
	next := pull(t, c, "tap.run")
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	shut := make(chan error, 1)
	go func() { shut <- srv.Shutdown(testContext(t)) }()
	items := 0
	var err error
	for err == nil {
		_, err = next()
		items++
	}
	if e := helium.AsError(err); !errors.Is(err, helium.ErrCut) || e.Outcome != helium.Unknown || !strings.Contains(e.Message, "shutting down") || e.Instance != srv.Instance() {
		t.Errorf("the stream ended with %v, %v, by %q; want ErrCut, unknown, which says that the instance is shutting down", err, e.Outcome, e.Instance)
	}
	if err := receive(t, "the end of the handler", s.over); !errors.Is(err, context.Canceled) {
		t.Errorf("the handler ended with %v, want context.Canceled", err)
	}
	if err := receive(t, "the end of the shutdown", shut); err != nil {
		t.Errorf("Shutdown returned %v, want nil", err)
	}
	if items < 2 {
		t.Errorf("%d items came while the server drained, want more", items)
	}
}

func TestStreamsThatEndInTimeDontHoldUpAShutdown(t *testing.T) {
	_, srv, s, c := startTap(t, rpcserver.Config{})
	next := make(chan int)
	ended := make(chan error, 1)
	go func() {
		sum, err := rpcclient.Call[int](testContext(t), c, "tap.sum", iter.Seq2[int, error](func(yield func(int, error) bool) {
			for x := range next {
				if !yield(x, nil) {
					return
				}
			}
		}))
		if err == nil && sum != 42 {
			err = fmt.Errorf("the sum is %d, want 42", sum)
		}
		ended <- err
	}()
	next <- 40
	eventuallyRuns(t, srv, 1)
	shut := make(chan error, 1)
	go func() { shut <- srv.Shutdown(testContext(t)) }()
	next <- 2
	close(next)
	if err := receive(t, "the end of the stream", ended); err != nil {
		t.Errorf("the stream ended with %v, want its sum", err)
	}
	if err := errors.Join(receive(t, "the end of the handler", s.over), receive(t, "the end of the shutdown", shut)); err != nil {
		t.Error(err)
	}
}

func eventuallyRuns(t *testing.T, srv *rpcserver.Server, streams int) {
	t.Helper()
	for limit := time.Now().Add(patience); srv.Stats().Streams != streams; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d streams run, want %d", srv.Stats().Streams, streams)
		}
	}
}

func TestAStreamWhereNATSTakesOneAnswerIsRefusedAtItsStart(t *testing.T) {
	for name, conf := range map[string]struct{ conf, client, binder, says string }{
		"allow_responses": {inAccount("true"), "c", "b", `let its user publish to "_INBOX.>"`},
		"an import":       {exported(", response_type: stream", ""), "c", "s", "from a connection to the instance's own account"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAccounts(t, conf.conf)
			w.startBinder(conf.binder)
			srv := rpcserver.New(w.connect("s", "server"), rpcserver.Config{Logger: quiet()})
			if err := rpcserver.Register(srv, "probe", &tap{over: make(chan error, 1)}); err != nil {
				t.Fatal(err)
			}
			if err := srv.Start(testContext(t)); err != nil {
				t.Fatal(err)
			}
			defer srv.Shutdown(context.Background())
			c, err := rpcclient.New(w.connect(conf.client, "client"), rpcclient.Config{Logger: quiet(), BusOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, err := range rpcclient.Stream[int](testContext(t), c, "probe.run") {
				if !errors.Is(err, helium.ErrStreamsUnsupported) || helium.OutcomeOf(err) != helium.NotExecuted {
					t.Fatalf("got %v, want ErrStreamsUnsupported, not executed", err)
				}
			}
			// So does a plain request.
			msg, err := w.connect(conf.client, "plain").RequestWithContext(testContext(t), "helium.call.probe.run", nil)
			if err != nil || !strings.Contains(string(msg.Data), helium.ErrStreamsUnsupported.Reason) || !strings.Contains(string(msg.Data), `"not executed"`) {
				t.Errorf("a plain request got %v, %v; want ErrStreamsUnsupported, not executed", msg, err)
			}
			// One who doesn't look into the record hears so from the instance.
			peer := w.peer(conf.client)
			peer.send("helium.at.probe."+srv.Instance()+".run", "+1", message(streamFrame(7, wire.Credit{})))
			_, frames := peer.nextAnswers()
			if e := wantError(t, frames[0], helium.ErrStreamsUnsupported); frames[0].Seq != 7 || !strings.Contains(e.Message, conf.says) {
				t.Errorf("got %v to %d, want ErrStreamsUnsupported to 7, which says what to permit", e, frames[0].Seq)
			}
		})
	}
}

// streamFrame begins a stream that has a minute to begin.
func streamFrame(seq uint64, credit wire.Credit, args ...any) wire.Frame {
	f := callFrame(seq, args...)
	f.Kind, f.Terms = wire.KindStream, &wire.Terms{Credit: credit}
	return f
}

// following returns the frames of a stream until it ends.
func (p *peer) following() (frames []wire.Frame) {
	p.t.Helper()
	for {
		_, more := p.next()
		frames = append(frames, more...)
		if k := more[len(more)-1].Kind; k == wire.KindReply || k == wire.KindError {
			return frames
		}
	}
}

func TestAServerSendsNoMoreThanItsCallerTakes(t *testing.T) {
	w, srv, s, _ := startTap(t, rpcserver.Config{})
	peer := w.peer()
	at, ctl := "helium.at.tap."+srv.Instance()+".run", "helium.ctl.tap."+srv.Instance()
	peer.send(at, "+1", message(streamFrame(7, wire.Credit{Bytes: 1000, Items: 3})))
	count := func(want uint64) {
		t.Helper()
		for got := uint64(0); got < want; {
			_, frames := peer.next()
			for _, f := range frames {
				if f.Kind == wire.KindItems {
					items, err := wire.ReadItems(f.Body)
					if err != nil {
						t.Fatal(err)
					}
					got += items.Count
				}
			}
			if got > want {
				t.Fatalf("got %d items, want %d", got, want)
			}
		}
	}
	count(3)
	peer.send(ctl, "+2", message(wire.Frame{Kind: wire.KindCredit, Seq: 7, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 1000, Items: 5})}))
	count(2)
	// A credit that comes late takes nothing back, and one for a stream that isn't there is ignored.
	peer.send(ctl, "+3", message(
		wire.Frame{Kind: wire.KindCredit, Seq: 7, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 1, Items: 1})},
		wire.Frame{Kind: wire.KindCredit, Seq: 8, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 1, Items: 1})},
		wire.Frame{Kind: wire.KindCredit, Seq: 7, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 1000, Items: 6})}))
	count(1)
	peer.send(ctl, "+4", message(wire.Frame{Kind: wire.KindCancel, Seq: 7}))
	frames := peer.following()
	if end := frames[len(frames)-1]; end.Kind != wire.KindError || end.Seq != 7 {
		t.Errorf("a canceled stream ended with %+v, want an error", end)
	}
	if err := receive(t, "the end of the handler", s.over); !errors.Is(err, context.Canceled) {
		t.Errorf("the handler ended with %v, want context.Canceled", err)
	}
}

func TestWhatCallersSendAsAStreamIsChecked(t *testing.T) {
	items := func(before uint64, values ...any) wire.Frame {
		var w codec.Writer
		for _, v := range values {
			w.Value(v)
		}
		return wire.Frame{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Before: before, Count: uint64(len(values)), Data: w.Bytes()})}
	}
	end := func(count uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: count})}
	}
	w, srv, s, _ := startTap(t, rpcserver.Config{})
	peer := w.peer()
	for name, of := range map[string]struct {
		frames []wire.Frame
		want   error // of the handler's iterator; nil: the sum is 6
	}{
		"all in order":        {[]wire.Frame{items(0, 1, 2), items(2, 3), end(3)}, nil},
		"in one message more": {[]wire.Frame{items(0, 1, 2, 3), end(3)}, nil},
		"a gap":               {[]wire.Frame{items(0, 1, 2), items(3, 3), end(4)}, helium.ErrStreamGap},
		"twice":               {[]wire.Frame{items(0, 1, 2), items(0, 1, 2), end(3)}, helium.ErrStreamGap},
		"the last one lost":   {[]wire.Frame{items(0, 1, 2), end(3)}, helium.ErrStreamGap},
		"another type":        {[]wire.Frame{items(0, "one"), end(1)}, helium.ErrBadArgument},
		"more than said":      {[]wire.Frame{{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Count: 1, Data: []byte{1, 2}})}, end(1)}, errAny},
		"no msgpack":          {[]wire.Frame{{Kind: wire.KindItems, Seq: 7, Body: wire.AppendItems(nil, wire.Items{Count: 1, Data: []byte{0xdf, 0xff, 0xff, 0xff, 0xff}})}, end(1)}, errAny},
		"no items":            {[]wire.Frame{{Kind: wire.KindItems, Seq: 7, Body: []byte{0, 0, 0xc4, 0}}}, helium.ErrBadMessage},
		"beyond the credit":   {[]wire.Frame{items(0, make([]byte, 300_000)), items(1, 1), end(2)}, helium.ErrBadArgument},
	} {
		peer.send("helium.at.tap."+srv.Instance()+".sum", "+1", message(streamFrame(7, wire.Credit{})))
		_, begun := peer.next()
		if begun[0].Kind != wire.KindCredit {
			t.Fatalf("%s: it begins with %+v, want credit", name, begun[0])
		}
		for _, f := range of.frames {
			peer.send("helium.ctl.tap."+srv.Instance(), "+1", message(f))
		}
		err := receive(t, "the end of the handler", s.over)
		if of.want == nil && err != nil || of.want == errAny && err == nil || of.want != nil && of.want != errAny && !errors.Is(err, of.want) {
			t.Errorf("%s: the handler got %v, want %v", name, err, of.want)
		}
		frames := peer.following()
		if last := frames[len(frames)-1]; of.want == nil {
			wantResult(t, last, 7, 6)
		} else if last.Kind != wire.KindError {
			t.Errorf("%s: answered with %+v, want an error", name, last)
		}
	}
	if n := srv.Stats().Streams; n != 0 {
		t.Errorf("%d streams run, want none", n)
	}
}

func TestWhoHasTheEndOfAStreamFindsItCounted(t *testing.T) {
	w, srv, s, _ := startTap(t, rpcserver.Config{})
	peer := w.peer()
	end := message(wire.Frame{Kind: wire.KindItemsEnd, Seq: 7, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{})})
	for i := range 2000 { // the moment between the two is short
		peer.send("helium.at.tap."+srv.Instance()+".sum", "+1", message(streamFrame(7, wire.Credit{})))
		if _, begun := peer.next(); begun[0].Kind != wire.KindCredit {
			t.Fatalf("it begins with %+v, want credit", begun[0])
		}
		peer.send("helium.ctl.tap."+srv.Instance(), "+1", end)
		receive(t, "the end of the handler", s.over)
		peer.following()
		if n := srv.Stats().Streams; n != 0 {
			t.Fatalf("stream %d has ended and %d run, want none", i, n)
		}
	}
}

var errAny = errors.New("any error")

func TestABeginningOfAStreamThatCantBeIsRefused(t *testing.T) {
	w, srv, _, _ := startTap(t, rpcserver.Config{})
	p := newProbe()
	other := rpcserver.New(w.conn(), rpcserver.Config{MaxStreams: -1})
	if err := rpcserver.Register(other, "probe", p); err != nil {
		t.Fatal(err)
	}
	if err := rpcserver.Register(other, "tap", &tap{}); err != nil {
		t.Fatal(err)
	}
	if err := other.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	defer other.Shutdown(context.Background())
	peer := w.peer()
	late := streamFrame(7, wire.Credit{})
	late.Time = 0
	own := "helium.at.tap." + srv.Instance()
	for name, of := range map[string]struct {
		subject string
		frame   wire.Frame
		want    error
	}{
		"of a method that is called":        {"helium.at.probe." + other.Instance() + ".echo", streamFrame(7, wire.Credit{}, "x"), helium.ErrIsStream},
		"called though it streams":          {own + ".run", callFrame(7), helium.ErrIsStream},
		"with an argument too many":         {own + ".run", streamFrame(7, wire.Credit{}, 1), helium.ErrBadArgument},
		"whose time is over":                {own + ".run", late, helium.ErrExpired},
		"of a method that isn't there":      {own + ".absent", streamFrame(7, wire.Credit{}), helium.ErrNoMethod},
		"without a method":                  {own, streamFrame(7, wire.Credit{}), helium.ErrBadMessage},
		"with the number 0":                 {own + ".run", streamFrame(0, wire.Credit{}), helium.ErrBadMessage},
		"where no streams are taken at all": {"helium.at.tap." + other.Instance() + ".run", streamFrame(7, wire.Credit{}), helium.ErrOverloaded},
		"on a control subject":              {"helium.ctl.tap." + srv.Instance(), streamFrame(7, wire.Credit{}), helium.ErrBadMessage},
		"items where calls go":              {own + ".run", wire.Frame{Kind: wire.KindItems, Seq: 7, Body: []byte{0, 1, 0xc4, 1, 1}}, helium.ErrBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			peer.t = t
			peer.send(of.subject, "+1", message(of.frame))
			frames := peer.following()
			wantError(t, frames[len(frames)-1], of.want)
		})
	}
	if n := srv.Stats().Streams; n != 0 {
		t.Errorf("%d streams run, want none", n)
	}
}

func TestInterceptorsSeeAStreamBeginAndEnd(t *testing.T) {
	type seen struct {
		stream bool
		began  time.Time
		ended  error
	}
	var mu sync.Mutex
	var all []seen
	interceptor := func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			began := time.Now()
			err := next(ctx, call)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, seen{call.IsStream(), began, err})
			return err
		}
	}
	_, _, s, c := startTap(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{interceptor}})
	for range rpcclient.Stream[int](testContext(t), c, "tap.run") {
		break
	}
	receive(t, "the end of the handler", s.over)
	for limit := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		mu.Lock()
		n := len(all)
		mu.Unlock()
		if n == 1 || time.Now().After(limit) {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(all) != 1 || !all[0].stream || !errors.Is(all[0].ended, context.Canceled) {
		t.Errorf("the interceptor saw %+v, want a stream that ended with context.Canceled", all)
	}
}

func TestStreamsOfAMessageThatIsRefusedWholeTakeNoRoom(t *testing.T) {
	w, srv, _, c := startTap(t, rpcserver.Config{MaxStreams: 2})
	peer := w.peer()
	for range 5 {
		peer.send("helium.at.tap."+srv.Instance()+".wait", "+1", append(message(streamFrame(7, wire.Credit{}), streamFrame(8, wire.Credit{})), 0x95))
		wantError(t, peer.one(), helium.ErrBadMessage)
	}
	// Nor does one that comes twice.
	peer.send("helium.at.tap."+srv.Instance()+".wait", "+1", message(streamFrame(7, wire.Credit{}), streamFrame(7, wire.Credit{})))
	peer.next()
	eventuallyRuns(t, srv, 1)
	if item, err := pull(t, c, "tap.wait")(); item != 1 || err != nil {
		t.Errorf("got %d, %v; want 1", item, err)
	}
	// Nor do they count.
	if begun := srv.Stats().StreamsBegun; begun != 2 {
		t.Errorf("%d streams have begun, want the 2 that ran", begun)
	}
}

func TestARefusedStreamTakesNothingFromItsIterator(t *testing.T) {
	w, full, _, _ := startTap(t, rpcserver.Config{MaxStreams: 1})
	if _, err := pull(t, w.client(rpcclient.Config{}), "tap.wait")(); err != nil {
		t.Fatal(err)
	}
	serveTap(t, w, rpcserver.Config{})
	c := w.client(rpcclient.Config{MaxAttempts: 10})
	for range 20 {
		numbers := make(chan int, 3)
		numbers <- 1
		numbers <- 2
		numbers <- 3
		close(numbers)
		sum, err := rpcclient.Call[int](testContext(t), c, "tap.sum", iter.Seq2[int, error](func(yield func(int, error) bool) {
			for x := range numbers {
				if !yield(x, nil) {
					return
				}
			}
		}))
		if errors.Is(err, helium.ErrOverloaded) {
			if len(numbers) != 3 {
				t.Errorf("a refused stream has taken %d items", 3-len(numbers))
			}
			continue // no attempt is left to it
		}
		if sum != 6 || err != nil {
			t.Errorf("the sum is %d, %v; want 6", sum, err)
		}
	}
	if full.Stats().Errors == 0 {
		t.Error("no stream went to the full instance first; want some")
	}
}
