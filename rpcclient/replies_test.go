package rpcclient_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestLateDuplicateAndUnaskedAnswersAreCountedAndIgnored(t *testing.T) {
	env := heliumtest.New(t)
	fake := newFakeServer(t, env, false)
	call := func() <-chan int64 {
		result := make(chan int64, 1)
		go func() {
			n, err := rpcclient.Call[int64](t.Context(), env.Client, "fake.do")
			if err != nil {
				t.Error(err)
			}
			result <- n
		}()
		return result
	}
	result := call()
	first := within(t, fake.calls, "call")
	fake.answer(t, first, 1)
	fake.answer(t, first, 2)                                                     // twice
	fake.fail(t, first, errAway)                                                 // again
	fake.answer(t, fakeCall{seq: first.seq + 1000, reply: first.reply}, 3)       // unasked
	fake.send(t, first.reply, wire.Frame{Kind: wire.KindCancel, Seq: first.seq}) // no answer at all
	fake.send(t, first.reply, wire.Frame{Kind: wire.KindCall, Seq: first.seq, Body: msgpack.AppendArrayHeader(nil, 0)})
	if got := within(t, result, "result"); got != 1 {
		t.Errorf("the result is %d, want that of the first answer, 1", got)
	}
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.Unmatched != 5 {
			return fmt.Errorf("%d answers are counted as unmatched, want 5", s.Unmatched)
		}
		return nil
	})

	// The answer to the call before must not be taken for one to this.
	result = call()
	second := within(t, fake.calls, "call")
	fake.answer(t, first, 4)
	fake.answer(t, second, 5)
	if got := within(t, result, "result"); got != 5 {
		t.Errorf("the result is %d, want its own, 5", got)
	}
	if s := env.Client.Stats(); s.InFlight != 0 || s.Calls != 2 || s.Failures != 0 {
		t.Errorf("in flight %d, calls %d, failures %d; want 0, 2, 0", s.InFlight, s.Calls, s.Failures)
	}
}

func TestAnswersThatBreakTheProtocolAreCountedAndHarmNobody(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Logger: quiet}})
	fake := newFakeServer(t, env, false)
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	call := within(t, fake.calls, "call")
	garbage := [][]byte{
		nil, {}, {0xC1}, {0xC1, 0x02}, {0xC1, 0x01, 0x90}, {0xC1, 0x01, 0xdd, 0xff, 0xff, 0xff, 0xff}, []byte("{}"),
	}
	for _, data := range garbage {
		if err := fake.nc.Publish(call.reply, data); err != nil {
			t.Fatal(err)
		}
	}
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.Malformed != uint64(len(garbage)) {
			return fmt.Errorf("%d answers are counted as malformed, want %d", s.Malformed, len(garbage))
		}
		return nil
	})
	fake.answer(t, call, 1)
	if err := within(t, done, "answer"); err != nil {
		t.Errorf("the call failed with %v", err)
	}
}

func TestAnErrorThatCannotBeReadIsStillTheAnswer(t *testing.T) {
	env := heliumtest.New(t)
	fake := newFakeServer(t, env, false)
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	call := within(t, fake.calls, "call")
	fake.send(t, call.reply, wire.Frame{Kind: wire.KindError, Seq: call.seq, Body: msgpack.AppendString(nil, "so not an error")})
	wantError(t, within(t, done, "answer"), helium.ErrBadResult, helium.Unknown)
}

func TestAMessageThatAServerRefusesWholeFailsAllItsCalls(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1}})
	fake := newFakeServer(t, env, false)
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	call := within(t, fake.calls, "call")
	fake.fail(t, fakeCall{seq: 0, reply: call.reply}, away)
	if err := within(t, done, "answer"); !errors.Is(err, errAway) {
		t.Errorf("the call ended with %v, want the refusal", err)
	}
}

func TestAResultThatGoesOnIsNoResult(t *testing.T) {
	env := heliumtest.New(t)
	fake := newFakeServer(t, env, false)
	for _, way := range everyWay(t.Context(), env.Client, "fake.do", func(f func() (int64, error)) (int64, error) { return f() }) {
		done := make(chan error, 1)
		go func() {
			_, err := way.call()
			done <- err
		}()
		call := within(t, fake.calls, "call")
		fake.send(t, call.reply, wire.Frame{Kind: wire.KindReply, Seq: call.seq, Body: msgpack.AppendInt(msgpack.AppendInt(nil, 1), 2)})
		checkFailure(t, way.name, within(t, done, "answer"), failure{is: helium.ErrBadResult, code: helium.CodeInternal, outcome: helium.Executed})
	}
	// One that is discarded may be anything.
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	call := within(t, fake.calls, "call")
	fake.send(t, call.reply, wire.Frame{Kind: wire.KindReply, Seq: call.seq, Body: []byte("no result")})
	if err := within(t, done, "answer"); err != nil {
		t.Errorf("a call whose result is discarded: %v", err)
	}
}
