package main

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestOfManyInstancesItIsSaidHowManyWereLookedAt(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{Listen: "127.0.0.1:0"}, "diary", newDiary())
	nc := registered(t, b, "other0")
	reg, err := binder.NewClient(nc, "")
	check(t, err)
	for i := range 38 {
		_, err := reg.Register(t.Context(), binder.Record{
			Service: "diary", Instance: fmt.Sprintf("other%d", i+1), Methods: []binder.Method{{Name: "one", Signature: "one(x any)"}},
		})
		check(t, err)
	}
	checks, _ := checksOf(t, "-s", url)
	checkCheck(t, checks, "instances", statusWarning, "40 instances of 1 service; 32 of 40 were looked at", "")
}
