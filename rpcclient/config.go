package rpcclient

import (
	"log/slog"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
)

// Config says how a client calls. Its zero value works.
type Config struct {
	// Prefix is the first part of all subjects, the same as the servers'. Default "helium".
	Prefix string
	// Timeout is the time that a call gets whose context has no deadline. Default 10 s; more than a year is
	// a year, as it is of a context's deadline.
	Timeout time.Duration
	// MaxAttempts is how often a call is tried that provably didn't run, or whose
	// method is idempotent, the first time included. Default 3; 1 turns retries off.
	MaxAttempts int
	// MaxValue is how many bytes the arguments of a call, or its result, may have where they don't
	// fit a message and travel in chunks, and likewise an item of a stream. More is refused before anything is sent, with
	// [helium.ErrTooLarge] and [helium.ErrResultTooLarge]. Default 64 MiB; at most 256 MiB.
	MaxValue int
	// Hedge makes a call of an idempotent method a second time, at another instance, if it
	// takes longer than 95 in 100 of the method's latest calls: the first answer counts,
	// and the other call is canceled. That takes from the budget of retries, so it adds a
	// tenth to the calls at most. Calls of such methods go to single instances then, where
	// the connection's user may publish to helium.at.<service>.>, and share messages by
	// instance. Default: each call is made once, unless it fails.
	Hedge bool
	// BusOnly sends all calls by the bus. Default: where a server offers direct links, and the client
	// can reach it there, its calls go direct; see rpcserver.Config.Listen.
	BusOnly bool
	// Interceptors wrap each call, the first one outermost.
	Interceptors []Interceptor
	// Logger gets what concerns no single call, and the panics of iterators whose calls are over. Default slog.Default().
	Logger *slog.Logger
}

const (
	defaultTimeout     = 10 * time.Second
	defaultMaxAttempts = 3
)

// withDefaults returns the Config with every field filled in, or what is wrong with it.
func (config Config) withDefaults() (Config, error) {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Logger.Handler() == nil {
		return config, helium.NewConfigError("rpcclient", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	for i, interceptor := range config.Interceptors {
		if interceptor == nil {
			return config, helium.ConfigErrorf("rpcclient", "{Config.Interceptors}[%d] is nil; leave it out", i)
		}
	}
	if _, err := wire.NewSubjects(config.Prefix); err != nil {
		return config, helium.ConfigErrorf("rpcclient", "{Config.Prefix}: %w", err)
	}
	if config.Timeout < 0 {
		return config, helium.ConfigErrorf("rpcclient", "{Config.Timeout} is %v; set a positive time, or 0 for %v", config.Timeout, defaultTimeout)
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	config.Timeout = min(config.Timeout, wire.MaxTime)
	if config.MaxValue < 0 || config.MaxValue > chunks.MaxTogether {
		return config, helium.ConfigErrorf("rpcclient", "{Config.MaxValue} is %d; set a number of bytes of at most %d, or 0 for %d", config.MaxValue, chunks.MaxTogether, chunks.DefaultMax)
	}
	if config.MaxValue == 0 {
		config.MaxValue = chunks.DefaultMax
	}
	if config.MaxAttempts < 0 {
		return config, helium.ConfigErrorf("rpcclient", "{Config.MaxAttempts} is %d; set 1 for no retries, or 0 for %d", config.MaxAttempts, defaultMaxAttempts)
	}
	if config.MaxAttempts == 0 {
		config.MaxAttempts = defaultMaxAttempts
	}
	return config, nil
}
