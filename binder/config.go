package binder

import (
	"log/slog"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
)

const (
	defaultLease     = 30 * time.Second
	minLease         = time.Second // JetStream's minimum for a bucket's TTL
	defaultMaxRecord = 64 << 10
	// defaultMaxInstances is how many instances of a service clients keep apart, too.
	defaultMaxInstances = 10_000
	// meanRecord is how long the records of a service may be on average where there are Config.MaxInstances.
	meanRecord = 8 << 10
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
	// already keeps its own; that another was asked for is logged, with what to do.
	Lease time.Duration
	// Replicas is on how many servers of a cluster the bucket is kept: 1, 3 or 5.
	// Default 1. A bucket that is there already is given more if it has fewer, never fewer
	// if it has more, which is logged; with 0 it keeps what it has. Replicas that the NATS
	// servers can't keep make Start fail.
	Replicas int
	// Memory keeps the bucket in memory. The default is false, files in the NATS
	// server's store directory. A bucket that is there already stays where it is; that it
	// is in files and was asked for in memory is logged, with what to do.
	Memory bool
	// MaxRecord is how long a record may be, as JSON, in bytes. Default 64 KiB.
	MaxRecord int
	// MaxInstances is how many instances a service may have, so that who may register one service
	// can't fill the registry; at once a few more may get in. Their records may be as long together as
	// so many of 8 KiB. Default 10,000. Give all binders the same.
	MaxInstances int
	// OnEvent, if set, is called for each change that this binder sees after Start, one
	// at a time and in order. One that blocks holds up no request; if it falls 10,000
	// events behind, it misses some, which is logged. Close waits for it, though not for
	// longer than 5 s: so long it takes if the hook itself calls Close.
	OnEvent func(Event)
	// Logger gets registrations, departures and trouble. Default slog.Default().
	Logger *slog.Logger
}

// withDefaults returns the Config with every field filled in, or what is wrong with it.
func (config Config) withDefaults() (Config, error) {
	if config.Lease == 0 {
		config.Lease = defaultLease
	}
	if config.Lease < minLease {
		return config, helium.ConfigErrorf("binder", "{Config.Lease} is %v; JetStream can't expire records faster than %v, so set that or more", config.Lease, minLease)
	}
	if config.Replicas == 0 {
		config.Replicas = 1
	}
	if config.Replicas != 1 && config.Replicas != 3 && config.Replicas != 5 {
		// Of an even number as many may be missing as of one fewer.
		return config, helium.ConfigErrorf("binder", "{Config.Replicas} is %d; set 1, 3 or 5", config.Replicas)
	}
	if config.MaxRecord == 0 {
		config.MaxRecord = defaultMaxRecord
	}
	if config.MaxRecord < 0 {
		return config, helium.ConfigErrorf("binder", "{Config.MaxRecord} is %d; set a number of bytes, or 0 for %d", config.MaxRecord, defaultMaxRecord)
	}
	if config.MaxInstances == 0 {
		config.MaxInstances = defaultMaxInstances
	}
	if config.MaxInstances < 0 {
		return config, helium.ConfigErrorf("binder", "{Config.MaxInstances} is %d; set a number of instances of a service, or 0 for %d", config.MaxInstances, defaultMaxInstances)
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Logger.Handler() == nil {
		return config, helium.NewConfigError("binder", "{Config.Logger} has no handler; make it with slog.New, or leave it out")
	}
	return config, nil
}

// bucket says which bucket the binder uses; asked is the Config as it was given.
func (config Config) bucket(prefix string, asked Config) store.Settings {
	shape := func(c Config) store.Shape {
		return store.Shape{Lease: c.Lease, Replicas: c.Replicas, Memory: c.Memory}
	}
	return store.Settings{Prefix: prefix, Shape: shape(config), Asked: shape(asked), Logger: config.Logger}
}
