package e2e_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise8ANATSServerWithoutHeadersIsRefusedWhereThingsBegin(t *testing.T) {
	t.Parallel()
	options := configured(t, "")
	options.NoHeaderSupport = true
	g := startGuarded(t, options, func() {})
	for what, begin := range map[string]func(context.Context, *nats.Conn) error{
		"rpcclient.New": func(_ context.Context, nc *nats.Conn) error {
			_, err := rpcclient.New(nc, rpcclient.Config{Logger: quiet})
			return err
		},
		"Server.Start": func(ctx context.Context, nc *nats.Conn) error {
			srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
			if err := rpcserver.Register[*worker](srv, "work", newWorker("w")); err != nil {
				return err
			}
			return srv.Start(ctx)
		},
		"binder.Start": func(ctx context.Context, nc *nats.Conn) error {
			_, err := binder.Start(ctx, nc, binder.Config{Logger: quiet})
			return err
		},
	} {
		nc, err := bus.Connect(testContext(t), bus.Config{URL: g.url, Wait: true, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		if err := begin(testContext(t), nc); err == nil || !strings.Contains(err.Error(), "no_header_support") {
			t.Errorf("%s: got %v, want an error that says what to change", what, err)
		}
	}
}
