package rpcserver

import (
	"log/slog"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/wire"
)

// Config says how a server serves. Its zero value works.
type Config struct {
	// Prefix is the first part of all subjects. Default "helium".
	Prefix string
	// Version is the version of the services, as the registry shows it, in the form
	// of semantic versioning. Default "0.0.0".
	Version string
	// Metadata stands in the registry beside each service, for people and tools.
	Metadata map[string]string

	// MaxInFlight is how many calls run at the same moment, if they sleep; those that compute
	// run one for each processor. Default 1,024.
	MaxInFlight int
	// MaxQueue is how many more calls may wait for their turn; one call more is
	// refused at once with helium.ErrOverloaded, not executed. Default: MaxInFlight.
	// Negative: none waits.
	MaxQueue int
	// MaxQueueBytes is how many bytes the calls that wait may hold, beyond which they are
	// refused likewise, and the messages that wait to be received. Default 64 MiB.
	MaxQueueBytes int
	// MaxStreams is how many streams run at the same moment, beside the calls; one more is refused
	// with helium.ErrOverloaded, not executed. Default 10,000. Negative: none.
	MaxStreams int
	// MaxValue is how many bytes the arguments of a call, or its result, may have where they don't
	// fit a message and travel in chunks, and likewise an item of a stream. More is refused with
	// helium.ErrTooLarge, not executed, before it is sent, and with helium.ErrResultTooLarge. Default 64 MiB; at most 256 MiB.
	MaxValue int
	// Timeout is the time that a call gets which brings no deadline of its own, such
	// as a plain request. Default 30 s.
	Timeout time.Duration
	// DrainTimeout is how long Shutdown waits for calls that run, unless its context
	// ends earlier. Default 30 s.
	DrainTimeout time.Duration
	// IdempotencyMemory is how many bytes the keys and results of calls with idempotency
	// keys may take, each kept for two minutes after its handler returned: a key costs 256
	// bytes, its own and those of the result. When it is used up, calls with new keys are
	// refused with helium.ErrOverloaded. Default 64 MiB, for a good 2,000 keys a second
	// with small results. Negative: calls with keys don't come here.
	IdempotencyMemory int
	// PerMethod turns the service subject off: callers then send to the subjects of
	// methods alone, so that NATS permissions can be given method by method. Calls
	// of different methods then share no messages.
	PerMethod bool
	// StreamExport says that callers of other accounts come through service exports that
	// take several answers a request (response_type: stream). Then their messages are
	// answered as all others are, from the first one on. Default: each is answered by one
	// message until the server has found out by itself that the export takes more.
	StreamExport bool
	// Listen is where the server takes direct links: callers that can reach it there send their
	// calls direct, for the time of half a call by the bus, and go on while no NATS server
	// answers. It is "host:port", with port 0 a free one; "unix:" and the path of a socket or of a
	// directory, for callers on this host; "memory:" for those in this program, who need no socket
	// wherever it listens; or several, with commas between them. Connections beyond loopback are TLS, with keys made at start, unless "plain:" stands before the address.
	// Who calls there has asked for it on helium.at.<service>.<instance>. Default: nowhere. With
	// PerMethod no direct links are offered, and the log says so.
	Listen string
	// Advertise is what callers are told to dial, in the same form, where that isn't what is
	// listened on; port 0 stands for the one that is. Default: Listen, with the address by which
	// this machine reaches the NATS server in place of one that stands for all.
	Advertise string
	// NoMonitoring turns off the answers on $SRV.>, by which tools and dashboards for
	// NATS services find this server and read its figures. Default: it answers.
	NoMonitoring bool

	// Interceptors wrap each call, the first one outermost.
	Interceptors []Interceptor
	// Logger gets panics, refused services and the like. Default slog.Default().
	Logger *slog.Logger
}

const (
	defaultMaxInFlight  = 1024
	defaultMaxStreams   = 10_000
	defaultMaxBytes     = 64 << 20
	defaultTimeout      = 30 * time.Second
	defaultDrainTimeout = 30 * time.Second
	// defaultIdempotencyMemory is 64 MiB.
	defaultIdempotencyMemory = 64 << 20
	defaultVersion           = "0.0.0"
)

// checkListen returns what is wrong with where the server is to listen for direct links.
func (config *Config) checkListen() error {
	listen, err := direct.ParseAddresses(config.Listen)
	if err != nil {
		return helium.ConfigErrorf("rpcserver", "{Config.Listen}: %w", err)
	}
	advertise, err := direct.ParseAddresses(config.Advertise)
	if err != nil {
		return helium.ConfigErrorf("rpcserver", "{Config.Advertise}: %w", err)
	}
	if advertise != nil && listen == nil {
		return helium.NewConfigError("rpcserver", "{Config.Advertise} says how callers get to where {Config.Listen} says; set both")
	}
	if err := direct.CheckAdvertised(advertise, listen); err != nil {
		return helium.ConfigErrorf("rpcserver", "{Config.Advertise}: %w", err)
	}
	return nil
}

// withDefaults returns the Config with every field filled in, or what is wrong with it.
func (config Config) withDefaults() (Config, error) {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Logger.Handler() == nil {
		config.Logger = slog.Default()
		return config, helium.NewConfigError("rpcserver", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	if _, err := wire.NewSubjects(config.Prefix); err != nil {
		return config, helium.ConfigErrorf("rpcserver", "{Config.Prefix}: %w", err)
	}
	if config.Version == "" {
		config.Version = defaultVersion
	}
	if err := config.checkListen(); err != nil {
		return config, err
	}
	if config.MaxInFlight < 0 {
		return config, helium.ConfigErrorf("rpcserver", "{Config.MaxInFlight} is %d; set how many calls may run at once, or 0 for %d", config.MaxInFlight, defaultMaxInFlight)
	}
	if config.MaxInFlight == 0 {
		config.MaxInFlight = defaultMaxInFlight
	}
	switch {
	case config.MaxQueue == 0:
		config.MaxQueue = config.MaxInFlight
	case config.MaxQueue < 0:
		config.MaxQueue = 0
	}
	if config.MaxQueueBytes < 0 {
		return config, helium.ConfigErrorf("rpcserver", "{Config.MaxQueueBytes} is %d; set how many bytes the calls that wait may hold, or 0 for %d", config.MaxQueueBytes, defaultMaxBytes)
	}
	if config.MaxQueueBytes == 0 {
		config.MaxQueueBytes = defaultMaxBytes
	}
	if config.MaxStreams == 0 {
		config.MaxStreams = defaultMaxStreams
	}
	if config.MaxValue < 0 || config.MaxValue > chunks.MaxTogether {
		return config, helium.ConfigErrorf("rpcserver", "{Config.MaxValue} is %d; set a number of bytes of at most %d, or 0 for %d", config.MaxValue, chunks.MaxTogether, chunks.DefaultMax)
	}
	if config.MaxValue == 0 {
		config.MaxValue = chunks.DefaultMax
	}
	if config.IdempotencyMemory == 0 {
		config.IdempotencyMemory = defaultIdempotencyMemory
	}
	for i, interceptor := range config.Interceptors {
		if interceptor == nil {
			return config, helium.ConfigErrorf("rpcserver", "{Config.Interceptors}[%d] is nil; leave it out", i)
		}
	}
	if config.Timeout < 0 {
		return config, helium.ConfigErrorf("rpcserver", "{Config.Timeout} is %v; set a positive time, or 0 for %v", config.Timeout, defaultTimeout)
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.DrainTimeout < 0 {
		return config, helium.ConfigErrorf("rpcserver", "{Config.DrainTimeout} is %v; set a positive time, or 0 for %v", config.DrainTimeout, defaultDrainTimeout)
	}
	if config.DrainTimeout == 0 {
		config.DrainTimeout = defaultDrainTimeout
	}
	return config, nil
}
