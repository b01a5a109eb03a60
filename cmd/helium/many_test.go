package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
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

func TestTheDoctorFindsInstancesThatListenAndDontAnswer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	checks, _ := checksOf(t, "-s", url)
	checkCheck(t, checks, "instances", statusOK, "1 instance of 1 service", "")
	nc, err := b.Connect("frozen") // as a stopped process, it keeps its subscriptions
	check(t, err)
	defer nc.Close()
	_, err = nc.SubscribeSync("helium.at.diary.frozen")
	check(t, err)
	reg, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = reg.Register(t.Context(), binder.Record{
		Service: "diary", Instance: "frozen", Methods: []binder.Method{{Name: "one", Signature: "one(x any)"}}, Abilities: uint64(wire.Heartbeats),
	})
	check(t, err)
	checks, _ = checksOf(t, "-s", url)
	checkCheck(t, checks, "instances", statusWarning, "no answer from diary/frozen", "restart them")
}

func TestADirectoryInUseEndsAsAPortInUseDoes(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	first := startProcess(t, "broker", "--listen", "127.0.0.1:0", "--dir", dir)
	eventually(t, "it is there", func() bool { return strings.Contains(first.out.String(), "Broker Online") }, first)
	r := heliumRun(t, "broker", "--listen", "127.0.0.1:0", "--dir", dir)
	if r.exit != cli.ExitInternal || !strings.Contains(r.err, "by another running broker") {
		t.Errorf("got exit %d and %s, want %d and that the directory is in use", r.exit, r.err, cli.ExitInternal)
	}
}
