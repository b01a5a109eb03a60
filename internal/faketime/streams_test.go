package faketime_test

import (
	"bytes"
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestASlowReaderOfAStreamHasAsMuchWaitForItAsEver(t *testing.T) {
	const size, window, items = 64 << 10, 256 << 10, 300
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": inMemory} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				s, srv := w.serve("server", rpcserver.Config{Listen: listen})
				c := w.client(rpcclient.Config{})
				if listen != "" {
					w.linked(c)
				}
				read := uint64(0)
				for _, err := range rpcclient.Stream[[]byte](context.Background(), c, "work.blobs", size, items) {
					if err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
					if waits := srv.Stats().ItemsSent - read; waits > window/size+1 {
						t.Fatalf("behind item %d there are %d bytes, want at most %d", read, waits*size, window)
					}
					read++
				}
				if read != items {
					t.Errorf("%d items came, want %d", read, items)
				}
				sent := 0
				sipped, err := rpcclient.Call[int](context.Background(), c, "work.sip", iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
					for sent < items && yield(make([]byte, size), nil) {
						sent++
						if waits := int(c.Stats().ItemsSent) - int(s.sipped.Load()); waits > window/size+2 {
							t.Errorf("before item %d there are %d bytes, want at most %d", sent, waits*size, window)
							return
						}
					}
				}))
				if sipped != items || err != nil {
					t.Errorf("%d items were taken, %v; want %d", sipped, err, items)
				}
			})
		})
	}
}

func TestCallersKeepToTheCreditOfSlowHandlersWhateverTheSizesOfTheirItems(t *testing.T) {
	const streams, items = 40, 20
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": inMemory} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				w.serve("server", rpcserver.Config{Listen: listen})
				c := w.client(rpcclient.Config{})
				if listen != "" {
					w.linked(c)
				}
				var all sync.WaitGroup
				for n := range streams {
					all.Go(func() {
						random := rand.New(rand.NewPCG(uint64(n), 1))
						sipped, err := rpcclient.Call[int](context.Background(), c, "work.sip", iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
							for range items {
								size := 1 + random.IntN(1<<(4+random.IntN(16)))
								if !yield(make([]byte, size), nil) {
									return
								}
							}
						}))
						if sipped != items || err != nil {
							t.Errorf("stream %d: %d items were taken, %v; want %d", n, sipped, err, items)
						}
					})
				}
				all.Wait()
			})
		})
	}
}

func TestHugeItemsThatComeBackToTheProcessThatSentThemAlwaysHaveRoom(t *testing.T) {
	const size, items, streams = 1 << 20, 3, 8
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": inMemory} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				others := chunks.TakeRoom(chunks.MaxTogether - 3*size) // so the items on their way there could fill what is left
				defer others.Leave()
				w.serve("server", rpcserver.Config{Listen: listen})
				c := w.client(rpcclient.Config{})
				if listen != "" {
					w.linked(c)
				}
				began := time.Now()
				var all sync.WaitGroup
				for n := range streams {
					all.Go(func() {
						blob := bytes.Repeat([]byte{byte(n + 1)}, size)
						sent := iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
							for i := 0; i < items && yield(blob, nil); i++ {
							}
						})
						came := 0
						for got, err := range rpcclient.Stream[[]byte](context.Background(), c, "work.echo", sent) {
							if err != nil || !bytes.Equal(got, blob) {
								t.Errorf("stream %d: item %d has %d bytes, %v; want what was sent", n, came, len(got), err)
								return
							}
							came++
						}
						if came != items {
							t.Errorf("stream %d: %d items came back, want %d", n, came, items)
						}
					})
				}
				all.Wait()
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it took %v, want that nothing waits for room that doesn't come", took)
				}
				time.Sleep(time.Second) // the servers' sides end, too
				if got := chunks.Taken(); got != chunks.MaxTogether-3*size {
					t.Errorf("%d bytes of room are taken in the end, want those of others alone, %d", got, chunks.MaxTogether-3*size)
				}
			})
		})
	}
}
