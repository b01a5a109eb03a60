package binder

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
)

// barrierOf returns a read barrier whose store is a function, and a count of how often
// the watch was found wanting.
func barrierOf(t *testing.T, ask func(context.Context) (store.State, error)) (*readBarrier, *atomic.Int32) {
	var behind atomic.Int32
	return newReadBarrier(t.Context(), ask, newCatalog(), func() { behind.Add(1) }, new(sync.WaitGroup)), &behind
}

func TestARequestNeverSharesAQuestionAskedBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		r, _ := barrierOf(t, func(context.Context) (store.State, error) {
			asked.Add(1)
			time.Sleep(time.Second) // the store takes its time
			return store.State{Empty: true}, nil
		})
		var first, later sync.WaitGroup
		first.Go(func() { _ = r.catchUp(t.Context()) })
		synctest.Wait() // the first question is under way
		for range 100 {
			later.Go(func() { _ = r.catchUp(t.Context()) })
		}
		first.Wait()
		synctest.Wait()
		if got := asked.Load(); got != 2 {
			t.Errorf("questions after the first answer: got %d, want 2", got)
		}
		later.Wait()
		r.states.running.Wait()
		if got := asked.Load(); got != 2 {
			t.Errorf("questions for 101 requests: got %d, want 2, the later ones share one", got)
		}
	})
}

func TestACatalogThatDoesntFollowIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, behind := barrierOf(t, func(context.Context) (store.State, error) { return store.State{Last: 7}, nil })
		began := time.Now()
		if err := r.catchUp(t.Context()); !errors.Is(err, helium.ErrStoreUnavailable) {
			t.Errorf("got %v, want %v", err, helium.ErrStoreUnavailable)
		}
		if took := time.Since(began); took > store.Budget {
			t.Errorf("it took %v, want at most %v", took, store.Budget)
		}
		if behind.Load() == 0 {
			t.Error("nobody was told that the watch is behind")
		}
		// One that follows, if late, is.
		go func() {
			time.Sleep(2 * catchUpTimeout)
			r.catalog.advance(7)
		}()
		if err := r.catchUp(t.Context()); err != nil {
			t.Errorf("with a new watch: got %v, want no error", err)
		}
		r.states.running.Wait()
	})
}
