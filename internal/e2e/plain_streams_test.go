package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// Broken gives 1, and then an error.
func (f *feeder) Broken() iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			yield(0, errTooMuch)
		}
	}
}

// Endless gives 1 and infinity.
func (f *feeder) Endless() iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		_ = yield(1, nil) && yield(math.Inf(1), nil)
	}
}

// Patient gives the time that its context has, in milliseconds, and ends with that.
func (f *feeder) Patient(ctx context.Context) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		deadline, _ := ctx.Deadline()
		if yield(time.Until(deadline).Milliseconds(), nil) {
			<-ctx.Done()
		}
		f.over <- context.Cause(ctx)
		yield(0, ctx.Err())
	}
}

// serveMath serves the math service as generated code does, with the names of its parameters.
func serveMath(t *testing.T, n network) {
	t.Helper()
	srv := rpcserver.New(n.dial(), rpcserver.Config{})
	err := mathsvc.Register(srv, "math", mathsvc.New())
	if err == nil {
		err = srv.Start(testContext(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
}

// streamed sends a request with a NATS client that knows nothing of Helium, and returns the messages that
// answer it: the bodies of the items, and the last one.
func streamed(t *testing.T, nc *nats.Conn, msg *nats.Msg) (items []string, end *nats.Msg) {
	t.Helper()
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	msg.Reply = sub.Subject
	if err := nc.PublishMsg(msg); err != nil {
		t.Fatal(err)
	}
	for {
		answer, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("%s: behind %d items: %v", msg.Subject, len(items), err)
		}
		if answer.Header.Get("Helium-Items") != "" || answer.Header.Get("Nats-Service-Error") != "" {
			return items, answer
		}
		if len(answer.Header) > 0 {
			t.Errorf("item %d has the headers %v, want none", len(items), answer.Header)
		}
		items = append(items, string(answer.Data))
	}
}

func TestAnyNATSClientGetsAStreamItemByItem(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serveMath(t, n)
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	for _, c := range []struct {
		subject, body string
		items         []string
	}{
		{"helium.call.math.primes", "[12]", []string{"2", "3", "5", "7", "11"}},
		{"helium.call.math.primes", `{"below": 4}`, []string{"2", "3"}},
		{"helium.call.math.primes", "[2]", nil},
		{"helium.call.math.runningMean", "[[1, 2, 6]]", []string{"1", "1.5", "3"}},
		{"helium.call.math.runningMean", `{"xs": [4]}`, []string{"4"}},
		{"helium.call.math.runningMean", "[[]]", nil},
		{"helium.at.feed." + srv.Instance() + ".numbers", "[3]", []string{"0", "1", "2"}},
		{"helium.call.feed.numbers", string(pack(t, []any{3})), []string{"\x00", "\x01", "\x02"}},
		{"helium.call.feed.double", string(pack(t, []any{[]any{3, 4}})), []string{"\x06", "\x08"}},
		{"helium.call.feed.double", string(pack(t, []any{nil})), nil},
	} {
		items, end := streamed(t, nc, &nats.Msg{Subject: c.subject, Data: []byte(c.body)})
		if !slices.Equal(items, c.items) {
			t.Errorf("%s %q: %q, want %q", c.subject, c.body, items, c.items)
		}
		if want := (nats.Header{"Helium-Items": {strconv.Itoa(len(c.items))}}); len(end.Data) > 0 || fmt.Sprint(end.Header) != fmt.Sprint(want) {
			t.Errorf("%s %q ended with %q, headers %v; want nothing, %v", c.subject, c.body, end.Data, end.Header, want)
		}
	}
	if s := srv.Stats(); s.ItemsSent != 8 || s.ItemsReceived != 2 {
		t.Errorf("%d items left and %d came, as feed counts; want 8 and 2", s.ItemsSent, s.ItemsReceived)
	}
	// What takes a stream alone answers as any method does.
	for body, want := range map[string]string{"[[1, 2, 6]]": "3", `{"xs": [1, 2]}`: "1.5"} {
		if got := request(t, nc, "helium.call.math.mean", []byte(body)); string(got.Data) != want || len(got.Header) > 0 {
			t.Errorf("mean %s = %s, headers %v; want %s, none", body, got.Data, got.Header, want)
		}
	}
	noStreamsAt(t, srv)
}

func TestAStreamOfAPlainRequestEndsWithAnErrorAsAnyAnswerHasThem(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serveMath(t, n)
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	for _, c := range []struct {
		what, subject, body string
		items               []string
		reason              string
		number              string
		outcome             helium.Outcome
		says                string
	}{
		{"the handler's", "feed.broken", "", []string{"1"}, "feed.too_much", "400", helium.Executed, "too large"},
		{"no form in JSON", "feed.endless", "", []string{"1"}, "helium.bad_result", "500", helium.Executed, "item 2"},
		{"a wrong argument", "math.primes", `["x"]`, nil, "helium.bad_argument", "400", helium.NotExecuted, "below"},
		{"no array of items", "math.runningMean", `[1]`, nil, "helium.bad_argument", "400", helium.NotExecuted, "xs"},
		{"no items at all", "math.runningMean", `[]`, nil, "helium.bad_argument", "400", helium.NotExecuted, "array of the items"},
		{"items that don't fit", "math.runningMean", `[[1, "x"]]`, nil, "helium.bad_argument", "400", helium.NotExecuted, "[1]"},
		{"no items of a method that takes a stream alone", "math.mean", `[]`, nil, "helium.bad_argument", "400", helium.NotExecuted, "array of the items"},
	} {
		items, end := streamed(t, nc, &nats.Msg{Subject: "helium.call." + c.subject, Data: []byte(c.body)})
		var body struct{ Code, Reason, Message, Outcome, Instance string }
		if err := json.Unmarshal(end.Data, &body); err != nil {
			t.Errorf("%s: the body is %q: %v", c.what, end.Data, err)
		}
		if !slices.Equal(items, c.items) || body.Reason != c.reason || body.Outcome != c.outcome.String() || body.Instance == "" || !strings.Contains(body.Message, c.says) {
			t.Errorf("%s: %q, and then %+v; want %q, and then %s, %v, which says %q", c.what, items, body, c.items, c.reason, c.outcome, c.says)
		}
		if got := end.Header.Get("Nats-Service-Error-Code"); got != c.number || !strings.Contains(end.Header.Get("Nats-Service-Error"), body.Message) && len(body.Message) < 200 {
			t.Errorf("%s: headers %v; want %s, and the message", c.what, end.Header, c.number)
		}
	}
	// In msgpack infinity is a value like any other.
	items, end := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.endless", Data: pack(t, []any{})})
	if len(items) != 2 || end.Header.Get("Helium-Items") != "2" {
		t.Errorf("in msgpack: %q, headers %v; want two items", items, end.Header)
	}
	noStreamsAt(t, srv)
}

func TestAStreamOfAPlainRequestHasTheTimeThatItSays(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	feed := newFeeder()
	serve(t, n.dial(), rpcserver.Config{Timeout: 20 * time.Second}, "feed", feed)
	nc := bareConnection(t, n.broker.URL())
	for header, want := range map[string][2]int64{"": {1, 20_000}, "300": {0, 300}, "3600000": {3_000_000, 3_600_000}} {
		msg := &nats.Msg{Subject: "helium.call.feed.patient", Header: nats.Header{}}
		if header != "" {
			msg.Header.Set("Helium-Timeout", header)
		}
		sub, err := nc.SubscribeSync(nc.NewInbox())
		if err != nil {
			t.Fatal(err)
		}
		msg.Reply = sub.Subject
		if err := nc.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
		first, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := strconv.ParseInt(string(first.Data), 10, 64); header != "300" && (err != nil || left < want[0] || left > want[1]) {
			t.Errorf("with a time of %q the handler had %s ms, want %d to %d", header, first.Data, want[0], want[1])
		}
		if header != "300" {
			continue
		}
		last, err := sub.NextMsg(patience)
		if err != nil || last.Header.Get("Nats-Service-Error-Code") != "504" {
			t.Errorf("at its deadline: %v, %v; want 504", last, err)
		}
		if err := receive(t, "the handler's end", feed.over); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the handler's context ended with %v, want its deadline", err)
		}
	}
	for _, bad := range []string{"0", "-1", "soon", "1.5"} {
		for _, method := range []string{"patient", "sum"} {
			_, end := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed." + method, Header: nats.Header{"Helium-Timeout": {bad}}, Data: []byte("[[1]]")})
			if !strings.Contains(string(end.Data), "helium.bad_message") {
				t.Errorf("%s with a time of %q: %s, want helium.bad_message", method, bad, end.Data)
			}
			if got, want := end.Header.Get("Helium-Items"), map[string]string{"patient": "0"}[method]; got != want {
				t.Errorf("%s with a time of %q: %q items came by Helium-Items, want %q", method, bad, got, want)
			}
		}
	}
}

func TestAStreamEndsWhenNobodyTakesItsItemsAnyMore(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	feed := newFeeder()
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", feed)
	for name, leave := range map[string]func(*nats.Conn, *nats.Subscription){
		"it unsubscribes": func(_ *nats.Conn, sub *nats.Subscription) { _ = sub.Unsubscribe() },
		"it is gone":      func(nc *nats.Conn, _ *nats.Subscription) { nc.Close() },
	} {
		nc := bareConnection(t, n.broker.URL())
		sub, err := nc.SubscribeSync(nc.NewInbox())
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.PublishRequest("helium.call.feed.numbers", sub.Subject, []byte("[-1]")); err != nil {
			t.Fatal(err)
		}
		for want := range 100 {
			if msg, err := sub.NextMsg(patience); err != nil || string(msg.Data) != strconv.Itoa(want) {
				t.Fatalf("item %d is %v, %v", want, msg, err)
			}
		}
		leave(nc, sub)
		if err := receive(t, name+": the handler's end", feed.over); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the handler's context ended with %v, want context.Canceled", name, err)
		}
		noStreamsAt(t, srv)
	}
}

func TestAllItemsOfALongStreamComeInOrderAndAreCounted(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	const items = 30_000 // more than leave at once
	got, end := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.numbers", Data: fmt.Appendf(nil, "[%d]", items)})
	if len(got) != items || end.Header.Get("Helium-Items") != strconv.Itoa(items) {
		t.Fatalf("%d items came, and headers %v; want %d", len(got), end.Header, items)
	}
	for i, item := range got {
		if item != strconv.Itoa(i) {
			t.Fatalf("item %d is %s", i, item)
		}
	}
	// One whose items don't fit.
	_, end = streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.blobs", Data: []byte("[2000000]")})
	if !strings.Contains(string(end.Data), "helium.result_too_large") || end.Header.Get("Helium-Items") != "0" {
		t.Errorf("with an item of 2 MB: %s, %v; want helium.result_too_large", end.Data, end.Header)
	}
}

func TestAPlainRequestWithoutAReplySubjectBeginsNoStream(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	feed := newFeeder()
	srv := serve(t, n.dial(), rpcserver.Config{Logger: quiet}, "feed", feed)
	nc := bareConnection(t, n.broker.URL())
	if err := nc.Publish("helium.call.feed.numbers", []byte("[-1]")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the request is counted as unheard", func() error {
		if s := srv.Stats(); s.Unheard != 1 || s.StreamsBegun != 0 {
			return fmt.Errorf("%d unheard, %d begun", s.Unheard, s.StreamsBegun)
		}
		return nil
	})
	// One that takes a stream alone runs as any does.
	if err := nc.Publish("helium.call.feed.sum", []byte("[[1, 2]]")); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "the handler's end", feed.over); err != nil {
		t.Errorf("the handler ended with %v", err)
	}
}

func TestADrainingServerEndsStreamsOfPlainRequestsWithAnErrorThatSaysSo(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	feed := newFeeder()
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", feed)
	nc := bareConnection(t, n.broker.URL())
	began := make(chan struct{})
	go func() {
		defer close(began)
		for srv.Stats().Streams == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	ended := make(chan error, 1)
	go func() {
		<-began
		ended <- srv.Shutdown(testContext(t))
	}()
	_, end := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.patient", Data: []byte("[]")})
	if !strings.Contains(string(end.Data), "helium.cut") || end.Header.Get("Nats-Service-Error-Code") != "503" {
		t.Errorf("the stream ended with %s, %v; want helium.cut", end.Data, end.Header)
	}
	if err := receive(t, "the end of the shutdown", ended); err != nil {
		t.Errorf("Shutdown returned %v", err)
	}
}

func TestInterceptorsWrapTheItemsOfPlainRequestsToo(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	add := wrapper(func(direction string, item int, next func(int) error) error { return next(item + 1) })
	serve(t, n.dial(), rpcserver.Config{Interceptors: []rpcserver.Interceptor{add.server()}}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	if items, _ := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.double", Data: []byte("[[1, 10]]")}); !slices.Equal(items, []string{"5", "23"}) {
		t.Errorf("double: %q, want 5 and 23", items)
	}
	if got := request(t, nc, "helium.call.feed.sum", []byte("[[1, 10]]")); string(got.Data) != "13" {
		t.Errorf("sum = %s, want 13", got.Data)
	}
	var v any
	_ = msgpack.Unmarshal(request(t, nc, "helium.call.feed.sum", pack(t, []any{[]int{1}})).Data, &v)
	if fmt.Sprint(v) != "2" {
		t.Errorf("in msgpack: %v, want 2", v)
	}
}

func TestAStreamOfAPlainRequestEndsWithItsServersConnection(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	conn := n.dial()
	srv := serve(t, conn, rpcserver.Config{Logger: quiet}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest("helium.call.feed.numbers", sub.Subject, []byte("[-1]")); err != nil {
		t.Fatal(err)
	}
	if _, err := sub.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
	if err := conn.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	for {
		msg, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("nothing ends the stream: %v", err)
		}
		if msg.Header.Get("Helium-Items") == "" {
			continue
		}
		if !strings.Contains(string(msg.Data), "helium.disconnected") {
			t.Errorf("the stream ended with %s, want helium.disconnected", msg.Data)
		}
		break
	}
	noStreamsAt(t, srv)
}

func TestStreamsOfPlainRequestsCountAmongThoseThatAServerTakes(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{MaxStreams: 1}, "feed", newFeeder())
	nc := bareConnection(t, n.broker.URL())
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest("helium.call.feed.patient", sub.Subject, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := sub.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
	_, end := streamed(t, nc, &nats.Msg{Subject: "helium.call.feed.numbers", Data: []byte("[1]")})
	if !strings.Contains(string(end.Data), "helium.overloaded") || end.Header.Get("Nats-Service-Error-Code") != "429" || end.Header.Get("Helium-Items") != "0" {
		t.Errorf("the second stream got %s, %v; want helium.overloaded behind 0 items", end.Data, end.Header)
	}
	if s := srv.Stats(); s.Streams != 1 || s.StreamsBegun != 1 {
		t.Errorf("%d streams run, %d began; want one", s.Streams, s.StreamsBegun)
	}
	// What takes a stream alone is a call like any other.
	if got := request(t, nc, "helium.call.feed.sum", []byte("[[1, 2]]")); string(got.Data) != "3" {
		t.Errorf("sum = %s, want 3", got.Data)
	}
}
