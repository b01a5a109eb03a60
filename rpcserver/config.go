package rpcserver

import (
	"log/slog"
	"time"

	"github.com/helium-rpc/helium"
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

	// MaxInFlight is how many calls run at the same moment. Default 1,024.
	MaxInFlight int
	// MaxQueue is how many more calls may wait for their turn; one call more is
	// refused at once with ResourceExhausted, not executed. Default: MaxInFlight.
	// Negative: none waits.
	MaxQueue int
	// Timeout is the time that a call gets which brings no deadline of its own, such
	// as a plain request. Default 30 s.
	Timeout time.Duration
	// DrainTimeout is how long Shutdown waits for calls that run, unless its context
	// ends earlier. Default 30 s.
	DrainTimeout time.Duration
	// PerMethod turns the service subject off: callers then send to the subjects of
	// methods alone, so that NATS permissions can be given method by method. Calls
	// of different methods then share no messages.
	PerMethod bool
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
	defaultTimeout      = 30 * time.Second
	defaultDrainTimeout = 30 * time.Second
	defaultVersion      = "0.0.0"
)

// withDefaults returns the configuration with every field filled in.
func (c Config) withDefaults() (Config, wire.Subjects, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Logger.Handler() == nil {
		c.Logger = slog.Default()
		return c, wire.Subjects{}, helium.NewConfigError("rpcserver", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	subjects, err := wire.NewSubjects(c.Prefix)
	if err != nil {
		return c, subjects, helium.ConfigErrorf("rpcserver", "{Config.Prefix}: %w", err)
	}
	if c.Version == "" {
		c.Version = defaultVersion
	}
	if c.MaxInFlight < 0 {
		return c, subjects, helium.ConfigErrorf("rpcserver", "{Config.MaxInFlight} is %d; set how many calls may run at once, or 0 for %d", c.MaxInFlight, defaultMaxInFlight)
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = defaultMaxInFlight
	}
	switch {
	case c.MaxQueue == 0:
		c.MaxQueue = c.MaxInFlight
	case c.MaxQueue < 0:
		c.MaxQueue = 0
	}
	for i, interceptor := range c.Interceptors {
		if interceptor == nil {
			return c, subjects, helium.ConfigErrorf("rpcserver", "{Config.Interceptors}[%d] is nil; leave it out", i)
		}
	}
	if c.Timeout < 0 {
		return c, subjects, helium.ConfigErrorf("rpcserver", "{Config.Timeout} is %v; set a positive time, or 0 for %v", c.Timeout, defaultTimeout)
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.DrainTimeout < 0 {
		return c, subjects, helium.ConfigErrorf("rpcserver", "{Config.DrainTimeout} is %v; set a positive time, or 0 for %v", c.DrainTimeout, defaultDrainTimeout)
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = defaultDrainTimeout
	}
	return c, subjects, nil
}
