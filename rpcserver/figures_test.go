package rpcserver_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestFiguresAreExactUnderConcurrency(t *testing.T) {
	const callers, rounds = 16, 100
	began := time.Now()
	w, srv, _, c := start(t, rpcserver.Config{})
	nc := w.conn()
	var crowd sync.WaitGroup
	for range callers {
		crowd.Go(func() {
			for range rounds {
				if err := c.Call(testContext(t), "probe.echo", nil, "x"); err != nil {
					t.Errorf("echo: %v", err)
				}
				if err := c.Call(testContext(t), "probe.fail", nil, "teapot"); !errors.Is(err, errTeapot) {
					t.Errorf("fail: %v, want a teapot", err)
				}
				if _, err := nc.Request("helium.call.probe.echo", []byte(`["x"]`), patience); err != nil {
					t.Errorf("a plain request: %v", err)
				}
				if answer, err := nc.Request("helium.call.probe.echo", []byte(`[1, 2]`), patience); err != nil || answer.Header.Get(micro.ErrorCodeHeader) != "400" {
					t.Errorf("a bad plain request: %v, %v; want 400", answer, err)
				}
			}
		})
	}
	crowd.Wait()
	stats := statsOf(t, nc, srv, "probe")
	if stats.Type != micro.StatsResponseType || stats.Started.Before(began) || stats.Started.After(time.Now()) || stats.Started.Location() != time.UTC {
		t.Errorf("got type %q, started %v; want the type of stats and a moment since the test began in UTC", stats.Type, stats.Started)
	}
	for _, want := range []struct {
		method                string
		requests, errors, ran int
		lastError             string
	}{
		{"echo", 3 * callers * rounds, callers * rounds, 2 * callers * rounds, "400:"},
		{"fail", callers * rounds, callers * rounds, callers * rounds, "400:I am a teapot"},
		{"count", 0, 0, 0, ""},
	} {
		e, data := endpoint(t, stats, want.method)
		if e.NumRequests != want.requests || e.NumErrors != want.errors || int(data.Latency.Count()) != want.ran || data.InFlight != 0 {
			t.Errorf("%s: %d requests, %d errors, %d timed, %d in flight; want %d, %d, %d, 0",
				want.method, e.NumRequests, e.NumErrors, data.Latency.Count(), data.InFlight, want.requests, want.errors, want.ran)
		}
		if !strings.HasPrefix(e.LastError, want.lastError) || (e.LastError == "") != (want.lastError == "") {
			t.Errorf("%s: last error %q, want it to begin with %q", want.method, e.LastError, want.lastError)
		}
		if (e.ProcessingTime > 0) != (want.ran > 0) || e.NumRequests > 0 && e.AverageProcessingTime != e.ProcessingTime/time.Duration(e.NumRequests) {
			t.Errorf("%s: %v for all, %v on average; want the average of %d", want.method, e.ProcessingTime, e.AverageProcessingTime, e.NumRequests)
		}
		if e.QueueGroup != "helium" || e.Subject != "helium.call.probe."+want.method {
			t.Errorf("%s: subject %q, group %q; want its own, helium", want.method, e.Subject, e.QueueGroup)
		}
	}
}

func TestTimesAreThoseOfTheHandlers(t *testing.T) {
	w, srv, p, c := start(t, rpcserver.Config{})
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- c.Call(testContext(t), "probe.block", nil) }()
	receive(t, "the handler runs", p.entered)
	const least = 20 * time.Millisecond
	time.Sleep(least) // what is measured
	p.releaseAll()
	if err := receive(t, "the answer", done); err != nil {
		t.Fatal(err)
	}
	most := time.Since(began)
	e, data := endpoint(t, statsOf(t, w.conn(), srv, "probe"), "block")
	if e.ProcessingTime < least || e.ProcessingTime > most || e.AverageProcessingTime != e.ProcessingTime {
		t.Errorf("processing time %v, average %v; want both the same, from %v to %v", e.ProcessingTime, e.AverageProcessingTime, least, most)
	}
	if got := data.Latency.Quantile(1); got < least || got > most+most/8 {
		t.Errorf("the longest took %v; want from %v to %v", got, least, most)
	}
}

func TestCallsInFlightAndThoseRefusedForLoadAreCounted(t *testing.T) {
	w, srv, p, c := start(t, rpcserver.Config{MaxInFlight: 2, MaxQueue: 1})
	done := make(chan error, 4)
	for range 3 {
		go func() { done <- c.Call(testContext(t), "probe.block", nil) }()
	}
	nc := w.conn()
	eventually(t, "three are in flight", func() bool {
		_, data := endpoint(t, statsOf(t, nc, srv, "probe"), "block")
		return data.InFlight == 3
	})
	if err := c.Call(testContext(t), "probe.block", nil); helium.CodeOf(err) != helium.CodeResourceExhausted {
		t.Errorf("a call too many = %v, want resource_exhausted", err)
	}
	e, data := endpoint(t, statsOf(t, nc, srv, "probe"), "block")
	if e.NumRequests != 1 || e.NumErrors != 1 || !strings.HasPrefix(e.LastError, "429:") || data.InFlight != 3 || data.Latency.Count() != 0 {
		t.Errorf("got %+v, in flight %d, timed %d; want 1 request, 1 error of 429, 3, 0", e, data.InFlight, data.Latency.Count())
	}
	if l := data.Load; data.Refused != 1 || l.Running != 2 || l.MayRun != 2 || l.Waiting != 1 || l.WaitingBytes <= 0 {
		t.Errorf("%d refused, and the server's load is %+v; want 1, and 2 running of 2, 1 that waits and its bytes", data.Refused, l)
	}
	if other, data := endpoint(t, statsOf(t, nc, srv, "probe"), "echo"); other.NumRequests != 0 || data.Refused != 0 || data.Load.Running != 2 {
		t.Errorf("of another method %d refused and %d run; want none refused, and the server's 2", data.Refused, data.Load.Running)
	}
	s := srv.Stats()
	if s.Refused != 1 || s.RefusedFull != 1 || s.RefusedWaited != 0 || s.RefusedHopeless != 0 || s.MayRun != 2 || s.Running != 2 || s.Waiting != 1 || s.WaitingBytes != data.Load.WaitingBytes {
		t.Errorf("Stats = %+v; want one refused as the queue was full, and the same load", s)
	}
	p.releaseAll()
	for range 3 {
		if err := receive(t, "an answer", done); err != nil {
			t.Error(err)
		}
	}
	e, data = endpoint(t, statsOf(t, nc, srv, "probe"), "block")
	if e.NumRequests != 4 || e.NumErrors != 1 || data.InFlight != 0 || data.Latency.Count() != 3 {
		t.Errorf("got %+v, in flight %d, timed %d; want 4 requests, 1 error, 0, 3", e, data.InFlight, data.Latency.Count())
	}
	eventually(t, "nothing runs or waits", func() bool { // a call runs for a moment after its answer has left
		_, data := endpoint(t, statsOf(t, nc, srv, "probe"), "block")
		return data.Load.Running == 0 && data.Load.Waiting == 0 && data.Load.WaitingBytes == 0
	})
}
