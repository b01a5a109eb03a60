package rpcserver

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
)

func newCallContext() *callContext[Call] {
	return newCall(time.Now().Add(time.Minute)).ctx
}

func TestACallsContextEndsOnceWithTheFirstReason(t *testing.T) {
	for _, askedBefore := range []bool{true, false} {
		c := newCallContext()
		if askedBefore {
			select {
			case <-c.Done():
				t.Error("Done is closed before the end")
			default:
			}
		}
		if err := c.Err(); err != nil {
			t.Errorf("Err before the end = %v, want nil", err)
		}
		c.end(exceeded)
		c.end(canceled)
		select {
		case <-c.Done():
		default:
			t.Errorf("asked before: %v: Done isn't closed after the end", askedBefore)
		}
		if err := c.Err(); err != context.DeadlineExceeded {
			t.Errorf("Err = %v, want the first reason, %v", err, context.DeadlineExceeded)
		}
		if cause := context.Cause(c); cause != context.DeadlineExceeded {
			t.Errorf("Cause = %v, want %v", cause, context.DeadlineExceeded)
		}
		if first, second := c.Done(), c.Done(); first != second {
			t.Error("Done returns another channel each time")
		}
	}
}

// bubbled counts the goroutines in synctest's bubble: outside of it, those of earlier
// tests may be ending.
func bubbled() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "synctest bubble")
}

func TestChildrenOfACallsContextEndWithItAndTakeNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCallContext()
		c.receive(helium.Metadata{"tenant": "blue"})
		before := bubbled()
		cancelled, cancel := context.WithCancel(c)
		defer cancel()
		timed, cancel := context.WithTimeout(c, time.Second)
		defer cancel()
		long, cancel := context.WithTimeout(c, time.Hour)
		defer cancel()
		grandchild, cancel := context.WithCancel(cancelled)
		defer cancel()
		ran := make(chan struct{})
		stop := context.AfterFunc(c, func() { close(ran) })
		if after := bubbled(); after != before || after == 0 {
			t.Errorf("%d goroutines with children, %d without; want the same", after, before)
		}
		if got, _ := timed.Deadline(); !got.Equal(time.Now().Add(time.Second)) {
			t.Errorf("a shorter deadline is %v away, want 1 s", time.Until(got))
		}
		if got, _ := long.Deadline(); !got.Equal(c.deadline) {
			t.Errorf("a longer deadline is %v away, want the call's own", time.Until(got))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if timed.Err() != context.DeadlineExceeded || c.Err() != nil {
			t.Errorf("after the child's time: child %v, call %v; want deadline exceeded, nil", timed.Err(), c.Err())
		}

		c.end(canceled)
		synctest.Wait()
		for name, ctx := range map[string]context.Context{"WithCancel": cancelled, "WithTimeout": long, "grandchild": grandchild} {
			if ctx.Err() != context.Canceled {
				t.Errorf("%s: Err = %v, want %v", name, ctx.Err(), context.Canceled)
			}
		}
		select {
		case <-ran:
		default:
			t.Error("the AfterFunc didn't run")
		}
		if stop() {
			t.Error("stop = true after the function ran, want false")
		}
	})
}

func TestAnAfterFuncThatWasStoppedDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCallContext()
		var ran []string
		stopA := c.AfterFunc(func() { ran = append(ran, "a") })
		c.AfterFunc(func() { ran = append(ran, "b") })
		if !stopA() {
			t.Error("stop = false before the end, want true")
		}
		if stopA() {
			t.Error("stop = true the second time, want false")
		}
		c.end(canceled)
		synctest.Wait()
		if len(ran) != 1 || ran[0] != "b" {
			t.Errorf("ran %v, want [b]", ran)
		}
		c.AfterFunc(func() { ran = append(ran, "late") })
		synctest.Wait()
		if len(ran) != 2 {
			t.Errorf("ran %v; a function given after the end runs at once", ran)
		}
	})
}

func TestACallsContextKnowsItsCallAndItsMetadata(t *testing.T) {
	c := newCallContext()
	if got := CallFrom(c); got != c.call {
		t.Errorf("CallFrom = %p, want %p", got, c.call)
	}
	if got := CallFrom(context.Background()); got != nil {
		t.Errorf("CallFrom(Background) = %v, want nil", got)
	}
	if got := helium.MetadataFrom(c); got != nil {
		t.Errorf("metadata without any = %v, want nil", got)
	}
	c.receive(helium.Metadata{"tenant": "blue"})
	if got := helium.MetadataFrom(c)["tenant"]; got != "blue" {
		t.Errorf("received tenant = %q, want blue", got)
	}
	if got := helium.SentMetadata(c); got != nil {
		t.Errorf("metadata passed on by itself = %v, want nil", got)
	}
	if got := c.Value(nil); got != nil {
		t.Errorf("Value(nil) = %v, want nil", got)
	}
	if cause := context.Cause(c); cause != nil {
		t.Errorf("Cause before the end = %v, want nil", cause)
	}
}

func TestAContextThatOutlivesItsHandlerForgetsTheCall(t *testing.T) {
	call := newCall(time.Now().Add(time.Minute))
	ctx := call.ctx
	if got := CallFrom(ctx); got != call {
		t.Fatalf("CallFrom while the handler runs = %p, want %p", got, call)
	}
	ctx.leave()
	call.recycle()
	if got := CallFrom(ctx); got != nil {
		t.Errorf("CallFrom after the handler = %p, want nil: the call may be another's now", got)
	}
	if ctx.Err() != context.Canceled {
		t.Errorf("the context's error after the handler = %v, want canceled", ctx.Err())
	}
}
