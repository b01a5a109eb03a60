package rpcserver_test

import (
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestACallThatNeverHadAnyTimeOnlyAsksAndCountsForNothingElse(t *testing.T) {
	w, srv, probe, _ := start(t, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1})
	p := w.peer()
	asks := func(seq uint64) []byte {
		call := callFrame(seq, "x")
		call.Time = 0
		return message(call)
	}
	p.send("helium.call.probe.echo", "a", asks(1))
	wantError(t, p.one(), helium.ErrExpired)
	p.send("helium.call.probe.block", "b", message(callFrame(2)))
	receive(t, "the handler", probe.entered)
	p.send("helium.call.probe.echo", "c", asks(3))
	wantError(t, p.one(), helium.ErrOverloaded)
	eventually(t, "both are counted", func() bool { return srv.Stats().Probes == 2 })
	if s := srv.Stats(); s.Calls != 0 || s.Errors != 0 || s.Expired != 0 || s.Refused != 0 || s.Running != 1 {
		t.Errorf("%d calls, %d errors, %d expired, %d refused, %d running; want none but the one that runs", s.Calls, s.Errors, s.Expired, s.Refused, s.Running)
	}
	e, data := endpoint(t, statsOf(t, w.conn(), srv, "probe"), "echo")
	if e.NumRequests != 0 || e.NumErrors != 0 || e.LastError != "" || data.InFlight != 0 || data.Refused != 0 {
		t.Errorf("$SRV.STATS tells of %d requests, %d errors, %q, %d in flight, %d refused; want none", e.NumRequests, e.NumErrors, e.LastError, data.InFlight, data.Refused)
	}
	probe.releaseAll()
}
