package binder

import (
	"fmt"
	"log/slog"
	"time"
)

const (
	defaultLease     = 30 * time.Second
	minLease         = time.Second // JetStream's minimum for a bucket's TTL
	defaultMaxRecord = 64 << 10
	// startTimeout bounds Start where its context has no deadline.
	startTimeout = 15 * time.Second
)

// Config says how a binder works. Its zero value works.
type Config struct {
	// Prefix is the first token or tokens of all subjects. Default "helium". The bucket
	// is named after it: "helium_registry", with dots turned into underscores.
	Prefix string
	// Lease is how long a record stays without renewal. Default 30 s, at least 1 s.
	// It becomes the bucket's TTL when the bucket is created. A bucket that is there
	// already keeps its own: all binders on it must agree.
	Lease time.Duration
	// Replicas is on how many servers of a cluster the bucket is kept: 1, 3 or 5.
	// Default 1. Used when the bucket is created.
	Replicas int
	// Memory keeps the bucket in memory. The default is false, files in the NATS
	// server's store directory. Used when the bucket is created.
	Memory bool
	// MaxRecord is how long a record may be, as JSON, in bytes. Default 64 KiB.
	MaxRecord int
	// OnEvent, if set, is called for each change that this binder sees after Start, one
	// at a time and in order. One that blocks holds up no request; if it falls 10,000
	// events behind, it misses some, which is logged.
	OnEvent func(Event)
	// Logger gets registrations, departures and trouble. Default slog.Default().
	Logger *slog.Logger
}

// complete fills in defaults and refuses what can't work.
func (c Config) complete() (Config, error) {
	if c.Lease == 0 {
		c.Lease = defaultLease
	}
	if c.Lease < minLease {
		return c, fmt.Errorf("binder: Config.Lease is %v; JetStream can't expire records faster than %v, so set that or more", c.Lease, minLease)
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Replicas < 0 || c.Replicas > 5 {
		return c, fmt.Errorf("binder: Config.Replicas is %d; set 1, 3 or 5", c.Replicas)
	}
	if c.MaxRecord == 0 {
		c.MaxRecord = defaultMaxRecord
	}
	if c.MaxRecord < 0 {
		return c, fmt.Errorf("binder: Config.MaxRecord is %d; set a number of bytes, or 0 for %d", c.MaxRecord, defaultMaxRecord)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Logger.Handler() == nil {
		return c, fmt.Errorf("binder: Config.Logger has no handler; make it with slog.New, or leave it out")
	}
	return c, nil
}
