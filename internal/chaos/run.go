package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

const (
	startPatience = time.Minute // for the processes of a bed to be there
	settle        = time.Second // see scenario.Scenario
	// idBlock is how many numbers of calls each load has.
	idBlock = 100_000_000
)

// Main plays the part of a process of a run, if this process is one, and doesn't return then. It
// belongs at the top of main, and of TestMain.
func Main() { process.Main(part.Act) }

// Run runs a scenario and judges it. Whatever happens, it ends within a limit that follows from
// the scenario, and leaves no process behind. A run that failed by itself is a verdict, too. The
// ledgers stay in a folder of their own below keep, which is made if it isn't there; with "" they go.
func Run(ctx context.Context, s scenario.Scenario, keep string) *verdict.Verdict {
	v, err := run(ctx, s, keep)
	if err != nil {
		v = &verdict.Verdict{Broken: err.Error()}
	}
	v.Scenario, v.Promise = s.Name, s.Promise
	return v
}

func run(ctx context.Context, s scenario.Scenario, keep string) (v *verdict.Verdict, err error) {
	var longest time.Duration
	for _, l := range s.Loads {
		longest = max(longest, l.Timeout)
	}
	limit := startPatience + s.Lasts() + longest + s.Settle + 2*answerPatience + 30*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the scenario's limit of %v is over", limit))
	defer cancel()
	folder, err := newFolder(keep)
	if err != nil {
		return nil, err
	}
	if keep == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}

	at, means := newPlace(&s)
	defer at.close()
	b, err := newBed(ctx, s.Bed, folder, limit, at)
	if err != nil {
		return nil, err
	}
	r, err := drive(ctx, b, s)
	b.close()
	if err != nil {
		return nil, err
	}
	if r.Entries, err = ledger.Read(folder); err != nil {
		return nil, err
	}
	r.Entries = slices.DeleteFunc(r.Entries, func(e ledger.Entry) bool { return e.ID == part.Unjudged })
	if err := unmade(s, r.Entries); err != nil {
		return nil, err
	}
	v, err = verdict.Judge(r, s.Bounds)
	v.Means = append(means, b.means...)
	return v, err
}

// drive has the loads carried and the steps done, and returns what was seen from outside.
func drive(ctx context.Context, b *bed, s scenario.Scenario) (r verdict.Record, err error) {
	if err := b.eachClient(func(p *running) error {
		return p.Ask(ctx, part.Command{Do: part.Warm, Within: startPatience}, nil)
	}); err != nil {
		return r, err
	}
	before, lives := b.measure(ctx), b.all()
	zero := time.Now()
	t := &timeline{bed: b, start: zero.Add(200 * time.Millisecond)}

	byClient, loads := plan(s, t.start)
	t.loads = byClient
	r.Loads = loads
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var carrying sync.WaitGroup
	var carried error
	carrying.Go(func() {
		carried = b.eachClient(func(p *running) error {
			err := p.Ask(ctx, part.Command{Do: part.Call, Loads: byClient[p.Name()], Start: t.start}, nil)
			if errors.Is(err, process.ErrGone) && attacked(s, p.Name()) {
				return nil
			}
			return err
		})
	})
	for i := range r.Loads {
		carrying.Go(func() { r.Loads[i].CPU = b.cpu(ctx, r.Loads[i]) })
	}
	if err := t.run(ctx, s.Steps); err != nil {
		giveUp(err) // nobody needs to wait for the rest of the calls
	}
	carrying.Wait()
	t.carrying.Wait()
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	if err := errors.Join(carried, t.carried); err != nil {
		return r, err
	}
	if err := t.await(ctx, time.Now().Add(max(s.Settle, settle))); err != nil {
		return r, err
	}
	if by := clockStep(zero); by.Abs() > verdict.Grace {
		return r, fmt.Errorf("the machine's clock was set by %v meanwhile, so times can't be compared; run it again", by)
	}
	r.Marks = t.marks
	after := b.measure(ctx)
	compare(&r, before, after, lives, b.all())
	return r, unheard(s, b.all(), after)
}

// plan gives each load its numbers and its client.
func plan(s scenario.Scenario, start time.Time) (byClient map[string][]part.Load, loads []verdict.Load) {
	byClient = make(map[string][]part.Load)
	for i, l := range s.Loads {
		l.Base = int64(i+1) * idBlock
		byClient[l.Carrier()] = append(byClient[l.Carrier()], l.Load)
		loads = append(loads, verdict.Load{Name: l.Name, From: start.Add(l.At), To: start.Add(l.At + l.For)})
	}
	return byClient, loads
}

// clockStep returns by how much the wall clock, which the ledgers have their times from, has gone
// apart from the monotonic one.
func clockStep(since time.Time) time.Duration {
	now := time.Now()
	return now.Round(0).Sub(since.Round(0)) - now.Sub(since)
}
