package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
)

// worker is the service "work". It keeps books on what ran.
type worker struct {
	name    string
	began   chan int64     // told of each Hold that begins
	release chan struct{}  // once closed, Hold returns
	books   *ledger.Writer // outlast its process; nil: there are none

	mu  sync.Mutex
	ran map[int64]int // guarded by mu; how often each ID ran
}

func newWorker(name string) *worker {
	return &worker{name: name, began: make(chan int64, 10_000), release: make(chan struct{}), ran: make(map[int64]int)}
}

// Who returns the worker's name.
func (w *worker) Who() string { return w.name }

// Run enters the ID in the books and returns it.
func (w *worker) Run(id int64) int64 {
	w.enter(id)
	return id
}

// Carry enters the ID and returns what it got.
func (w *worker) Carry(id int64, data []byte) []byte {
	w.enter(id)
	return data
}

// CarryBeside returns what it is sent, the pictures behind the rest.
func (w *worker) CarryBeside(id int64, data []byte, pictures iter.Seq2[[]byte, error]) ([]byte, error) {
	w.enter(id)
	for p, err := range pictures {
		if err != nil {
			return nil, err
		}
		data = append(data, p...)
	}
	return data, nil
}

// Kept returns how many bytes of large values its process keeps.
func (w *worker) Kept() int64 { return chunks.Taken() }

// Hold enters the ID, and lasts until its context ends or the worker is released.
func (w *worker) Hold(ctx context.Context, id int64) error {
	w.enter(id)
	w.began <- id
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.release:
		return nil
	}
}

// Nap enters the ID and sleeps for a moment.
func (w *worker) Nap(id int64) {
	w.enter(id)
	time.Sleep(20 * time.Millisecond)
}

// Compute enters the ID and keeps a processor busy with so many steps.
func (w *worker) Compute(id, steps int64) (result uint64) {
	w.enter(id)
	for range steps {
		result = result*6364136223846793005 + 1442695040888963407
	}
	return result
}

func (w *worker) enter(id int64) {
	if w.books != nil {
		if err := w.books.Now(ledger.Entry{Kind: ledger.Began, ID: id, Instance: w.name}); err != nil {
			panic(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran[id]++
}

// times returns how often an ID ran.
func (w *worker) times(id int64) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ran[id]
}

// Count returns how often an ID ran.
func (w *worker) Count(id int64) int { return w.times(id) }

// hasRun reports whether anything ran.
func (w *worker) hasRun() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ran) > 0
}

// callWithin calls work.run with a time limit.
func callWithin(limit time.Duration, c *rpcclient.Client, id int64) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	got, err := rpcclient.Call[int64](ctx, c, "work.run", id)
	if err == nil && got != id {
		return fmt.Errorf("work.run(%d) = %d", id, got)
	}
	return err
}

// faulty is a worker with methods that fail.
type faulty struct{ *worker }

var errStock = helium.NewError(helium.CodeFailedPrecondition, "faulty.stock", "nothing left")

// Fail returns a declared error.
func (f *faulty) Fail(id int64) error {
	f.enter(id)
	return errStock
}

// FailPlainly returns an error that nobody classified.
func (f *faulty) FailPlainly(id int64) error {
	f.enter(id)
	return errors.New("something is wrong")
}

// Unavailable returns an error that looks as if the call hadn't run.
func (f *faulty) Unavailable(id int64) error {
	f.enter(id)
	return helium.Errorf(helium.CodeUnavailable, "the database is away").WithOutcome(helium.NotExecuted)
}

const panicSecret = "secret-4711"

// Panic panics.
func (f *faulty) Panic(id int64) {
	f.enter(id)
	panicHere()
}

func panicHere() { panic(panicSecret) }

// Unsendable returns what can't be encoded.
func (f *faulty) Unsendable(id int64) any {
	f.enter(id)
	return make(chan int)
}

// Bytes returns so many bytes.
func (f *faulty) Bytes(id int64, size int) []byte {
	f.enter(id)
	return make([]byte, size)
}

// Outlive takes no notice of its context: it runs until the worker is released.
func (f *faulty) Outlive(id int64) {
	f.enter(id)
	<-f.release
}

// Small takes a small number.
func (f *faulty) Small(id int64, n int8) { f.enter(id) }

// Take takes anything.
func (f *faulty) Take(id int64, v any) { f.enter(id) }

// whoAnswers makes 40 calls and returns the instances that answered, or what went wrong.
func whoAnswers(c *rpcclient.Client, limit time.Duration) (names map[string]bool) {
	names = make(map[string]bool)
	for range 40 {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		name, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if err != nil {
			name = err.Error()
		}
		names[name] = true
	}
	return names
}

// onlyAnswers returns nil if one instance alone gets calls.
func onlyAnswers(c *rpcclient.Client, instance string) error {
	if got := whoAnswers(c, 2*time.Second); len(got) != 1 || !got[instance] {
		return fmt.Errorf("40 calls met %v, want %s alone", got, instance)
	}
	return nil
}
