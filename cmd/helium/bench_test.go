package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

// echo tells when it has been called often enough.
type echo struct {
	calls  atomic.Int64
	enough int64
	told   context.CancelFunc
}

func (e *echo) Say(text string, numbers []int, flag bool) string {
	if e.calls.Add(1) == e.enough {
		e.told()
	}
	return text
}

func TestAnInterruptedMeasurementShowsWhatThereIs(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	serveOn(t, b, rpcserver.Config{}, "echo", &echo{enough: 500, told: cancel})
	var out, errs lockedBuffer
	exit := run(ctx, []string{"bench", "echo.say", "-s", url, "-d", `["x",[1,2],true]`, "-z", "10m", "--warmup", "0s", "-o", "json"}, strings.NewReader(""), &out, &errs)
	if exit != cli.ExitInterrupted {
		t.Errorf("exit %d, want %d; it says:\n%s", exit, cli.ExitInterrupted, errs.String())
	}
	var report benchReport
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatalf("no report: %v\n%s", err, out.String())
	}
	// The first call isn't counted, and some may have been given up.
	if !report.Interrupted || report.OK < 400 || report.Failed != 0 {
		t.Errorf("interrupted %t, %d good, %d failed; want true, almost 500 and none", report.Interrupted, report.OK, report.Failed)
	}
}

func TestArgumentsOfAnyTypeAreMeasured(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	e := &echo{}
	serveOn(t, b, rpcserver.Config{}, "echo", e)
	r := heliumRun(t, "bench", "echo.say", "hello", "[1,2,3]", "true", "-n", "20", "-c", "2", "--warmup", "0s", "-s", url, "-o", "json")
	var report benchReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.exit != cli.ExitOK {
		t.Fatalf("exit %d, report %v; want 0 and one:\n%s", r.exit, err, r.err)
	}
	if report.OK != 20 || e.calls.Load() != 21 {
		t.Errorf("%d good calls, %d arrived; want 20, and one more that tries", report.OK, e.calls.Load())
	}
}

// unsteady answers nothing in time while it sleeps.
type unsteady struct{ sleeps atomic.Bool }

func (u *unsteady) Work(ctx context.Context) {
	if u.sleeps.Load() {
		<-ctx.Done()
	}
}

func TestAReportStaysUntilThereIsAnotherOne(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	work := &unsteady{}
	work.sleeps.Store(true)
	serveOn(t, b, rpcserver.Config{}, "unsteady", work)
	before := strings.Repeat("an earlier report\n", 10_000)
	path := writeFile(t, "report.html", []byte(before))
	report := func() string {
		content, err := os.ReadFile(path)
		check(t, err)
		return string(content)
	}

	args := []string{"bench", "unsteady.work", "-s", url, "--html", path, "-n", "3", "--warmup", "0s", "--timeout"}
	if r := heliumRun(t, append(args, "500ms")...); r.exit != cli.ExitDeadline {
		t.Fatalf("got exit %d, want %d; it says:\n%s", r.exit, cli.ExitDeadline, r.err)
	}
	if report() != before {
		t.Errorf("after a measurement that came to nothing, the earlier report isn't there any more, but %d bytes", len(report()))
	}
	work.sleeps.Store(false)
	if r := heliumRun(t, append(args, "10s")...); r.exit != cli.ExitOK {
		t.Fatalf("got exit %d, want 0; it says:\n%s", r.exit, r.err)
	}
	if got := report(); !strings.HasSuffix(strings.TrimSpace(got), "</html>") || strings.Contains(got, "earlier") {
		t.Errorf("got a report of %d bytes that ends in %.40q, want nothing of the earlier one in it", len(got), got[max(0, len(got)-40):])
	}
}
