package binder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/helium-rpc/helium"
)

// Requests that write. Each is one write to the bucket; the catalog learns of it as
// every other binder's does, through the watch.

// messageOverhead is how much longer a message with one record is than the record.
const messageOverhead = 1024

// renewTries is how often a renewal that finds the catalog behind is tried: others may
// renew the same record.
const renewTries = 3

// register puts a record into the bucket.
func (b *Binder) register(ctx context.Context, service string, body []byte) ([]byte, error) {
	if err := b.checkSize(len(body)); err != nil {
		return nil, err // before a byte of it is parsed
	}
	r, err := parseRecord(body)
	if err != nil {
		return nil, err
	}
	if r.Service != service {
		return nil, helium.ErrWrongSubject.WithMessage("a record of service %q was sent to %s; send it to %s", r.Service, b.subjects.Register(service), b.subjects.Register(r.Service))
	}
	if err := r.checkSignatures(); err != nil {
		return nil, err
	}
	// What was read is what is kept: bytes that another reader might understand
	// otherwise, such as a field given twice, don't get in.
	data, err := r.encode()
	if err != nil {
		return nil, err
	}
	if err := b.checkSize(len(data)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	if err := b.refuseCaptured(ctx); err != nil {
		return nil, err
	}
	known := b.catalog.get(r.Service, r.Instance)
	revision, err := b.bucket.put(ctx, r.key(), data)
	if err != nil {
		return nil, err
	}
	if known == nil || known.lost || !bytes.Equal(known.data, data) {
		b.config.Logger.Info("registered", append(recordAttrs(r), "methods", len(r.Methods))...)
	}
	_ = b.fresh.await(ctx, revision) // so that it shows in this binder's own answers
	return b.leaseReply()
}

func (b *Binder) checkSize(size int) error {
	limit := b.config.MaxRecord
	if most := int(b.nc.MaxPayload()) - messageOverhead; most > 0 {
		limit = min(limit, most)
	}
	if size > limit {
		return helium.ErrRecordTooLarge.WithMessage("the record is %d bytes long, at most %d fit (binder.Config.MaxRecord); shorten docs and metadata, or split the service", size, limit)
	}
	return nil
}

// renew writes a record that is there once more, which starts its lease anew.
func (b *Binder) renew(ctx context.Context, service string, body []byte) ([]byte, error) {
	instance, err := readInstance(service, body)
	if err != nil {
		return nil, err
	}
	unknown := helium.ErrUnknownInstance.WithMessage("the registry doesn't know instance %q of service %q; register it again", instance, service)
	for try := 1; ; try++ {
		if e := b.catalog.get(service, instance); e != nil && !e.lost {
			_, err := b.bucket.renew(ctx, e.key(), e.data, e.revision)
			if err == nil {
				return b.leaseReply()
			}
			if !errors.Is(err, errStale) {
				return nil, err
			}
		}
		if try == renewTries {
			return nil, unknown
		}
		if err := b.fresh.catchUp(ctx); err != nil {
			return nil, err
		}
	}
}

// end removes a record, if it is there.
func (b *Binder) end(ctx context.Context, service string, body []byte) ([]byte, error) {
	instance, err := readInstance(service, body)
	if err != nil {
		return nil, err
	}
	e := b.catalog.get(service, instance)
	if e == nil {
		if err := b.fresh.catchUp(ctx); err != nil {
			return nil, err
		}
		if e = b.catalog.get(service, instance); e == nil {
			return []byte("{}"), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	revision, err := b.bucket.remove(ctx, e.key())
	if err != nil {
		return nil, err
	}
	gone := e.departed()
	b.config.Logger.Info("ended", recordAttrs(&gone)...)
	_ = b.fresh.await(ctx, revision) // so that it shows in this binder's own answers
	return []byte("{}"), nil
}

func (b *Binder) leaseReply() ([]byte, error) {
	return json.Marshal(leaseReply{LeaseMillis: b.bucket.leaseTime().Milliseconds()})
}

func readInstance(service string, body []byte) (string, error) {
	if err := checkName("service", service); err != nil {
		return "", err
	}
	var request instanceRequest
	if err := decodeRequest(body, &request); err != nil {
		return "", err
	}
	return request.Instance, checkName("instance", request.Instance)
}
