package stream_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestAnItemThatIsUrgedAndOfWhichHardlyAnythingComesEndsItsStreamButMayWaitForRoom(t *testing.T) {
	for name, of := range map[string]struct {
		come  func(in *stream.Receiver)
		want  *helium.Error
		least time.Duration
	}{
		"nothing": {func(*stream.Receiver) {}, helium.ErrStreamGap, chunks.Stall},
		"a byte now and then": {func(in *stream.Receiver) {
			for at := range 150 {
				in.ArrivePart(part(1<<20, at, 1))
				time.Sleep(100 * time.Millisecond)
			}
		}, helium.ErrStreamGap, chunks.Stall},
		"all, and there is no room": {func(in *stream.Receiver) { in.ArrivePart(part(300<<10, 0, 300<<10)) }, helium.ErrOverloaded, time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			leave := takeAll(t)
			defer leave()
			in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
			in.Open()
			in.Urge()
			began := time.Now()
			var coming sync.WaitGroup
			defer coming.Wait()
			coming.Go(func() { of.come(in) })
			_, err := in.Next()
			if took := time.Since(began); !errors.Is(err, of.want) || took < of.least || took > of.least+chunks.Stall {
				t.Errorf("%s: it ended with %v after %v, want %v after %v", name, err, took, of.want, of.least)
			}
			in.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
		in.Open()
		in.Urge()
		for at := range uint64(2) { // the second one isn't urged
			go func() {
				time.Sleep(time.Duration(at) * time.Hour)
				in.Arrive(wire.Items{Before: at, Count: 1, Data: encode("x")})
			}()
			if chunk, err := in.Next(); chunk.Count != 1 || err != nil {
				t.Errorf("got %d items, %v; want number %d", chunk.Count, err, at+1)
			}
		}
		in.Close()
	})
}
