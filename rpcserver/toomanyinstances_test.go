package rpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAServerForWhichTheRegistryHasNoPlaceLeftDoesNotStartAndSaysWhatToDo(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{MaxInstances: 1})
	start := func(service string) (*rpcserver.Server, error) {
		srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
		err := srv.Handle(rpcserver.Service{Name: service, Methods: []rpcserver.Method{{
			Name: "do", Signature: "do()", Handler: func(context.Context, *rpcserver.Call) error { return nil },
		}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
		return srv, srv.Start(testContext(t))
	}
	first, err := start("math")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := start("math"); !errors.Is(err, helium.ErrTooManyInstances) || !strings.Contains(err.Error(), "binder.Config.MaxInstances") {
		t.Errorf("a second instance where one has a place: %v, want %v, and what to do", err, helium.ErrTooManyInstances)
	}
	if _, err := start("stats"); err != nil {
		t.Errorf("an instance of another service: %v", err)
	}
	if err := first.Shutdown(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := start("math"); err != nil {
		t.Errorf("once the first instance has ended: %v", err)
	}
}
