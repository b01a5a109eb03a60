package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// gallery is the service "gallery", whose streams have large items.
type gallery struct{}

// picture returns the nth picture, of so many bytes.
func picture(n, size int) []byte {
	p := bytes.Repeat([]byte{byte(n), byte(n >> 8), 3, 5, 7, 11, 13}, size/7+1)[:size]
	if size > 1000 {
		copy(p[size/2:], fmt.Sprint("the middle of ", n, " of ", size))
	}
	return p
}

// Show gives a picture of each size.
func (gallery) Show(sizes []int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i, size := range sizes {
			if !yield(picture(i, size), nil) {
				return
			}
		}
	}
}

// Hang returns the checksums of pictures.
func (gallery) Hang(pictures iter.Seq2[[]byte, error]) (sums []uint32, err error) {
	for p, err := range pictures {
		if err != nil {
			return sums, err
		}
		sums = append(sums, crc32.ChecksumIEEE(p))
	}
	return sums, nil
}

// Frame gives the pictures that it is sent.
func (gallery) Frame(ctx context.Context, pictures iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for p, err := range pictures {
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// pictures are those of Show.
func pictures(sizes []int) iter.Seq2[[]byte, error] { return gallery{}.Show(sizes) }

// endlessly gives pictures of so many bytes, for ever.
func endlessly(size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for p := picture(1, size); yield(p, nil); {
		}
	}
}

// A worker has what the gallery has.

func (w *worker) Frame(ctx context.Context, pictures iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return gallery{}.Frame(ctx, pictures)
}

// sizesOfAllKinds are around each bound: of what is large, of what goes in parts by the bus, of a window, of a
// message, of the largest window, and of what a process keeps of one value at first.
var sizesOfAllKinds = []int{0, 1, 1 << 20, 100, 16<<10 - 3, 16 << 10, 24<<10 - 5, 24 << 10, 24<<10 + 1, 32 << 10, 48 << 10, 49 << 10, 64 << 10, 5, 256<<10 - 5,
	256<<10 + 1, 300_000, 1<<20 - 300, 1<<20 - 65, 1<<20 + 1, 4 << 20, 7, 4<<20 + 1, 9_999_999, 24 << 20}

func TestItemsOfAnySizeArriveWholeAndInOrder(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "gallery", gallery{})
		c := n.client(rpcclient.Config{})
		n.link(t, c, "gallery", 1)
		var want []uint32
		for i, size := range sizesOfAllKinds {
			want = append(want, crc32.ChecksumIEEE(picture(i, size)))
		}
		check := func(what string, items iter.Seq2[[]byte, error]) {
			t.Helper()
			count := 0
			for p, err := range items {
				if err != nil {
					t.Fatalf("%s: item %d: %v", what, count, err)
				}
				if got := crc32.ChecksumIEEE(p); count >= len(want) || len(p) != sizesOfAllKinds[count] || got != want[count] {
					t.Fatalf("%s: item %d has %d bytes and the checksum %08x, want those of %v", what, count, len(p), got, sizesOfAllKinds)
				}
				count++
			}
			if count != len(want) {
				t.Errorf("%s: %d items came, want %d", what, count, len(want))
			}
		}
		check("from the server", rpcclient.Stream[[]byte](testContext(t), c, "gallery.show", sizesOfAllKinds))
		check("both ways", rpcclient.Stream[[]byte](testContext(t), c, "gallery.frame", pictures(sizesOfAllKinds)))
		sums, err := rpcclient.Call[[]uint32](testContext(t), c, "gallery.hang", pictures(sizesOfAllKinds))
		if err != nil || fmt.Sprint(sums) != fmt.Sprint(want) {
			t.Errorf("to the server: %v, %v; want %v", sums, err, want)
		}
	})
}

func TestAnItemBeyondMaxValueIsRefusedOnEitherSideBehindThoseBeforeIt(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		const small = 2 << 20
		sizes := []int{100, small - 10, 3 << 20, 100}
		for name, of := range map[string]struct {
			server, client int // MaxValue
			up             bool
			want           error
			says           string
			items          int
		}{
			"from the server, which sends less":       {small, 0, false, helium.ErrResultTooLarge, "at most 2097152 are sent, see rpcserver.Config.MaxValue", 2},
			"from the server, to one that takes less": {0, small, false, helium.ErrResultTooLarge, "this side takes at most 2097152, see rpcclient.Config.MaxValue", 2},
			"to the server, which takes less":         {small, 0, true, helium.ErrTooLarge, "this side takes at most 2097152, see rpcserver.Config.MaxValue", 0},
			"to the server, by one that sends less":   {0, small, true, helium.ErrTooLarge, "at most 2097152 are sent, see rpcclient.Config.MaxValue", 0},
		} {
			t.Run(name, func(t *testing.T) {
				n := newNetworkOver(t, n.over)
				srv := serve(t, n.dial(), n.config(rpcserver.Config{MaxValue: of.server}), "gallery", gallery{})
				c := n.client(rpcclient.Config{MaxValue: of.client})
				n.link(t, c, "gallery", 1)
				items := 0
				var err error
				if of.up {
					err = c.Call(testContext(t), "gallery.hang", nil, pictures(sizes))
				} else {
					for _, e := range rpcclient.Stream[[]byte](testContext(t), c, "gallery.show", sizes) {
						if err = e; e == nil {
							items++
						}
					}
				}
				if !errors.Is(err, of.want) || !strings.Contains(err.Error(), of.says) || items != of.items || helium.CodeOf(err) != helium.CodeResourceExhausted || helium.OutcomeOf(err) == helium.NotExecuted {
					t.Errorf("%d items came, and then %v; want %d, and an error of a handler that has run, which says %q", items, err, of.items, of.says)
				}
				eventually(t, "no stream runs", func() error {
					if n := srv.Stats().Streams; n != 0 {
						return fmt.Errorf("%d run", n)
					}
					return nil
				})
			})
		}
	})
}

// The tests below look at memory that all of the process share, so they run one after the other.

func TestWhoLeavesAStreamInTheMiddleOfAnItemFreesAllAndSoDoesACancel(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		n.launchWorker()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		asking := n.client(rpcclient.Config{BusOnly: true})
		for i := range 3 {
			for range rpcclient.Stream[[]byte](testContext(t), c, "work.frame", endlessly(4<<20)) {
				break // the next one is under way, both ways
			}
			ctx, cancel := context.WithCancel(testContext(t))
			over := make(chan error, 1)
			go func() {
				var err error
				for _, e := range rpcclient.Stream[[]byte](ctx, c, "work.frame", endlessly(8<<20)) {
					err = e
				}
				over <- err
			}()
			if i > 0 {
				eventually(t, "an item under way", func() error {
					if chunks.Taken() == 0 {
						return errors.New("nothing is kept")
					}
					return nil
				})
			}
			cancel()
			if err := receive(t, "the end of a canceled stream", over); !errors.Is(err, context.Canceled) {
				t.Errorf("a canceled stream ended with %v, want context.Canceled", err)
			}
		}
		keptNowhere(t, asking)
	})
}

func TestAServerThatIsKilledInTheMiddleOfAnItemEndsTheStreamAndFreesAll(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		killed := n.launchWorker()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		over := make(chan error, 1)
		go func() {
			var err error
			for _, e := range rpcclient.Stream[[]byte](context.Background(), c, "work.frame", endlessly(8<<20)) {
				err = e
			}
			over <- err
		}()
		eventually(t, "an item under way", func() error {
			if chunks.Taken() == 0 {
				return errors.New("nothing is kept")
			}
			return nil
		})
		killed.kill()
		wantLost(t, "the stream", receive(t, "the end of the stream", over), helium.ErrSilent, helium.ErrDisconnected)
		eventually(t, "no memory kept for items", func() error {
			if got := chunks.Taken(); got != 0 {
				return fmt.Errorf("%d bytes", got)
			}
			return nil
		})
	})
}

func TestACallerThatIsKilledInTheMiddleOfAnItemFreesAllAtItsServer(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "work", newWorker("w"))
		caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: long, Linked: n.over.listen != "", Items: 8 << 20}})
		eventually(t, "an item under way", func() error {
			if chunks.Taken() == 0 {
				return errors.New("nothing is kept")
			}
			return nil
		})
		caller.kill()
		eventually(t, "no stream, and no memory kept for items", func() error {
			if got, running := chunks.Taken(), srv.Stats().Streams; got != 0 || running != 0 {
				return fmt.Errorf("%d bytes, %d streams", got, running)
			}
			return nil
		})
	})
}

func TestLargeItemsOfManyStreamsStayWithinTheRoomOfTheProcess(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "gallery", gallery{})
		c := n.client(rpcclient.Config{})
		n.link(t, c, "gallery", 1)
		const streams, size, each = 12, 4 << 20, 2 // more than the room that there is
		const others = chunks.MaxTogether - 5*size
		room := chunks.TakeRoom(others)
		defer room.Leave()
		stop := make(chan struct{})
		most := make(chan int64, 1)
		go func() {
			var seen int64
			for {
				select {
				case <-stop:
					most <- seen
					return
				case <-time.After(time.Millisecond):
					seen = max(seen, chunks.Taken())
				}
			}
		}()
		var all sync.WaitGroup
		for range streams {
			all.Go(func() {
				count := 0
				for p, err := range rpcclient.Stream[[]byte](testContext(t), c, "gallery.show", slices.Repeat([]int{size}, each)) {
					if err != nil || len(p) != size {
						t.Errorf("item %d has %d bytes, %v; want %d", count, len(p), err, size)
						return
					}
					count++
				}
				if count != each {
					t.Errorf("%d items came, want %d", count, each)
				}
			})
		}
		all.Wait()
		close(stop)
		if got := <-most; got > chunks.MaxTogether || got < others+2*size {
			t.Errorf("%d bytes of items were kept at once, want at most %d, and several items", got, chunks.MaxTogether)
		}
		if got := chunks.Taken(); got != others {
			t.Errorf("%d bytes are kept in the end, want the %d of others", got, others)
		}
	})
}
