package process_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/process"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	process.Main() // the children of these tests are this program too
	os.Exit(leak.Run(m))
}

func start(t *testing.T, setup process.Setup) *process.Child {
	t.Helper()
	child, err := process.Start(setup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	return child
}

func ask(t *testing.T, child *process.Child, command process.Command) process.Reply {
	t.Helper()
	reply, err := child.Ask(command)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestBrokerServerAndClientMeetAsThreeProcesses(t *testing.T) {
	bus := start(t, process.Setup{Role: process.Broker})
	server := start(t, process.Setup{Role: process.Server, Peer: "helium", Broker: bus.Address})
	client := start(t, process.Setup{Role: process.Client, Peer: "helium", Broker: bus.Address})
	before := ask(t, client, process.Command{Do: process.Use})
	reply := ask(t, client, process.Command{Do: process.Closed, Payload: peers.Add, InFlight: 4, Duration: 50 * time.Millisecond})
	after := ask(t, client, process.Command{Do: process.Use})
	if s := reply.Sample; s == nil || s.Calls == 0 || s.Failed != 0 {
		t.Fatalf("got %+v; want calls, and none failed", s)
	}
	used := after.Usage.Since(*before.Usage)
	if used.CPU <= 0 || used.BytesOut == 0 || used.BytesIn == 0 || used.Frames < uint64(reply.Sample.Calls) {
		t.Errorf("%d calls used %+v; want CPU time, bytes and a frame for each", reply.Sample.Calls, used)
	}
	if _, err := server.Ask(process.Command{Do: process.Closed, Payload: peers.Add}); err == nil {
		t.Error("a server made calls; want an error")
	}
}

func TestAWholeSystemFitsOneProcess(t *testing.T) {
	for _, peer := range []string{"helium", "grpc"} {
		whole := start(t, process.Setup{Role: process.Whole, Peer: peer})
		reply := ask(t, whole, process.Command{Do: process.Open, Payload: peers.Order, Rate: 200, Duration: 100 * time.Millisecond})
		if s := reply.Sample; s == nil || s.Calls+s.Late != 20 || s.Failed != 0 {
			t.Errorf("%s: got %+v; want 20 calls, and none failed", peer, s)
		}
	}
}

func TestCallsFailOnceTheServerIsKilled(t *testing.T) {
	server := start(t, process.Setup{Role: process.Server, Peer: "net/rpc"})
	client := start(t, process.Setup{Role: process.Client, Peer: "net/rpc", Address: server.Address})
	fails := process.Command{Do: process.Fail, Payload: peers.Add, Count: 2}
	for _, f := range ask(t, client, fails).Failures {
		if f.Error != "" {
			t.Errorf("with a server, a call failed: %s", f.Error)
		}
	}
	server.Kill()
	failures := ask(t, client, fails).Failures
	if len(failures) != 2 || failures[0].Error == "" || failures[1].Error == "" {
		t.Errorf("got %+v; want two failures", failures)
	}
}

func TestACallThatHangsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		failures := process.Failures(func() error { <-release; return errors.New("late") }, 1)
		if len(failures) != 1 || failures[0].Took != process.MaxFail || failures[0].Error == "" {
			t.Errorf("got %+v; want one failure after %v", failures, process.MaxFail)
		}
	})
}

func TestAChildThatCannotStartSaysWhy(t *testing.T) {
	for setup, want := range map[process.Setup]string{
		{Role: process.Client, Peer: "corba"}:                                "corba",
		{Role: process.Server, Peer: "helium", Broker: "nats://127.0.0.1:1"}: "127.0.0.1:1",
		{Role: "spy", Peer: "grpc"}:                                          "spy",
	} {
		child, err := process.Start(setup)
		if err == nil {
			t.Errorf("%+v started; want an error", setup)
			_ = child.Close()
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %q doesn't speak of %q", setup, err, want)
		}
	}
}
