package faketime_test

import (
	"context"
	"iter"
	"testing"
	"time"

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
