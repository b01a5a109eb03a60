package store

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Watch hears all that a bucket holds, then each change of it.
type Watch struct {
	// State is the bucket's when the watch began.
	State State
	// Updates are what it holds, nil, and then the changes.
	Updates <-chan jetstream.KeyValueEntry

	stop func()
}

// Stop ends the watch. It waits for nothing.
func (w *Watch) Stop() { w.stop() }

// closeTime is how long after a watch has ended its channel is read at most. It is closed at once,
// unless the NATS server refused the watch's subscription just when it was made: then it never is.
const closeTime = 5 * time.Second

// readToTheEnd reads until the channel of a watch is closed: its callback blocks on a full one, and its
// end waits for the callback.
func readToTheEnd(updates <-chan jetstream.KeyValueEntry, stopped <-chan struct{}) {
	var late <-chan time.Time
	for {
		select {
		case _, open := <-updates:
			if !open {
				return
			}
		case <-stopped:
			stopped, late = nil, time.After(closeTime)
		case <-late:
			return
		}
	}
}

// watchAll watches a bucket from the start. asking ends where NATS refuses what that takes.
func watchAll(ctx, asking context.Context, kv jetstream.KeyValue, running *sync.WaitGroup) (*Watch, error) {
	// The context of a watch must live as long as it, so a timer bounds its creation.
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(Attempt, cancel)
	ended := context.AfterFunc(asking, cancel)
	watcher, err := kv.WatchAll(ctx)
	ended()
	late := !timer.Stop()
	if err != nil {
		cancel()
		return nil, err
	}
	w := &Watch{Updates: watcher.Updates(), stop: func() {
		stopped := make(chan struct{})
		running.Go(func() { readToTheEnd(watcher.Updates(), stopped) })
		// This tells JetStream, and waits for an answer that a dead leader doesn't give.
		running.Go(func() {
			_ = watcher.Stop()
			cancel()
			close(stopped)
		})
	}}
	if late {
		w.stop()
		return nil, context.DeadlineExceeded
	}
	return w, nil
}
