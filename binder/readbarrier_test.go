package binder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/bus/broker"
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

func TestARecordThatIsWrittenOverBeforeTheWatchHearsOfItIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Revision 15 is the record's; 17 replaces it when the store has said that 16 is the last.
		lasts := []uint64{16, 17}
		var r *readBarrier
		r, _ = barrierOf(t, func(context.Context) (st store.State, err error) {
			st.Last, lasts = lasts[0], lasts[1:]
			go func() {
				if st.Last == 17 {
					r.catalog.put(newInstance(&Record{Service: "math", Instance: "i1"}, nil, 17))
				}
				r.catalog.advance(st.Last)
			}()
			return st, nil
		})
		r.catalog.advance(14)
		if err := r.catchUp(t.Context()); err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		if r.catalog.get("math", "i1") == nil {
			t.Error("the catalog hasn't the record that was in the store all the while")
		}
		r.states.running.Wait()
	})
}

func TestACatalogThatMissesWritesAllTheWhileIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *readBarrier
		last := uint64(1)
		r, _ = barrierOf(t, func(context.Context) (store.State, error) {
			time.Sleep(time.Millisecond)
			last += 2
			r.catalog.advance(last)
			return store.State{Last: last}, nil
		})
		began := time.Now()
		if err := r.catchUp(t.Context()); !errors.Is(err, helium.ErrStoreUnavailable) {
			t.Errorf("got %v, want %v", err, helium.ErrStoreUnavailable)
		}
		if took, most := time.Since(began), store.Budget+time.Second; took > most {
			t.Errorf("it took %v, want at most %v", took, most)
		}
		r.states.running.Wait()
	})
}

func TestWhatIsWrittenOverAgainAndAgainIsFoundAllTheWhile(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	for range 3 {
		startBinder(t, connect(t, b), Config{Memory: true})
	}
	ctx := testContext(t)
	var all sync.WaitGroup
	for g := range 4 {
		writers, reader := []*Client{newClient(t, connect(t, b)), newClient(t, connect(t, b))}, newClient(t, connect(t, b))
		all.Go(func() {
			for i := range 50 {
				service := fmt.Sprintf("s%d-%d", g, i)
				register(t, writers[0], record(service, "i1", "add"))
				var writing sync.WaitGroup
				for _, w := range writers {
					writing.Go(func() {
						for range 3 {
							if _, err := w.Register(ctx, record(service, "i1", "add")); err != nil {
								t.Errorf("Register(%s): %v", service, err)
							}
						}
					})
				}
				for range 6 {
					if _, err := reader.Lookup(ctx, service); err != nil {
						t.Errorf("Lookup(%s), which has been registered: %v", service, err)
					}
				}
				writing.Wait()
			}
		})
	}
	all.Wait()
}
