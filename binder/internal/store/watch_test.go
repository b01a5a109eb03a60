package store

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// stuck is a watch whose channel isn't closed when it is stopped, as nats.go leaves it where the
// NATS server has refused its subscription meanwhile.
type stuck struct {
	jetstream.KeyValue
	updates chan jetstream.KeyValueEntry
}

func (s stuck) WatchAll(context.Context, ...jetstream.WatchOpt) (jetstream.KeyWatcher, error) {
	return s, nil
}
func (s stuck) Updates() <-chan jetstream.KeyValueEntry { return s.updates }
func (s stuck) Stop() error                             { return nil }

func TestAWatchWhoseChannelIsNeverClosedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		s := stuck{updates: make(chan jetstream.KeyValueEntry)}
		w, err := watchAll(t.Context(), t.Context(), s, &running)
		if err != nil {
			t.Fatal(err)
		}
		w.Stop()
		s.updates <- nil // what its callback still has is read
		began := time.Now()
		running.Wait()
		if took := time.Since(began); took > closeTime {
			t.Errorf("it ended %v after it was stopped, want %v at most", took, closeTime)
		}
	})
}
