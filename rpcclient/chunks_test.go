package rpcclient_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// overLinks runs a test whose server is called by the bus, and with one that is called by a direct link.
func overLinks(t *testing.T, test func(t *testing.T, listen string)) {
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": "127.0.0.1:0"} {
		t.Run(name, func(t *testing.T) { test(t, listen) })
	}
}

// linkedTo waits for the direct links of a client to a service's instances, where they listen.
func linkedTo(t *testing.T, c *rpcclient.Client, service, listen string, servers int) {
	t.Helper()
	if listen == "" {
		return
	}
	eventually(t, func() error {
		_ = c.Call(t.Context(), service+".absent", nil) // which has the client look where the service is
		if got := c.Stats().DirectLinks; got != servers {
			return fmt.Errorf("%d direct links, want %d: %+v", got, servers, c.DirectLinks())
		}
		return nil
	})
}

// noRoomTaken waits until nothing of large values is kept.
func noRoomTaken(t testing.TB) {
	t.Helper()
	eventually(t, func() error {
		if got := chunks.Taken(); got != 0 {
			return fmt.Errorf("%d bytes of values are kept, want none", got)
		}
		return nil
	})
}

// randomBytes returns bytes that are like no others.
func randomBytes(size int) []byte {
	value := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(value)
	return value
}

func TestValuesLargerThanAMessageArriveWhole(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		srv := heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "echo", echo{})
		c := env.NewClient(long)
		linkedTo(t, c, "echo", listen, 1)
		for i, at := range []*rpcclient.Client{c, c.At(srv.Instance()), rpcclient.Keyed(c, "k")} {
			for _, size := range []int{1<<20 - 2000, 1<<20 - 64, 1 << 20, 1<<20 + 1, 3<<20 + 7, 32 << 20} {
				if i > 0 && size > 4<<20 {
					continue
				}
				value := randomBytes(size)
				got, err := rpcclient.Call[[]byte](helium.WithMetadata(t.Context(), helium.Metadata{"k": "v"}), at, "echo.echo", value)
				if err != nil || !bytes.Equal(got, value) {
					t.Errorf("%d bytes came back as %d, equal %v, %v", size, len(got), bytes.Equal(got, value), err)
				}
			}
		}
		noRoomTaken(t)
	})
}

func TestManyLargeValuesGoAtOnceBesideSmallCalls(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "echo", echo{})
		c := env.NewClient(long)
		linkedTo(t, c, "echo", listen, 1)
		var calls sync.WaitGroup
		for i := range 40 {
			calls.Go(func() {
				size := 5000 + i
				if i%2 == 0 {
					size = 1<<20 + i*1000
				}
				value := randomBytes(size)
				got, err := rpcclient.Call[[]byte](context.Background(), c, "echo.echo", value)
				if err != nil || !bytes.Equal(got, value) {
					t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
				}
			})
		}
		calls.Wait()
		noRoomTaken(t)
	})
}
