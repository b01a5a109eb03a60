package binder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/internal/wire"
)

// A writer answers requests that write. Each is one write to the bucket; the catalog learns
// of it as every other binder's does, through the watch.
type writer struct {
	nc        *nats.Conn
	subjects  wire.Subjects
	bucket    *store.Bucket
	catalog   *catalog
	barrier   *readBarrier
	captures  *captureGuard
	maxRecord int
	bounds    *bounds
	log       *slog.Logger
}

// register puts a record into the bucket.
func (w *writer) register(ctx context.Context, service string, m *nats.Msg) ([]byte, error) {
	if err := w.checkSize(len(m.Data)); err != nil {
		return nil, err // before a byte of it is parsed
	}
	r, err := parseRecord(m.Data)
	if err != nil {
		return nil, err
	}
	if r.Service != service {
		return nil, helium.ErrWrongSubject.WithMessage("a record of service %q was sent to %s; send it to %s", r.Service, w.subjects.Register(service), w.subjects.Register(r.Service))
	}
	if err := checkSignatures(r); err != nil {
		return nil, err
	}
	// What was read is what is kept: bytes that another reader might understand
	// otherwise, such as a field given twice, don't get in.
	data, err := r.encode()
	if err != nil {
		return nil, err
	}
	if err := w.checkSize(len(data)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, store.Budget)
	defer cancel()
	if err := w.captures.check(ctx); err != nil {
		return nil, err
	}
	known := w.catalog.get(r.Service, r.Instance)
	if err := w.bounds.check(r, known, len(data)); err != nil {
		return nil, err
	}
	revision, err := w.bucket.Put(ctx, r.key(), data, onceOf(m))
	if err != nil {
		return nil, err
	}
	if known == nil || known.lost || !bytes.Equal(known.data, data) {
		w.log.Info("registered", append(r.logged(), "methods", len(r.Methods))...)
	}
	_ = w.barrier.await(ctx, revision) // so that it shows in this binder's own answers
	return w.leaseReply()
}

func (w *writer) checkSize(size int) error {
	limit := w.maxRecord
	if most := int(w.nc.MaxPayload()) - messageOverhead; most > 0 {
		limit = min(limit, most)
	}
	if size > limit {
		return helium.ErrRecordTooLarge.WithMessage("the record is %d bytes long, at most %d fit (binder.Config.MaxRecord); shorten docs and metadata, or split the service", size, limit)
	}
	return nil
}

// renew writes a record that is there once more, which starts its lease anew. So does anybody
// else's write of it that came after the request.
func (w *writer) renew(ctx context.Context, service string, m *nats.Msg) ([]byte, error) {
	name, err := parseInstance(service, m.Data)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, store.Budget)
	defer cancel()
	fresh := false    // the catalog has caught up since the request came
	seen := uint64(0) // the record's revision then
	for {
		i := w.catalog.get(service, name)
		switch there := i != nil && !i.lost; {
		case there && fresh && i.revision > seen:
			return w.leaseReply()
		case there:
			err := w.bucket.Renew(ctx, i.key(), i.data, i.revision)
			if err == nil {
				return w.leaseReply()
			}
			if !errors.Is(err, store.ErrStale) {
				return nil, err
			}
		case fresh:
			return nil, helium.ErrUnknownInstance.WithMessage("the registry doesn't know instance %q of service %q; register it again", name, service)
		}
		if fresh {
			// A write of the record is on its way and not done, so nobody can say yet what it is.
			pause(ctx, store.Retry)
		}
		if err := w.barrier.catchUp(ctx); err != nil {
			return nil, err
		}
		if !fresh {
			fresh = true
			if i := w.catalog.get(service, name); i != nil {
				seen = i.revision
			}
		}
	}
}

// pause waits, though not longer than ctx lasts.
func pause(ctx context.Context, how time.Duration) {
	select {
	case <-time.After(how):
	case <-ctx.Done():
	}
}

// end removes a record, if it is there.
func (w *writer) end(ctx context.Context, service string, m *nats.Msg) ([]byte, error) {
	name, err := parseInstance(service, m.Data)
	if err != nil {
		return nil, err
	}
	i := w.catalog.get(service, name)
	if i == nil {
		if err := w.barrier.catchUp(ctx); err != nil {
			return nil, err
		}
		i = w.catalog.get(service, name)
	}
	once := onceOf(m)
	if i == nil && once == "" {
		return []byte("{}"), nil
	}
	// Also of what isn't there, where the request has a name: carried out once more, later, it
	// mustn't end what has been registered since.
	ctx, cancel := context.WithTimeout(ctx, store.Budget)
	defer cancel()
	revision, err := w.bucket.Remove(ctx, recordKey(service, name), once)
	if err != nil {
		return nil, err
	}
	if i != nil {
		gone := i.departed()
		w.log.Info("ended", gone.logged()...)
	}
	_ = w.barrier.await(ctx, revision) // so that it shows in this binder's own answers
	return []byte("{}"), nil
}

func (w *writer) leaseReply() ([]byte, error) {
	return json.Marshal(leaseReply{LeaseMillis: w.bucket.LeaseTime().Milliseconds()})
}
