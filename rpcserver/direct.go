package rpcserver

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// directLinks are the ways to a server beside the bus, by which callers come who have got a ticket
// there: each is received from like the bus, on a goroutine of its own.
//
//	[9 …] on helium.at.<service>.<instance> ─▶ receiver ─▶ ticketGiver ─▶ [10 …] to the inbox
//	a connection with the ticket ─▶ internal/direct ─▶ a receiver of its own
type directLinks struct {
	nc       *nats.Conn
	log      *slog.Logger
	instance string
	listen   []direct.Address // none: the server doesn't listen
	unheeded string           // where it was told to listen, and doesn't; "" for nowhere
	told     []direct.Address // what callers are told to dial; none: where it listens
	counters *link.ServerCounters
	largest  func() int                                  // message of answers, in bytes
	receive  func(by link.Server) (done <-chan struct{}) // begins to receive by a link
	gone     func(key string)                            // told of callers whose connection has ended

	mu       sync.Mutex
	listener *direct.Listener // guarded by mu; nil before open
	services []*service       // guarded by mu; that are called by it
}

// on reports whether the server listens.
func (d *directLinks) on() bool { return len(d.listen) > 0 }

// open begins to listen for callers of services.
func (d *directLinks) open(services []*service) error {
	if d.unheeded != "" {
		d.log.Warn("the server doesn't listen for direct links, as it is Config.PerMethod: a link would give callers all methods of a service; leave out one of both", "listen", d.unheeded, "instance", d.instance)
	}
	if !d.on() {
		return nil
	}
	l, err := direct.Listen(direct.ListenConfig{
		Listen: d.listen, Advertise: d.told, Host: d.host, Instance: d.instance, Log: d.log, Counters: d.counters, MaxMessage: d.largest,
		Reachable: d.isReachable, Serve: func(by link.Server) { <-d.receive(by) }, Gone: d.gone,
	})
	if err != nil {
		return errorf("the server can't listen for direct links: %w; see Config.Listen", err)
	}
	if d.leadsNowhere() {
		d.log.Warn("the server listens on all addresses of this machine for direct links and tells callers to dial "+d.host()+", by which it reaches NATS itself; callers on other machines can't, so their calls go by NATS; set Config.Advertise to this machine's name, or have the server listen on loopback only", "instance", d.instance)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener, d.services = l, services
	return nil
}

// echoTime is how long a NATS server that works takes at most to answer.
const echoTime = 4 * time.Second

// isReachable reports whether the NATS server answers. The connection to one that stands still, or to
// which nothing gets through, is open for minutes, and nobody can ask for tickets.
func (d *directLinks) isReachable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, echoTime)
	defer cancel()
	return d.nc.IsConnected() && d.nc.FlushWithContext(ctx) == nil
}

// leadsNowhere reports whether callers on other machines, who were to get in, are told to dial loopback,
// as the NATS server is on this one.
func (d *directLinks) leadsNowhere() bool {
	host, _, err := net.SplitHostPort(d.nc.LocalAddr())
	return err == nil && net.ParseIP(host).IsLoopback() && d.nc.Opts.InProcessServer == nil && len(d.told) == 0 &&
		slices.ContainsFunc(d.listen, func(a direct.Address) bool { return a.Network == "tcp" && a.IsWildcard() })
}

// host returns the address of this machine by which it reaches the NATS server, as others may
// reach it there.
func (d *directLinks) host() string {
	host, _, err := net.SplitHostPort(d.nc.LocalAddr())
	if err != nil { // the connection is down, or within this program
		return "127.0.0.1"
	}
	return host
}

// running returns the listener; nil: there is none.
func (d *directLinks) running() *direct.Listener {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listener
}

// ticket gives a ticket for a service to who has the key of a fingerprint; nil: none are given.
func (d *directLinks) ticket(service string, client wire.Fingerprint) *wire.Ticket {
	if l := d.running(); l != nil {
		return l.Ticket(service, client)
	}
	return nil
}

// leave has callers go elsewhere, and returns when no more calls come, or when ctx ends.
func (d *directLinks) leave(ctx context.Context) {
	if l := d.running(); l != nil {
		l.Leave(ctx)
	}
}

// close ends all links.
func (d *directLinks) close() {
	if l := d.running(); l != nil {
		l.Close()
	}
}

// count adds what became of the links to stats.
func (d *directLinks) count(stats *Stats) {
	l := d.running()
	if l == nil {
		return
	}
	d.mu.Lock()
	services := d.services
	d.mu.Unlock()
	for _, svc := range services {
		for _, m := range svc.methods {
			stats.DirectCalls += m.stats.direct.Load()
		}
	}
	s := &l.Stats
	stats.DirectLinks, stats.DirectReplies = int(s.Open.Load()), s.Answers.Load()
	stats.DirectOpened, stats.DirectRefused, stats.DirectBroken = s.Opened.Load(), s.WrongProofs.Load()+s.Failed.Load()+s.TooMany.Load(), s.Broken.Load()
}
