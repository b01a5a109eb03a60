package binder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// storeBudget bounds a write or a question to the store, retries included. A new
	// leader is elected within it, mostly; and it is less than a client's attempt.
	storeBudget = 3 * time.Second
	// storeAttempt bounds one attempt of it.
	storeAttempt = 1500 * time.Millisecond
	// storeRetry is the wait between attempts.
	storeRetry = 50 * time.Millisecond
)

// prefixKey is where the bucket's metadata say whose it is: the bucket's name can't,
// for "a.b" and "a_b" make the same.
const prefixKey = "helium_prefix"

// A bucket is the JetStream key-value bucket that holds the records: one key
// "<service>.<instance>" each, whose value is the record as JSON. It is shared by all
// binders and readable with any NATS tool:
//
//	nats kv get helium_registry math.i4k2
type bucket struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	config Config
	asked  Config // as config, with zeros where nobody asked for anything
	prefix string
	name   string // "helium_registry"
	stream string // "KV_helium_registry"

	lease   atomic.Int64 // nanoseconds; the bucket's own, once it was opened
	created atomic.Int64 // Unix nanoseconds of the stream that is followed; 0: none yet
	// refusal is why the bucket can't be opened, if that is final; see verdict.
	refusal atomic.Pointer[error]
	// writes are refused, meanwhile.
	writes outage
	// agreed is true once agree has compared the bucket with what was asked for, and told
	// is what it said: Start's, then the follower's.
	agreed bool
	told   string
	// missed gets a value when the bucket turns out to be gone or another one.
	missed chan struct{}
	// behind gets a value when the catalog doesn't follow the bucket.
	behind chan struct{}
}

// state is what the stream under the bucket says, by its leader.
type state struct {
	created  time.Time
	last     uint64 // of the last change ever made
	empty    bool
	replicas int
}

func newBucket(nc *nats.Conn, subjects wire.Subjects, config, asked Config) (*bucket, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("binder: %w", err)
	}
	name := strings.ReplaceAll(subjects.Prefix(), ".", "_") + "_registry"
	return &bucket{
		nc: nc, js: js, config: config, asked: asked, prefix: subjects.Prefix(), name: name, stream: "KV_" + name,
		writes: outage{logger: config.Logger, bucket: name},
		missed: make(chan struct{}, 1), behind: make(chan struct{}, 1),
	}, nil
}

func (b *bucket) subject(key string) string { return "$KV." + b.name + "." + key }

// leaseTime is the lease that records in the bucket have.
func (b *bucket) leaseTime() time.Duration {
	if lease := time.Duration(b.lease.Load()); lease > 0 {
		return lease
	}
	return b.config.Lease
}

// open makes sure that the bucket is there and fit for a registry.
func (b *bucket) open(ctx context.Context) (jetstream.KeyValue, state, error) {
	ctx, stop := b.watchRefusals(ctx, b.isAPI)
	defer stop()
	kv, st, err := b.openWatched(ctx)
	err = because(ctx, err)
	b.refusal.Store(nil)
	if isRefused(err) {
		b.refusal.Store(&err)
	}
	return kv, st, err
}

func (b *bucket) openWatched(ctx context.Context) (jetstream.KeyValue, state, error) {
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	s, err := b.js.Stream(ctx, b.stream)
	if errors.Is(err, nats.ErrNoResponders) {
		// Nobody serves JetStream's API.
		err = jetstream.ErrJetStreamNotEnabled
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, b.streamConfig())
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, b.stream) // another binder was quicker
		}
		if err == nil {
			b.config.Logger.Info("the registry's bucket was created", "bucket", b.name, "lease", s.CachedInfo().Config.MaxAge)
		}
	}
	if err != nil {
		return nil, state{}, b.storeError(err)
	}
	if err := b.fit(ctx, s); err != nil {
		return nil, state{}, err
	}
	kv, err := b.js.KeyValue(ctx, b.name)
	if err != nil {
		return nil, state{}, b.storeError(err)
	}
	info := s.CachedInfo()
	b.created.Store(info.Created.UnixNano())
	return kv, stateOf(info), nil
}

// streamConfig is that of a key-value bucket with the registry's settings.
func (b *bucket) streamConfig() jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if b.config.Memory {
		storage = jetstream.MemoryStorage
	}
	return jetstream.StreamConfig{
		Name:        b.stream,
		Description: "Helium's registry of services",
		Subjects:    []string{b.subject(">")},
		Metadata:    map[string]string{prefixKey: b.prefix},
		Storage:     storage,
		Replicas:    b.config.Replicas,

		// The lease is the age at which the bucket drops a record. A TTL per key would
		// be lost by the next renewal.
		MaxAge:     b.config.Lease,
		Duplicates: min(b.config.Lease, 2*time.Minute),
		// Without markers a watcher never learns that a record expired. They stay long
		// enough for one that is away for a moment.
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: b.config.Lease.Round(time.Second),

		// Revisions must grow even over a bucket that was lost, or a client would take
		// the new store's news for old. Writes are fewer than one a microsecond, so a
		// bucket that starts to count at its birth in microseconds is always ahead.
		FirstSeq: uint64(time.Now().UnixMicro()),

		// As every key-value bucket has it.
		MaxMsgsPerSubject: 1,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgSize:        -1,
		MaxConsumers:      -1,
		Discard:           jetstream.DiscardNew,
		AllowRollup:       true,
		DenyDelete:        true,
		AllowDirect:       true,
	}
}

func stateOf(info *jetstream.StreamInfo) state {
	return state{created: info.Created, last: info.State.LastSeq, empty: info.State.Msgs == 0, replicas: info.Config.Replicas}
}

// ask returns the stream's state from its leader. A direct get would be quicker and
// might come from a replica that doesn't know the last writes.
func (b *bucket) ask(ctx context.Context) (state, error) {
	var st state
	err := b.retry(ctx, b.isAPI, func(ctx context.Context) (err error) {
		st, err = b.askOnce(ctx)
		return err
	})
	if err == nil && st.created.UnixNano() != b.created.Load() {
		b.miss()
	}
	return st, err
}

func (b *bucket) askOnce(ctx context.Context) (state, error) {
	ctx, cancel := context.WithTimeout(ctx, storeAttempt)
	defer cancel()
	s, err := b.js.Stream(ctx, b.stream)
	if err != nil {
		return state{}, err
	}
	info := s.CachedInfo()
	if info.Config.MaxAge > 0 {
		b.lease.Store(int64(info.Config.MaxAge)) // somebody may have edited it
	}
	return stateOf(info), nil
}

// put writes a record, whatever is there.
func (b *bucket) put(ctx context.Context, key string, data []byte) (uint64, error) {
	revision, err := b.publish(ctx, &nats.Msg{Subject: b.subject(key), Data: data})
	b.wrote(err, adds)
	return revision, err
}

// errStale is returned by renew.
var errStale = errors.New("the record was written or lost since")

// renew writes a record if the last write of its key is still that of a revision:
// one that ended or expired meanwhile isn't brought back to life. Else it returns
// errStale.
func (b *bucket) renew(ctx context.Context, key string, data []byte, revision uint64) (uint64, error) {
	revision, err := b.publish(ctx, &nats.Msg{Subject: b.subject(key), Data: data}, jetstream.WithExpectLastSequencePerSubject(revision))
	b.wrote(err, replaces)
	return revision, err
}

// remove leaves a delete marker.
func (b *bucket) remove(ctx context.Context, key string) (uint64, error) {
	return b.publish(ctx, &nats.Msg{Subject: b.subject(key), Header: nats.Header{"KV-Operation": {"DEL"}}})
}

func (b *bucket) publish(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (revision uint64, err error) {
	opts = append(opts, jetstream.WithRetryAttempts(0)) // retry does that
	needs := func(subject string) bool { return subject == m.Subject }
	err = b.retry(ctx, needs, func(ctx context.Context) error {
		ack, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Data: m.Data, Header: m.Header}, opts...)
		if err == nil {
			revision = ack.Sequence
		}
		return err
	})
	return revision, err
}

// retry does something with the store, publishing to subjects that needs knows, until it
// works, fails for good, or storeBudget is used up. A bucket that is gone is on its way
// back, unless it can't be made: see miss.
func (b *bucket) retry(ctx context.Context, needs func(subject string) bool, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	ctx, stop := b.watchRefusals(ctx, needs)
	defer stop()
	for {
		attempt, cancelAttempt := context.WithTimeout(ctx, storeAttempt)
		err := because(ctx, do(attempt))
		cancelAttempt()
		switch {
		case err == nil:
			return nil
		case wrongSequence(err):
			return errStale
		case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, jetstream.ErrStreamNotFound):
			b.miss()
			if refusal := b.refusal.Load(); refusal != nil {
				return *refusal
			}
		case errors.Is(err, helium.ErrStoreRefused), verdictOn(err) == final:
			return b.storeError(err)
		case errors.Is(err, nats.ErrConnectionClosed):
			return b.storeError(err)
		}
		select {
		case <-time.After(storeRetry):
		case <-ctx.Done():
			return b.storeError(err)
		}
	}
}

// miss makes the follower look after the bucket.
func (b *bucket) miss() { signal(b.missed) }

// fallBehind makes the follower watch anew.
func (b *bucket) fallBehind() { signal(b.behind) }

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default: // it was told already
	}
}

func wrongSequence(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// logTrouble is how a failure that nobody waits for is told.
func (b *bucket) logTrouble(what string, err error) {
	b.config.Logger.Warn(what, "bucket", b.name, slog.Any("error", err))
}
