package store

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

// A Bucket is the JetStream key-value bucket that holds the records: one key
// "<service>.<instance>" each, whose value is the record as JSON. It is shared by all
// binders and readable with any NATS tool:
//
//	nats kv get helium_registry math.i4k2
type Bucket struct {
	js          jetstream.JetStream
	names       names
	settings    Settings
	failures    *failures
	permissions permissions
	agreement   *agreement

	lease   atomic.Int64 // nanoseconds; the bucket's own, once it was opened
	created atomic.Int64 // Unix nanoseconds of the stream that is followed; 0: none yet
	// refusal is why the bucket can't be opened, if that is final; see verdict.
	refusal atomic.Pointer[error]
	// writes are refused, meanwhile, and reads are answered from memory.
	writes, reads outage
	// missed gets a value when the bucket turns out to be gone or another one.
	missed chan struct{}
}

// New returns the bucket of a deployment, which OpenFirst opens.
func New(nc *nats.Conn, js jetstream.JetStream, settings Settings) *Bucket {
	names := namesOf(settings.Prefix)
	failures := &failures{names: names, shape: settings.Shape, maxPayload: nc.MaxPayload}
	return &Bucket{
		js: js, names: names, settings: settings, failures: failures,
		permissions: permissions{nc: nc, stream: names.stream},
		agreement:   &agreement{js: js, names: names, settings: settings, failures: failures},
		writes:      outage{logger: settings.Logger, bucket: names.bucket},
		reads:       outage{logger: settings.Logger, bucket: names.bucket},
		missed:      make(chan struct{}, 1),
	}
}

// Name is the bucket's: "helium_registry".
func (b *Bucket) Name() string { return b.names.bucket }

// LeaseTime is the lease that records in the bucket have.
func (b *Bucket) LeaseTime() time.Duration {
	if lease := time.Duration(b.lease.Load()); lease > 0 {
		return lease
	}
	return b.settings.Lease
}

// OpenFirst opens the bucket, creating it if need be, and compares it with what was asked
// for. It waits where waiting can help.
func (b *Bucket) OpenFirst(ctx context.Context) error {
	return untilOpen(ctx, func() error {
		if _, _, err := b.open(ctx); err != nil {
			return err
		}
		return b.agree(ctx)
	})
}

// agree compares the bucket with what was asked for.
func (b *Bucket) agree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	ctx, stop := b.permissions.watch(ctx, b.permissions.isAPI)
	defer stop()
	if err := b.agreement.reach(ctx); err != nil {
		return b.failures.of(because(ctx, err))
	}
	return nil
}

// open makes sure that the bucket is there and fit for a registry.
func (b *Bucket) open(ctx context.Context) (jetstream.KeyValue, State, error) {
	ctx, stop := b.permissions.watch(ctx, b.permissions.isAPI)
	defer stop()
	kv, st, err := b.openWatched(ctx)
	err = because(ctx, err)
	b.refusal.Store(nil)
	if IsRefused(err) {
		b.refusal.Store(&err)
	}
	return kv, st, err
}

func (b *Bucket) openWatched(ctx context.Context) (jetstream.KeyValue, State, error) {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	s, err := b.js.Stream(ctx, b.names.stream)
	if errors.Is(err, nats.ErrNoResponders) {
		// Nobody serves JetStream's API.
		err = jetstream.ErrJetStreamNotEnabled
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, newStream(b.names, b.settings.Shape))
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, b.names.stream) // another binder was quicker
		}
		if err == nil {
			b.settings.Logger.Info("the registry's bucket was created", "bucket", b.names.bucket, "lease", s.CachedInfo().Config.MaxAge)
		}
	}
	if err != nil {
		return nil, State{}, b.failures.of(err)
	}
	lease, err := b.agreement.fit(ctx, s)
	if err != nil {
		return nil, State{}, err
	}
	b.lease.Store(int64(lease))
	kv, err := b.js.KeyValue(ctx, b.names.bucket)
	if err != nil {
		return nil, State{}, b.failures.of(err)
	}
	info := s.CachedInfo()
	b.created.Store(info.Created.UnixNano())
	return kv, stateOf(info), nil
}

// Watch opens the bucket, creating it if it is gone, and watches it from the start. What the
// watch needs to end runs on goroutines that running counts.
func (b *Bucket) Watch(ctx context.Context, running *sync.WaitGroup) (*Watch, error) {
	kv, st, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	asking, done := b.permissions.watch(ctx, b.permissions.isAPI)
	defer done()
	w, err := watchAll(ctx, asking, kv, running)
	if err != nil {
		return nil, b.failures.of(because(asking, err))
	}
	w.State = st
	return w, nil
}

// Ask returns the bucket's state from its leader. A direct get would be quicker and
// might come from a replica that doesn't know the last writes.
func (b *Bucket) Ask(ctx context.Context) (State, error) {
	var st State
	err := b.retry(ctx, b.permissions.isAPI, func(ctx context.Context) (err error) {
		st, err = b.askOnce(ctx)
		return err
	})
	if err == nil && st.Created.UnixNano() != b.created.Load() {
		b.miss()
	}
	return st, err
}

// Check is Ask without a second attempt. gone says that there is no bucket.
func (b *Bucket) Check(ctx context.Context) (st State, gone bool, err error) {
	st, err = b.askOnce(ctx)
	if err != nil {
		return State{}, errors.Is(err, jetstream.ErrStreamNotFound), b.failures.of(err)
	}
	return st, false, nil
}

func (b *Bucket) askOnce(ctx context.Context) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, Attempt)
	defer cancel()
	s, err := b.js.Stream(ctx, b.names.stream)
	if err != nil {
		return State{}, err
	}
	info := s.CachedInfo()
	if info.Config.MaxAge > 0 {
		b.lease.Store(int64(info.Config.MaxAge)) // somebody may have edited it
	}
	return stateOf(info), nil
}

// Put writes a record, whatever is there. once, if it isn't empty, names the write: of several
// with the same name and key the store takes one only, within a lease or two minutes,
// whichever is shorter, and all return its revision.
func (b *Bucket) Put(ctx context.Context, key string, data []byte, once string) (revision uint64, err error) {
	begun := time.Now()
	ack, err := b.publish(ctx, &nats.Msg{Subject: b.names.subject(key), Data: data}, onlyOnce("put", key, once)...)
	if err != nil {
		b.wrote(err, adds, begun)
		return 0, err
	}
	if !ack.Duplicate { // that it took the same write before says nothing of now
		b.wrote(nil, adds, begun)
	}
	return ack.Sequence, nil
}

// ErrStale is returned by Renew.
var ErrStale = errors.New("the record was written or lost since")

// Renew writes a record if the last write of its key is still that of a revision:
// one that ended or expired meanwhile isn't brought back to life. Else it returns
// ErrStale.
func (b *Bucket) Renew(ctx context.Context, key string, data []byte, revision uint64) error {
	begun := time.Now()
	_, err := b.publish(ctx, &nats.Msg{Subject: b.names.subject(key), Data: data}, jetstream.WithExpectLastSequencePerSubject(revision))
	b.wrote(err, replaces, begun)
	return err
}

// Remove leaves a delete marker. once is that of Put.
func (b *Bucket) Remove(ctx context.Context, key, once string) (revision uint64, err error) {
	ack, err := b.publish(ctx, &nats.Msg{Subject: b.names.subject(key), Header: nats.Header{"KV-Operation": {"DEL"}}}, onlyOnce("remove", key, once)...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// onlyOnce makes JetStream tell a write from its repetition.
func onlyOnce(what, key, once string) []jetstream.PublishOpt {
	if once == "" {
		return nil
	}
	return []jetstream.PublishOpt{jetstream.WithMsgID(what + " " + key + " " + once)}
}

func (b *Bucket) publish(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (ack *jetstream.PubAck, err error) {
	opts = append(opts, jetstream.WithRetryAttempts(0)) // retry does that
	needs := func(subject string) bool { return subject == m.Subject }
	err = b.retry(ctx, needs, func(ctx context.Context) (err error) {
		ack, err = b.js.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Data: m.Data, Header: maps.Clone(m.Header)}, opts...)
		return err
	})
	return ack, err
}

// retry does something with the store, publishing to subjects that needs knows, until it
// works, fails for good, or Budget is used up. A bucket that is gone is on its way back,
// unless it can't be made: see miss.
func (b *Bucket) retry(ctx context.Context, needs func(subject string) bool, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	ctx, stop := b.permissions.watch(ctx, needs)
	defer stop()
	for {
		attempt, cancelAttempt := context.WithTimeout(ctx, Attempt)
		err := because(ctx, do(attempt))
		cancelAttempt()
		switch {
		case err == nil:
			return nil
		case wrongSequence(err):
			return ErrStale
		case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, jetstream.ErrStreamNotFound):
			b.miss()
			if refusal := b.refusal.Load(); refusal != nil {
				return *refusal
			}
		case errors.Is(err, helium.ErrStoreRefused), verdictOn(err) == final:
			return b.failures.of(err)
		case errors.Is(err, nats.ErrConnectionClosed):
			return b.failures.of(err)
		}
		select {
		case <-time.After(Retry):
		case <-ctx.Done():
			return b.failures.of(err)
		}
	}
}

// miss makes whoever watches the bucket look after it.
func (b *Bucket) miss() {
	select {
	case b.missed <- struct{}{}:
	default: // it was told already
	}
}

// Missed gets a value when the bucket turns out to be gone or another one.
func (b *Bucket) Missed() <-chan struct{} { return b.missed }

// Writes that the store refused: a renewal replaces a record, and works while a bucket that
// is full takes no new one, so it doesn't show that all is well again.
const (
	replaces = iota
	adds
)

// wrote tells of a store that takes no records, though it can be reached, and of its end, as a write
// shows that was begun at a certain time.
func (b *Bucket) wrote(err error, weight int, begun time.Time) {
	switch {
	case IsRefused(err):
		b.writes.begin("the registry's store refuses records, so servers can't register or renew", err, weight, begun)
	case err == nil:
		b.writes.over("the registry's store takes records again", weight, begun)
	}
}

// Lost tells of a store that the binder doesn't hear, once until it is Found.
func (b *Bucket) Lost(err error) {
	what := "the registry's store is out of reach; lookups are answered from memory meanwhile"
	if IsRefused(err) {
		what = "the registry's store is of no use now; lookups are answered from memory meanwhile"
	}
	b.reads.begin(what, err, 0, time.Now())
}

// Found tells of a store that is heard again.
func (b *Bucket) Found() { b.reads.over("the registry's store is back", 0, time.Now()) }
