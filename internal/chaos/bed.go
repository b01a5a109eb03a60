package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/disk"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/standstill"
)

// bed is the processes of a run.
type bed struct {
	plan   scenario.Bed
	folder string
	limit  time.Duration // of each process

	brokers *addresses
	proxies map[string][]*proxy.Proxy // by the part that connects through them
	disks   map[string]disk.Disk      // by the broker
	place   place                     // where they are
	means   []string                  // what the faults are made with, where machines differ

	mu      sync.Mutex
	parts   map[string]*running // guarded by mu
	later   map[string]*running // guarded by mu; those that a step starts, without a process yet
	started int                 // guarded by mu; names the ledgers
}

// running is a process and how it was started.
type running struct {
	*process.Child
	setup part.Setup
	env   []string
}

// newBed starts all processes of a plan, in a folder, and at a place.
func newBed(ctx context.Context, plan scenario.Bed, folder string, limit time.Duration, at place) (*bed, error) {
	b := &bed{
		plan: plan.WithDefaults(), folder: folder, limit: limit, place: at,
		proxies: make(map[string][]*proxy.Proxy), disks: make(map[string]disk.Disk),
		parts: make(map[string]*running), later: make(map[string]*running),
	}
	err := b.start(ctx)
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bed) start(ctx context.Context) (err error) {
	if b.brokers, err = pickAddresses(b.plan.Brokers, b.plan.Nats, b.plan.OneWay); err != nil {
		return err
	}
	if err := b.together(b.plan.Brokers, "broker", func(i int, name string) error {
		setup := part.Setup{Name: name}
		dir := filepath.Join(b.folder, name)
		if err := b.smallDisk(name, dir); err != nil {
			return err
		}
		if b.plan.Nats {
			setup.Nats = &part.Nats{Config: b.brokers.config(i, name, dir, b.plan.Accounts)}
		} else {
			setup.Broker = b.brokers.broker(i, dir)
		}
		return b.launch(ctx, setup)
	}); err != nil {
		return err
	}
	if err := b.together(b.plan.Binders, "binder", func(i int, name string) error {
		setup := &part.Binder{Lease: b.plan.Lease, Memory: b.plan.SmallDisk == 0}
		if b.plan.Brokers > 1 {
			setup.Replicas = b.plan.Brokers
		}
		return b.launch(ctx, part.Setup{Name: name, Binder: setup, URL: b.urls(name, i)})
	}); err != nil {
		return err
	}
	if err := b.together(len(b.plan.Servers), "server", func(i int, name string) error {
		s := b.plan.Servers[i]
		if err := b.listens(name, &s); err != nil {
			return err
		}
		var env []string
		if s.Processors > 0 {
			env = append(env, fmt.Sprintf("GOMAXPROCS=%d", s.Processors))
		}
		return b.launch(ctx, part.Setup{Name: name, Server: &s.Server, URL: b.urls(name, i)}, env...)
	}); err != nil {
		return err
	}
	if err := b.together(b.plan.Liars, "liar", func(i int, name string) error {
		return b.launch(ctx, part.Setup{Name: name, Liar: new(part.Liar), URL: b.urls(name, i)})
	}); err != nil {
		return err
	}
	if b.plan.Herd > 0 {
		if err := b.launch(ctx, part.Setup{Name: "herd1", Herd: &part.Herd{Connections: b.plan.Herd}, URL: b.urls("herd1", 0)}); err != nil {
			return err
		}
	}
	return b.together(b.plan.Clients, "client", func(i int, name string) error {
		setup := &part.Client{Hedge: slices.Contains(b.plan.Hedging, name), BusOnly: slices.Contains(b.plan.ByBus, name)}
		if !setup.BusOnly {
			setup.Links = b.plan.Linked()
		}
		// The last node of a cluster, so that servers are elsewhere.
		whole := part.Setup{Name: name, Client: setup, URL: b.urls(name, b.plan.Brokers-1-i%b.plan.Brokers)}
		const env = "GODEBUG=gcshrinkstackoff=1" // a load costs the client less, see its crew
		if slices.Contains(b.plan.Later, name) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.later[name] = &running{setup: whole, env: []string{env}}
			return nil
		}
		return b.launch(ctx, whole, env)
	})
}

// listens has a server take direct links, if the plan says so.
func (b *bed) listens(name string, s *scenario.Server) error {
	switch {
	case !s.Linked:
		return nil
	case !s.Proxied:
		s.Listen = "127.0.0.1:0"
		return nil
	}
	at, err := unusedAddress(make(map[int]bool))
	if err != nil {
		return err
	}
	p, err := proxy.Start(at)
	if err != nil {
		return err
	}
	s.Listen, s.Advertise = at, p.Address()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proxies[name] = append(b.proxies[name], p)
	return nil
}

// smallDisk puts a broker's folder on a small disk, if the plan wants one.
func (b *bed) smallDisk(name, folder string) error {
	if b.plan.SmallDisk == 0 {
		return nil
	}
	d, err := disk.New(folder, b.plan.SmallDisk)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.disks[name] = d
	b.means = append(b.means, d.How())
	return nil
}

// together starts so many parts of a kind at the same time.
func (b *bed) together(count int, kind string, start func(i int, name string) error) error {
	faults := make([]error, count)
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() { faults[i] = start(i, fmt.Sprintf("%s%d", kind, i+1)) })
	}
	all.Wait()
	return errors.Join(faults...)
}

// urls returns where a part connects: to the broker of that number first, to the others else.
func (b *bed) urls(name string, first int) string {
	var urls []string
	for i := range b.brokers.clients {
		at := b.brokers.clients[(first+i)%len(b.brokers.clients)]
		if p := b.proxied(name, at); p != "" {
			at = p
		}
		urls = append(urls, "nats://"+at)
	}
	return strings.Join(urls, ",")
}

// proxied returns the address of a proxy of the part's own in front of another one, if it is to
// have one.
func (b *bed) proxied(name, at string) string {
	for _, p := range b.plan.Proxied {
		if p != name {
			continue
		}
		var rewriter func() proxy.Rewriter
		if slices.Contains(b.plan.Suspended, name) {
			rewriter = standstill.New
		}
		proxy, err := proxy.StartRewriting(at, rewriter)
		if err != nil {
			return "" // without a proxy its faults will say that there is none
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.proxies[name] = append(b.proxies[name], proxy)
		return proxy.Address()
	}
	return ""
}

// launch starts a part. One that was there before has its place.
func (b *bed) launch(ctx context.Context, setup part.Setup, env ...string) error {
	setup.User = b.plan.As[setup.Name]
	b.mu.Lock()
	b.started++
	// A ledger belongs to one life of a process: the next one begins another file.
	setup.Ledger = filepath.Join(b.folder, fmt.Sprintf("%s-%d%s", setup.Name, b.started, ledger.Extension))
	b.mu.Unlock()
	spec := process.Spec{Name: setup.Name, Setup: setup, Limit: b.limit, Env: env}
	spec.Enter = func() error { return b.place.enter(setup.Name) }
	child, err := process.Start(ctx, spec, nil)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts[setup.Name] = &running{child, setup, env}
	return nil
}

// part returns a process by its name. One that is started later has no Child before.
func (b *bed) part(name string) (*running, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := cmp.Or(b.parts[name], b.later[name]); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no part %q", name)
}

// all returns the processes as they are now, by name.
func (b *bed) all() map[string]*running {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts := make(map[string]*running, len(b.parts))
	for name, p := range b.parts {
		parts[name] = p
	}
	return parts
}

// links returns the proxies between a part and the brokers, or the callers of its direct links.
func (b *bed) links(name string) ([]*proxy.Proxy, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if links := b.proxies[name]; len(links) > 0 {
		return links, nil
	}
	return nil, fmt.Errorf("%s connects without a proxy; name it in Bed.Proxied, or set Server.Proxied", name)
}

// close ends everything, the brokers last.
func (b *bed) close() {
	parts := b.all()
	for _, kind := range []string{"client", "herd", "liar", "server", "binder", "broker"} {
		var ends sync.WaitGroup
		for name, p := range parts {
			if strings.HasPrefix(name, kind) {
				ends.Go(func() {
					_ = p.Thaw() // one that is gone or not frozen doesn't mind
					p.Close()
				})
			}
		}
		ends.Wait()
	}
	for _, proxies := range b.proxies {
		for _, p := range proxies {
			p.Close()
		}
	}
	if b.brokers != nil {
		b.brokers.close()
	}
	for _, d := range b.disks {
		_ = d.Close() // removing its folder says what is wrong
	}
}
