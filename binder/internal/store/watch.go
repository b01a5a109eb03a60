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
		// The watcher's callback blocks on a full channel, and its end waits for the
		// callback: somebody has to read until the channel is closed.
		running.Go(func() {
			for range watcher.Updates() {
			}
		})
		// This tells JetStream, and waits for an answer that a dead leader doesn't give.
		running.Go(func() {
			_ = watcher.Stop()
			cancel()
		})
	}}
	if late {
		w.stop()
		return nil, context.DeadlineExceeded
	}
	return w, nil
}
