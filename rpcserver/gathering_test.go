package rpcserver

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// oneAnswer is a caller by a link that takes one message of answers for each of its own.
type oneAnswer struct {
	*lone
	t *testing.T
}

func newOneAnswer(t *testing.T) *oneAnswer {
	o := &oneAnswer{someCallers(t), t}
	o.link.from.Once = true
	return o
}

// call admits the calls of one message, which have so much time left, and gives them the
// numbers from 1 on.
func (o *oneAnswer) call(left ...time.Duration) (calls []*Call) {
	now := time.Now()
	for i, left := range left {
		calls = append(calls, callUntil(uint64(i+1), now.Add(left)))
	}
	return o.admit(o.link.from, calls, now)
}

// end ends a call as its worker does.
func (o *oneAnswer) end(call *Call, result string, err *helium.Error) {
	call.Result.Value(result)
	if others, ok := call.owner.take(call); ok {
		call.answer.send(call, err, 0, nil, others)
	}
	call.ctx.leave()
}

// want checks that one message has come, with these answers: results, or the reasons of errors.
func (o *oneAnswer) want(answers map[uint64]string) {
	o.t.Helper()
	messages := o.link.take()
	if len(messages) != 1 {
		o.t.Fatalf("got %d messages, want 1: %+v", len(messages), messages)
	}
	got := make(map[uint64]string)
	for _, f := range messages[0] {
		got[f.Seq] = answerIn(o.t, &f)
	}
	for seq, want := range answers {
		if got[seq] != want {
			o.t.Errorf("call %d was answered with %q, want %q", seq, got[seq], want)
		}
	}
	if len(messages[0]) != len(answers) {
		o.t.Errorf("got %d answers, want %d: %v", len(messages[0]), len(answers), got)
	}
}

func answerIn(t *testing.T, f *wire.Frame) string {
	t.Helper()
	if f.Kind == wire.KindError {
		e, err := wire.ReadError(f.Body)
		if err != nil {
			t.Fatal(err)
		}
		return e.Reason + " " + e.Outcome.String()
	}
	r := codec.NewReader(f.Body)
	var text string
	if err := r.Value(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func (o *oneAnswer) wantNothing() {
	o.t.Helper()
	if got := o.link.take(); len(got) != 0 {
		o.t.Fatalf("got %+v, want nothing yet", got)
	}
}

const unfinished = "helium.unfinished unknown"

func TestAllAnswersToAMessageLeaveInOneOnceTheLastCallHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOneAnswer(t)
		calls := o.call(time.Minute, time.Minute, time.Minute)
		o.end(calls[1], "two", nil)
		o.end(calls[0], "", helium.NewError(helium.CodeNotFound, "a.b", "no"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		o.wantNothing()
		o.end(calls[2], "three", nil)
		o.want(map[uint64]string{1: "a.b unknown", 2: "two", 3: "three"})
		time.Sleep(time.Hour)
		synctest.Wait()
		o.wantNothing()
	})
}

func TestAnAnswerThatWaitsForOthersLeavesBeforeItsCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, left := range []time.Duration{100 * time.Millisecond, 2 * time.Second, time.Minute} {
			o := newOneAnswer(t)
			began := time.Now()
			calls := o.call(left, time.Hour, 2*time.Hour)
			contexts := []context.Context{calls[1].ctx, calls[2].ctx}
			o.end(calls[0], "one", nil)
			var arrived time.Duration
			for o.link.answered() == 0 && arrived < time.Hour {
				time.Sleep(time.Millisecond)
				synctest.Wait()
				arrived = time.Since(began)
			}
			if early := left - arrived; early < left/20 && early < 200*time.Millisecond || early > left/2 {
				t.Errorf("with %v left the answer leaves after %v, want a little earlier than that", left, arrived)
			}
			o.want(map[uint64]string{1: "one", 2: unfinished, 3: unfinished})
			for _, ctx := range contexts {
				if ctx.Err() != context.Canceled {
					t.Errorf("the context of a call that was cut short has the error %v, want that it is canceled", ctx.Err())
				}
			}
			// They end all the same, and nobody hears of it.
			o.end(calls[1], "two", nil)
			o.end(calls[2], "three", nil)
			o.wantNothing()
			if n := o.count(); n != 0 {
				t.Errorf("%d calls are in flight, want none", n)
			}
		}
	})
}

func (o *oneAnswer) count() (calls int) {
	o.each(func(*Call) { calls++ })
	return calls
}

func TestACallThatItsCallerHasGivenUpHoldsUpNoAnswer(t *testing.T) {
	for name, giveUp := range map[string]func(*oneAnswer){
		"canceled":    func(o *oneAnswer) { o.cancel(o.link.from.Key, 2, canceled) },
		"out of time": func(*oneAnswer) { time.Sleep(time.Second) },
	} {
		for _, first := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newOneAnswer(t)
					calls := o.call(time.Hour, time.Second)
					if first {
						giveUp(o)
						synctest.Wait()
						o.wantNothing()
					}
					o.end(calls[0], "one", nil)
					if !first {
						o.wantNothing()
						giveUp(o)
					}
					synctest.Wait()
					o.want(map[uint64]string{1: "one"})
					o.end(calls[1], "two", nil)
					o.wantNothing()
				})
			})
		}
	}
}

func TestACallAloneIsAnsweredWhenItHasEndedHoweverLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOneAnswer(t)
		calls := o.call(time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		o.wantNothing()
		o.end(calls[0], "one", nil)
		o.want(map[uint64]string{1: "one"})
	})
}

func TestCallsWhoseTimeIsOverOnArrivalCutNoOtherShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOneAnswer(t)
		calls := o.call(0, time.Hour)
		o.end(calls[0], "", helium.ErrExpired.WithOutcome(helium.NotExecuted))
		time.Sleep(time.Minute)
		synctest.Wait()
		o.wantNothing()
		o.end(calls[1], "two", nil)
		o.want(map[uint64]string{1: "helium.expired_in_queue not executed", 2: "two"})
	})
}

func TestResultsThatDontFitOneMessageTogetherAreToldSo(t *testing.T) {
	for name, of := range map[string]struct {
		calls, size int
		whole       int // so many have their result
	}{
		"the third of three":        {3, 400 << 10, 2},
		"all but three":             {100, 300 << 10, 3},
		"none of many is too large": {4096, 100, 4096},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOneAnswer(t)
			calls := o.call(slices.Repeat([]time.Duration{time.Hour}, of.calls)...)
			for _, call := range calls {
				o.end(call, strings.Repeat("x", of.size), nil)
			}
			messages := o.link.take()
			if len(messages) != 1 {
				t.Fatalf("got %d messages, want 1", len(messages))
			}
			whole, size := 0, 0
			for _, f := range messages[0] {
				size += f.Size()
				switch answer := answerIn(t, &f); {
				case len(answer) == of.size:
					whole++
				case answer != "helium.result_too_large executed":
					t.Fatalf("got %q, want a result or that it is too large", answer)
				}
			}
			if whole != of.whole || len(messages[0]) != of.calls {
				t.Errorf("%d results of %d answers, want %d of %d", whole, len(messages[0]), of.whole, of.calls)
			}
		})
	}
}

func TestMoreAnswersThanAMessageTakesEndAllCallsAllTheSame(t *testing.T) {
	o := newOneAnswer(t)
	o.link.max = 64 << 10
	calls := o.call(slices.Repeat([]time.Duration{time.Hour}, 4096)...)
	for _, call := range calls {
		o.end(call, strings.Repeat("x", 100), nil)
	}
	messages := o.link.take()
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1", len(messages))
	}
	frames := messages[0]
	last := frames[len(frames)-1]
	if last.Seq != 0 || answerIn(t, &last) != unfinished {
		t.Errorf("the last answer is %+v, want one for all calls without", last)
	}
	if len(frames) < 200 {
		t.Errorf("%d answers are in the message, want as many as fit", len(frames))
	}
}

func TestAnswersGatherForEachMessageOnItsOwnReplySubject(t *testing.T) {
	o := newOneAnswer(t)
	now := time.Now()
	first := o.admit(link.Caller{Key: "memory", Address: "a", Once: true}, []*Call{callUntil(1, now.Add(time.Hour)), callUntil(2, now.Add(time.Hour))}, now)
	second := o.admit(link.Caller{Key: "memory", Address: "b", Once: true}, []*Call{callUntil(2, now.Add(time.Hour)), callUntil(3, now.Add(time.Hour))}, now)
	if len(first) != 2 || len(second) != 1 {
		t.Fatalf("%d and %d calls were taken, want 2 and 1, as number 2 is in flight", len(first), len(second))
	}
	o.end(second[0], "three", nil)
	o.want(map[uint64]string{3: "three"})
	o.end(first[0], "one", nil)
	o.wantNothing()
	o.end(first[1], "two", nil)
	o.want(map[uint64]string{1: "one", 2: "two"})
	if want := []string{"b", "a"}; !slices.Equal(o.link.to, want) {
		t.Errorf("the answers went to %v, want %v", o.link.to, want)
	}
}

func TestAMessageThatIsGatheredSaysSoToWhoSaysWhoCalls(t *testing.T) {
	o := newOneAnswer(t)
	now := time.Now()
	_, calls := o.callers.admit(o.link, o.link.from, sender{speaks: true}, "math", []*Call{callUntil(1, now.Add(time.Hour))}, now)
	o.end(calls[0], "one", nil)
	messages := o.link.take()
	if len(messages) != 1 || len(messages[0]) != 2 {
		t.Fatalf("got %+v, want one message of two frames", messages)
	}
	if about := messages[0][0]; about.Kind != wire.KindInstance || about.Abilities != wire.AnswersOnce {
		t.Errorf("it begins with %+v, want what says that the instance answers once", about)
	}
}
