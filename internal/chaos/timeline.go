package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// timeline does the steps of a scenario, each at its time.
type timeline struct {
	bed   *bed
	start time.Time
	loads map[string][]part.Load // by client

	carrying sync.WaitGroup // the loads of clients that were started by a step

	mu      sync.Mutex
	marks   []verdict.Mark // guarded by mu
	carried error          // guarded by mu; what the loads of those clients failed by
}

// run does all steps and returns when they are done. Those of one part wait for each other.
func (t *timeline) run(ctx context.Context, steps []scenario.Step) error {
	byPart := make(map[string][]scenario.Step)
	for _, s := range steps {
		byPart[s.On] = append(byPart[s.On], s)
	}
	var (
		parts  sync.WaitGroup
		mu     sync.Mutex
		faults []error
	)
	for _, steps := range byPart {
		parts.Go(func() {
			for _, s := range steps {
				err := t.await(ctx, t.start.Add(s.At))
				if err == nil {
					err = t.do(ctx, s)
				}
				if err != nil {
					mu.Lock()
					faults = append(faults, fmt.Errorf("%s %s at %v: %w", s.Do, s.On, s.At, err))
					mu.Unlock()
					return
				}
			}
		})
	}
	parts.Wait()
	return errors.Join(faults...)
}

func (t *timeline) await(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// do does a step. A fault counts from before it, the end of one from after it.
func (t *timeline) do(ctx context.Context, s scenario.Step) error {
	began := time.Now()
	if err := t.act(ctx, s); err != nil {
		return err
	}
	mark := verdict.Mark{At: began, What: fmt.Sprintf("%s %s", s.Do, s.On), Mend: s.Mends()}
	if mark.Mend {
		mark.At = time.Now()
	}
	if mark.Mend || s.Faulty() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.marks = append(t.marks, mark)
	}
	return nil
}

func (t *timeline) act(ctx context.Context, s scenario.Step) error {
	p, err := t.bed.part(s.On)
	if err != nil {
		return err
	}
	if joins := s.Do == scenario.Join; joins != (p.Child == nil) {
		return fmt.Errorf("whether it is there already: %t; name in Bed.Later who joins, and nobody else", p.Child != nil)
	}
	switch s.Do {
	case scenario.Kill:
		if err := p.Ended(); err != nil {
			return err
		}
		p.Kill()
	case scenario.Freeze:
		return p.Freeze()
	case scenario.Thaw:
		return p.Thaw()
	case scenario.Stop:
		if err := p.Ask(ctx, part.Command{Do: part.Stop}, nil); err != nil {
			return err
		}
		p.Close()
	case scenario.Start:
		return t.bed.launch(ctx, p.setup, p.env...)
	case scenario.Join:
		if err := t.bed.launch(ctx, p.setup, p.env...); err != nil {
			return err
		}
		t.carry(ctx, s.On)
	case scenario.Wipe:
		return p.Ask(ctx, part.Command{Do: part.Wipe}, nil)
	case scenario.Register:
		return p.Ask(ctx, part.Command{Do: part.Register, Count: s.Count}, nil)
	case scenario.Cut, scenario.HalfClose, scenario.HalfOpen, scenario.Weather:
		if t.bed.place.network != nil {
			return nil // the kernel does it all the time, and no proxy is needed
		}
		links, err := t.bed.links(s.On)
		if err != nil {
			return err
		}
		return network(s, links)
	case scenario.Routes, scenario.CutRoutes:
		var member int
		if _, err := fmt.Sscanf(strings.TrimPrefix(s.On, "broker"), "%d", &member); err != nil {
			return fmt.Errorf("only brokers have routes: %w", err)
		}
		routes := t.bed.brokers.routesOf(member - 1)
		if len(routes) == 0 {
			return errors.New("these routes have no proxies; set Bed.Nats and Bed.Brokers")
		}
		return network(s, routes)
	case scenario.Fill, scenario.Free:
		d := t.bed.disks[s.On]
		if d == nil {
			return errors.New("it has no small disk; set Bed.SmallDisk")
		}
		if s.Do == scenario.Fill {
			return d.Fill(p.PID())
		}
		return d.Free(p.PID())
	default:
		return errors.New("there is no such action")
	}
	return nil
}

// carry has a client that a step has started carry its loads.
func (t *timeline) carry(ctx context.Context, client string) {
	t.carrying.Go(func() {
		p, err := t.bed.part(client)
		if err == nil {
			err = p.Ask(ctx, part.Command{Do: part.Call, Loads: t.loads[client], Start: t.start}, nil)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.carried = errors.Join(t.carried, err)
	})
}

// network does a step to connections.
func network(s scenario.Step, links []*proxy.Proxy) error {
	for _, link := range links {
		switch s.Do {
		case scenario.Cut, scenario.CutRoutes:
			link.Cut()
		case scenario.HalfClose:
			link.HalfClose()
		case scenario.HalfOpen:
			link.HalfOpen()
		default:
			link.Set(s.Net)
		}
	}
	return nil
}
