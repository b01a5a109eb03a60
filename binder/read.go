package binder

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
)

// Requests that read. They are answered from the catalog; only before a binder says
// that something isn't there does it ask the store what the catalog may be missing.

// lookup answers from the catalog alone. It returns nothing if the name isn't there.
func (b *Binder) lookup(name string, body []byte) ([]byte, error) {
	request, err := readLookup(name, body)
	if err != nil {
		return nil, err
	}
	f, err := b.catalog.find(name, request.Method)
	if f == nil || err != nil {
		return nil, err
	}
	return appendEntry(f, b.replySize()), nil
}

// lookupFresh brings the catalog up to date first, and knows an answer to any name.
func (b *Binder) lookupFresh(ctx context.Context, name string, body []byte) ([]byte, error) {
	if err := b.fresh.catchUp(ctx); err != nil {
		return nil, err
	}
	reply, err := b.lookup(name, body)
	if reply != nil || err != nil {
		return reply, err
	}
	request, err := readLookup(name, body)
	if err != nil {
		return nil, err
	}
	return nil, b.catalog.explain(name, request.Method)
}

func readLookup(name string, body []byte) (lookupRequest, error) {
	var request lookupRequest
	first, second, both := strings.Cut(name, ".")
	if err := checkName("service or method", first); err != nil {
		return request, err
	}
	if both {
		if err := checkName("method", second); err != nil {
			return request, err
		}
	}
	return request, decodeRequest(body, &request)
}

// list answers with one page of all records.
func (b *Binder) list(ctx context.Context, _ string, body []byte) ([]byte, error) {
	var request listRequest
	if err := decodeRequest(body, &request); err != nil {
		return nil, err
	}
	// With the store out of reach, what is in memory is still the best answer.
	_ = b.fresh.catchUp(ctx)
	page, more := b.catalog.after(request.After, b.replySize())
	reply := listReply{Records: make([]json.RawMessage, len(page)), More: more}
	for i, e := range page {
		reply.Records[i] = e.data
	}
	return json.Marshal(reply)
}

// replySize is how many bytes of records fit into one answer.
func (b *Binder) replySize() int {
	return max(int(b.nc.MaxPayload())-messageOverhead, messageOverhead)
}

// appendEntry writes an [Entry] with as many records as fit. It puts the JSON together
// by hand: names need no quoting and records are JSON already, so the answer to a
// lookup costs a copy.
func appendEntry(f *found, size int) []byte {
	b := []byte(`{"service":"` + f.service + `"`)
	if f.method != "" {
		b = append(b, `,"method":"`+f.method+`"`...)
	}
	b = append(b, `,"records":[`...)
	sent := 0
	for _, e := range f.entries {
		if size -= len(e.data) + 1; size < 0 {
			break
		}
		if sent > 0 {
			b = append(b, ',')
		}
		b = append(b, e.data...)
		sent++
	}
	b = append(b, ']')
	if omitted := len(f.entries) - sent; omitted > 0 {
		b = append(b, `,"omitted":`...)
		b = strconv.AppendInt(b, int64(omitted), 10)
	}
	b = append(b, `,"revision":`...)
	b = strconv.AppendUint(b, f.revision, 10)
	return append(b, '}')
}
