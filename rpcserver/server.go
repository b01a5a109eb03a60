package rpcserver

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/heartbeat"
	"github.com/helium-rpc/helium/rpcserver/internal/monitor"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
	"github.com/helium-rpc/helium/rpcserver/internal/presence"
)

// Server serves Go values over one connection. Register services, then Start it.
type Server struct {
	nc       *nats.Conn
	registry *binder.Client
	config   Config
	fault    error // what is wrong with the Config; Start returns it
	subjects wire.Subjects
	log      *slog.Logger
	instance string

	counters counters

	// The way of a call; see receiver.go.
	bus       *link.ServerBus
	pulse     *clocks.Pulse
	thaws     *clocks.Thaws
	opening   *opening
	callers   *callers
	deadlines *link.Sweep
	beats     *heartbeat.Heartbeats[*caller]
	pool      *pool.Pool[Call]
	runner    *runner
	replays   *replays
	streams   *streams
	direct    *directLinks
	latency   *pool.SchedulerLatency

	collecting *collecting

	// What the server finds out to get lost; each has a lock of its own.
	refusals *answers.Refusals
	exports  *answers.Exports
	warnings *answers.Warnings

	life     *lifecycle
	services []*service // added while the server is fresh

	// Start's own until that is over, then Shutdown's.
	receiver      *receiver
	leases        *presence.Leases
	monitor       *monitor.Monitor
	subscriptions *presence.Subscriptions
	unwatchBeats  func() // nil: nobody watches
}

// abilities are what a server can do beyond what every server can, however it is configured.
const abilities = wire.Heartbeats | wire.Chunks

// New returns a server that will serve over nc, which stays the caller's to close,
// after the server's Shutdown. A Config that can't work is Start's error.
func New(nc *nats.Conn, config Config) *Server {
	s := &Server{
		nc:       nc,
		instance: wire.NewInstance(),
		life:     newLifecycle(),
	}
	s.config, s.fault = config.withDefaults()
	if s.fault == nil && nc == nil {
		s.fault = errors.New("rpcserver.New: the connection is nil; pass one from bus.Connect or broker.Connect")
	}
	if s.fault == nil {
		s.subjects, _ = wire.NewSubjects(s.config.Prefix) // which withDefaults has tried
		s.registry, s.fault = binder.NewClient(nc, s.config.Prefix)
	}
	s.log = s.config.Logger
	s.leases = presence.NewLeases(nc, s.registry, s.log, s.instance)
	s.warnings = answers.NewWarnings(s.log, s.instance, s.leases.Rewrite)
	cluster := "" // as the records say
	s.leases.Current = func(record binder.Record) binder.Record {
		if s.refusals.Denies(answers.PlainInbox) {
			record.Abilities = uint64(onceOnly(wire.Abilities(record.Abilities)))
		}
		cluster = nc.ConnectedClusterName()
		record.Cluster = cluster
		return s.warnings.AddTo(record)
	}
	s.leases.BeforeRenewal = func(ctx context.Context, reconnected bool) {
		s.bus.LearnLimits()
		if reconnected && nc.ConnectedClusterName() != cluster {
			s.leases.Rewrite()
		}
		s.subscriptions.Look()
		s.refusals.Look(ctx, reconnected)
	}
	s.latency = pool.NewSchedulerLatency()
	s.streams = &streams{most: s.config.MaxStreams, maxValue: s.config.MaxValue, pool: stream.PoolOf(nc)}
	s.replays = newReplays(s.config.IdempotencyMemory)
	s.opening = newOpening(s.instance, abilities)
	s.pulse = clocks.NewPulse()
	s.callers = newCallers(s.opening, &s.counters.duplicates, &s.counters.abandoned)
	s.deadlines = link.NewSweep(s.callers.expire)
	s.refusals = answers.NewRefusals(nc, &s.counters.refusedAnswers, s.warnings, func(subject string) bool { return s.callers.knows(link.CallerKey(subject)) })
	s.beats = newHeartbeats(s.callers, s.pulse, func(key string) bool { return !s.refusals.Denies(key) }, &s.counters.heartbeats)
	s.exports = answers.NewExports(nc, &s.counters.droppedAnswers, s.warnings, s.refusals, s.config.StreamExport, func(ctx context.Context, reached func()) error { return s.bus.Mark(ctx, reached) })
	s.bus = link.NewServerBus(nc, s.instance, &s.counters.links, answers.Watch{Refusals: s.refusals, Exports: s.exports})
	s.bus.Bound(s.config.MaxQueueBytes)
	s.thaws = &clocks.Thaws{NC: nc, Log: s.log, Instance: s.instance, Pulse: s.pulse, Mark: s.bus.Mark}
	s.subscriptions = &presence.Subscriptions{NC: nc, Log: s.log, Instance: s.instance, Inbound: s.bus.Inbound()}
	s.monitor = &monitor.Monitor{
		NC: nc, Log: s.log, Instance: s.instance, MaxMessage: s.bus.MaxMessage,
		Answers:  monitor.Answers{Subjects: s.subjects, Current: s.warnings.AddTo},
		Refusals: s.refusals, Exports: s.exports, BadReplies: &s.counters.links.BadReplies,
	}
	s.direct = s.newDirectLinks()
	s.runner = newRunner(s.log, s.instance, &s.counters, s.config.MaxValue, s.opening.overloaded)
	s.pool = pool.New(s.config.MaxInFlight, s.config.MaxQueue, s.config.MaxQueueBytes, pool.Work[Call]{
		Describe: (*Call).task,
		Run: func(call *Call) time.Time {
			_, ended := s.runner.run(call)
			return ended
		},
		Refuse: s.runner.refuse,
	})
	s.collecting = newCollecting(s.config.MaxValue, s.instance, s.opening, s.pool, s.runner)
	return s
}

// Instance returns the name by which the registry knows this server.
func (s *Server) Instance() string {
	if s.unmade() != nil {
		return ""
	}
	return s.instance
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	if s.unmade() != nil {
		return Stats{}
	}
	stats := s.counters.read(s.load())
	s.direct.count(&stats)
	stats.DroppedMessages = s.subscriptions.Dropped()
	stats.Streams, stats.StreamsBegun = s.streams.count(), s.streams.counters.begun.Load()
	stats.ItemsSent, stats.ItemsReceived = s.streams.counters.sent.Load(), s.streams.counters.received.Load()
	stats.Replays = s.replays.served.Load()
	stats.IdempotencyKeys, stats.IdempotencyBytes = s.replays.load()
	return stats
}

// load returns how busy the server is.
func (s *Server) load() Load {
	now := s.pool.Load()
	return Load{
		Running: now.Running, MayRun: now.MayRun, Waiting: now.Waiting, WaitingBytes: now.WaitingBytes,
		SchedulerLatency: s.latency.Look(time.Now()),
	}
}

// Warnings returns what the server has found out about its set-up by which answers are
// lost, and what to do; none if all is well. They stand in its records, too.
func (s *Server) Warnings() []binder.Warning {
	if s.unmade() != nil {
		return nil
	}
	return s.warnings.All()
}

// newReceiver returns what receives by a link, once all services are registered, with what is known of
// the clocks of those who send by it.
func (s *Server) newReceiver(by link.Server, senders *clocks.Clocks) *receiver {
	services := make(map[string]*service, len(s.services))
	for _, svc := range s.services {
		services[svc.name] = svc
	}
	return &receiver{
		link:    by,
		reader:  callReader{instance: s.instance, services: services, timeout: s.config.Timeout, subject: s.subjects.Method, clocks: senders, streams: streamReader{s.instance, s.streams}},
		callers: s.callers, deadlines: s.deadlines, beats: s.beats, pool: s.pool, runner: s.runner, counters: &s.counters,
		collecting: s.collecting, done: make(chan struct{}),
	}
}

// newDirectLinks returns the direct links of a server.
func (s *Server) newDirectLinks() *directLinks {
	d := &directLinks{nc: s.nc, log: s.log, instance: s.instance, counters: &s.counters.links, largest: s.bus.MaxMessage}
	if s.config.PerMethod {
		d.unheeded = s.config.Listen
	} else {
		d.listen, _ = direct.ParseAddresses(s.config.Listen) // which withDefaults has tried
	}
	d.told, _ = direct.ParseAddresses(s.config.Advertise)
	d.receive = func(by link.Server) <-chan struct{} {
		r := s.newReceiver(by, clocks.New(s.pulse, s.receiver.reader.clocks))
		r.direct = true
		if marker, ok := by.(interface{ Mark(reached func()) }); ok {
			r.thawed.Put = marker.Mark
		}
		go r.receive()
		return r.done
	}
	d.gone = s.callers.gone
	return d
}

// unmade returns the error of all that is done with a server that New didn't return, nil
// with any other.
func (s *Server) unmade() error {
	if s == nil || s.life == nil {
		return errors.New("rpcserver: the server is nil; make one with rpcserver.New")
	}
	return nil
}

// Handle adds a service made by generated code or by hand. See [Register] for Go values.
func (s *Server) Handle(svc Service) error {
	if s.unmade() != nil {
		return s.unmade()
	}
	var faults faults
	added := bind(svc, s.config.Interceptors, s.replays, &faults)
	if err := faults.err("service %q can't be served", svc.Name); err != nil {
		return err
	}
	added.record.Instance, added.record.Version = s.instance, s.config.Version
	added.record.Metadata, added.record.PerMethod = maps.Clone(s.config.Metadata), s.config.PerMethod
	added.record.Abilities = uint64(abilities | s.replays.abilities() | s.streams.abilities())
	if s.direct.on() {
		added.record.Abilities |= uint64(wire.Direct)
	}
	dropped := fitDocs(&added.record)
	err := s.life.hold(func(now phase) error {
		switch {
		case now != fresh:
			return errorf("service %q comes too late; register all services before Start", svc.Name)
		case slices.ContainsFunc(s.services, func(other *service) bool { return other.name == svc.Name }):
			return errorf("service %q is registered already; give the second one another name", svc.Name)
		}
		s.services = append(s.services, added)
		return nil
	})
	if err != nil {
		return err
	}
	if dropped != nil {
		s.log.Warn("a record is too long with all that is said of its types, so some of it is left out; shorten comments, or split the service",
			"service", svc.Name, "left_out", strings.Join(dropped, ", "))
	}
	return nil
}
