package binder

import (
	"context"
	"strconv"

	"github.com/nats-io/nats.go"
)

// A reader answers requests that read: from the catalog; only before it says that something
// isn't there does it ask the store what the catalog may be missing.
type reader struct {
	nc      *nats.Conn
	catalog *catalog
	barrier *readBarrier
}

// lookup answers from the catalog alone. It returns nothing if the name isn't there.
func (r *reader) lookup(name string, body []byte) ([]byte, error) {
	request, err := parseLookup(name, body)
	if err != nil {
		return nil, err
	}
	f, err := r.catalog.find(name, request.Method)
	if f == nil || err != nil {
		return nil, err
	}
	return appendEntry(f, r.replySize()), nil
}

// lookupFresh brings the catalog up to date first, and knows an answer to any name.
func (r *reader) lookupFresh(ctx context.Context, name string, body []byte) ([]byte, error) {
	if err := r.barrier.catchUp(ctx); err != nil {
		return nil, err
	}
	reply, err := r.lookup(name, body)
	if reply != nil || err != nil {
		return reply, err
	}
	request, err := parseLookup(name, body)
	if err != nil {
		return nil, err
	}
	return nil, r.catalog.explain(name, request.Method)
}

// list answers with one page of all records.
func (r *reader) list(ctx context.Context, _ string, m *nats.Msg) ([]byte, error) {
	var request listRequest
	if err := parse(m.Data, &request); err != nil {
		return nil, err
	}
	// With the store out of reach, what is in memory is still the best answer.
	_ = r.barrier.catchUp(ctx)
	page, more := r.catalog.after(request.After, r.replySize())
	return appendPage(page, more), nil
}

// replySize is how many bytes of records fit into one answer.
func (r *reader) replySize() int {
	return max(int(r.nc.MaxPayload())-messageOverhead, messageOverhead)
}

// The answers with records are put together by hand: names need no quoting and records
// are JSON already, so an answer costs a copy, and is as long as its records are.

// appendPage writes a [listPage].
func appendPage(page []*instance, more bool) []byte {
	b := appendRecords([]byte("{"), page)
	if more {
		b = append(b, `,"more":true`...)
	}
	return append(b, '}')
}

// appendEntry writes an [Entry] with as many records as fit.
func appendEntry(f *found, size int) []byte {
	fits := 0
	for _, i := range f.instances {
		if size -= len(i.data) + 1; size < 0 {
			break
		}
		fits++
	}
	b := []byte(`{"service":"` + f.service + `",`)
	if f.method != "" {
		b = append(b, `"method":"`+f.method+`",`...)
	}
	b = appendRecords(b, f.instances[:fits])
	if omitted := len(f.instances) - fits; omitted > 0 {
		b = append(b, `,"omitted":`...)
		b = strconv.AppendInt(b, int64(omitted), 10)
	}
	b = append(b, `,"revision":`...)
	b = strconv.AppendUint(b, f.revision, 10)
	return append(b, '}')
}

// appendRecords writes the field that both have.
func appendRecords(b []byte, instances []*instance) []byte {
	b = append(b, `"records":[`...)
	for at, i := range instances {
		if at > 0 {
			b = append(b, ',')
		}
		b = append(b, i.data...)
	}
	return append(b, ']')
}
