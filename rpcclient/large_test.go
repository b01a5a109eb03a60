package rpcclient_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// echo is a service that returns what it gets, after spoiling what it got.
type echo struct{}

func (echo) Echo(data []byte) []byte {
	result := bytes.Clone(data)
	clear(data)
	return result
}

// Length returns how many bytes it gets.
func (echo) Length(data []byte) int { return len(data) }

func TestLargeValuesArriveWholeAlsoWhenACallIsMadeAgain(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	var refused sync.Map // by the size of the arguments: the first call of each
	heliumtest.ServeWith(env, rpcserver.Config{Logger: quiet, Interceptors: []rpcserver.Interceptor{
		func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				if _, before := refused.LoadOrStore(call.Args.Len(), true); !before {
					return helium.Errorf(helium.CodeUnavailable, "not yet")
				}
				return next(ctx, call)
			}
		},
	}}, "echo", echo{})
	fill := rand.NewChaCha8([32]byte{})
	for _, size := range []int{0, 1, 3 << 10, 5 << 10, 20 << 10, 40 << 10, 300 << 10, 900 << 10} {
		values := make(chan []byte, 32)
		for range cap(values) {
			value := make([]byte, size)
			_, _ = fill.Read(value)
			values <- value
		}
		errs := collect(cap(values), func() error {
			value := <-values
			got, err := rpcclient.Call[[]byte](helium.WithMetadata(context.Background(), helium.Metadata{"k": "v"}), env.Client, "echo.echo", value)
			if err == nil && !bytes.Equal(got, value) {
				t.Errorf("%d bytes came back as %d others", len(value), len(got))
			}
			return err
		})
		for _, err := range errs {
			if err != nil {
				t.Errorf("with %d bytes: %v", size, err)
			}
		}
	}
	if retries := env.Client.Stats().Retries; retries == 0 {
		t.Error("no call was made again, want some of each size")
	}
}
