package chaos

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// answerPatience is how long a part may take to say what it knows.
const answerPatience = 20 * time.Second

// eachClient does something with all clients at the same time.
func (b *bed) eachClient(do func(*running) error) error { return b.each("client", do) }

// each does something with all parts of a kind at the same time.
func (b *bed) each(kind string, do func(*running) error) error {
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		faults []error
	)
	for name, p := range b.all() {
		if strings.HasPrefix(name, kind) {
			all.Go(func() {
				err := do(p)
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, err)
			})
		}
	}
	all.Wait()
	return errors.Join(faults...)
}

// measure asks all parts for their figures. One that doesn't answer has none.
func (b *bed) measure(ctx context.Context) map[string]part.Figures {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	var mu sync.Mutex
	figures := make(map[string]part.Figures)
	_ = b.each("", func(p *running) error {
		var f part.Figures
		if err := p.Ask(ctx, part.Command{Do: part.Measure}, &f); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		figures[p.Name()] = f
		return nil
	})
	return figures
}

// compare puts into a record what the parts' figures tell, mostly those of the processes that lived
// through the whole run.
func compare(r *verdict.Record, before, after map[string]part.Figures, then, now map[string]*running) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		a, b := after[name], before[name]
		if a.Server != nil {
			r.Running += a.Server.Running + a.Server.Streams
			r.Said.RefusedWhole += a.Server.RefusedMessages
			r.Said.Dropped += a.Server.DroppedMessages
			r.Said.Frozen += a.Server.Frozen
			r.Said.Abandoned += a.Server.Abandoned
		}
		if a.Client != nil {
			r.Said.Twice += a.Client.Twice
			r.Said.WentOn += a.Client.Fallbacks
		}
		for _, at := range a.Returns {
			r.Returns = append(r.Returns, time.Unix(0, at))
		}
		if then[name] != now[name] || b.Goroutines == 0 {
			continue
		}
		r.Sizes = append(r.Sizes, verdict.Size{Process: name, Before: footprint(b), After: footprint(a)})
		if a.Client != nil && b.Client != nil {
			r.Called += a.Client.Calls - b.Client.Calls
			r.Sent += a.Client.FramesSent - b.Client.FramesSent
			r.Direct += a.Client.DirectFrames - b.Client.DirectFrames
		}
	}
}

func footprint(f part.Figures) verdict.Footprint {
	return verdict.Footprint{Goroutines: f.Goroutines, Heap: f.Heap, MaxRSS: f.MaxRSS}
}

// cpu returns what all servers together use while a load lasts, 0 where that can't be known.
func (b *bed) cpu(ctx context.Context, load verdict.Load) time.Duration {
	before, known := b.cpuAt(ctx, load.From)
	after, stillKnown := b.cpuAt(ctx, load.To)
	if !known || !stillKnown {
		return 0
	}
	return after - before
}

func (b *bed) cpuAt(ctx context.Context, at time.Time) (sum time.Duration, known bool) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, false
	}
	for name, p := range b.all() {
		if strings.HasPrefix(name, "server") {
			used, err := p.CPU()
			if err != nil {
				return 0, false // it was killed
			}
			sum += used
		}
	}
	return sum, true
}
