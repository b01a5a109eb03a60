package compare

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/report"
)

func TestARowIsTheMedianOfItsRounds(t *testing.T) {
	rows := newRows(report.Calls)
	load := report.Row{Peer: "grpc", Payload: peers.Add, InFlight: 16}
	for i, perSecond := range []float64{900, 1000, 2000} {
		rows.add(load, measurement{
			sample: measure.Sample{PerSecond: perSecond, P99: time.Duration(i+1) * time.Millisecond, Calls: 100, Failed: i, Error: []string{"", "busy", "late"}[i]},
			used:   measure.Usage{CPU: time.Duration(i+1) * time.Millisecond, Broker: time.Duration(i+1) * time.Millisecond / 4, BytesIn: 3000, BytesOut: 1000, Mallocs: 500, Frames: 100, Messages: 25},
		})
	}
	other := load
	other.InFlight = 64
	rows.add(other, measurement{})
	all := rows.done()
	if len(all) != 2 || all[0].InFlight != 16 || all[1].InFlight != 64 {
		t.Fatalf("got %+v; want the rows of two loads, in the order in which they came", all)
	}
	got := all[0]
	if want := (measure.Spread{Median: 1000, Low: 900, High: 2000}); got.PerSecond != want {
		t.Errorf("calls/s = %+v, want %+v", got.PerSecond, want)
	}
	if got.Table != report.Calls || got.P99.Median != 2000 {
		t.Errorf("table %q, p99 %v µs; want %q, 2000", got.Table, got.P99.Median, report.Calls)
	}
	if got.CPU != 20 || got.Bytes != 40 || got.Allocs != 5 || got.PerMessage != 4 {
		t.Errorf("a call costs %v µs, %v bytes, %v allocations, %v a message; want 20, 40, 5, 4", got.CPU, got.Bytes, got.Allocs, got.PerMessage)
	}
	if got.Broker != 5 {
		t.Errorf("the broker's part is %v µs, want 5", got.Broker)
	}
	if got.Failed != 3 || got.Error != "busy" {
		t.Errorf("%d failed by %q; want the sum, 3, and the first error, busy", got.Failed, got.Error)
	}
	if empty := all[1]; empty.CPU != 0 || empty.PerMessage != 0 {
		t.Errorf("a row without calls costs %v µs, want 0", empty.CPU)
	}
}

func TestBytesArentToldOfAPeerOfWhichOnlySomeAreCounted(t *testing.T) {
	for peer, want := range map[string]float64{"helium": 20, "grpc": 20, "helium-direct": 0, "grpc-uneven": 0} {
		rows := newRows(report.Calls)
		rows.add(report.Row{Peer: peer, Payload: peers.Add}, measurement{
			sample: measure.Sample{Calls: 10}, used: measure.Usage{BytesIn: 150, BytesOut: 50},
		})
		if got := rows.done()[0].Bytes; got != want {
			t.Errorf("%s: %v bytes a call, want %v", peer, got, want)
		}
	}
}
