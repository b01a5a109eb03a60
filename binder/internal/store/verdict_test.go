package store

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestWhatPassesIsNotTakenForGood(t *testing.T) {
	t.Parallel()
	api := func(status int, code jetstream.ErrorCode, description string) error {
		return fmt.Errorf("wrapped: %w", &jetstream.APIError{Code: status, ErrorCode: code, Description: description})
	}
	for _, test := range []struct {
		err  error
		want verdict
	}{
		{nats.ErrTimeout, passing},
		{nats.ErrNoResponders, passing},
		{jetstream.ErrNoStreamResponse, passing},
		{api(503, 10008, "JetStream system temporarily unavailable"), passing},
		{api(503, 10004, "incomplete results"), passing},
		{api(500, 10118, "stream is offline"), passing},
		{api(503, 10077, "store is closed"), passing},
		{api(503, 10077, "maximum bytes exceeded"), final},
		{api(400, 10124, "stream move already in progress"), passing},
		{api(400, 10202, "cluster member change is in progress"), passing},
		{api(429, 10167, "too many requests"), passing},
		{api(503, 10163, "expected last sequence per subject temporarily unavailable"), passing},
		{api(400, 10005, "no suitable peers for placement"), doubted},
		{api(500, 10074, "replicas > 1 not supported in non-clustered mode"), final},
		{api(500, 10047, "insufficient storage resources available"), final},
		{api(400, 10002, "resource limits exceeded for account"), final},
		{api(400, 10120, "no JetStream default or applicable tiered limit present"), final},
		{api(503, 10039, "JetStream not enabled for account"), final},
	} {
		if got := verdictOn(test.err); got != test.want {
			t.Errorf("%v: got verdict %d, want %d", test.err, got, test.want)
		}
	}
}
