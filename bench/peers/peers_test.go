package peers_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
)

// startBus starts a broker with a binder. Its URL is for peers of "other" processes.
func startBus(t *testing.T) *broker.Broker {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	slog.SetDefault(quiet)
	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	nc, err := b.Connect("binder")
	if err != nil {
		t.Fatal(err)
	}
	registry, err := binder.Start(t.Context(), nc, binder.Config{Memory: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return b
}

func TestEveryPeerAnswersEveryPayloadRightly(t *testing.T) {
	b := startBus(t)
	for _, peer := range peers.All() {
		t.Run(peer.Name()+"/loopback", func(t *testing.T) {
			server := serve(t, peer, peers.Loopback("", b.URL()))
			callAll(t, peer, peers.Loopback(server.Address(), b.URL()))
		})
		t.Run(peer.Name()+"/one process", func(t *testing.T) {
			atServer, atClient := peers.OneProcess(b)
			serve(t, peer, atServer)
			callAll(t, peer, atClient)
		})
	}
}

func serve(t *testing.T, peer peers.Peer, at peers.Place) peers.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	server, err := peer.Serve(ctx, at)
	if err != nil {
		t.Fatalf("Serve: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
	})
	return server
}

// callAll makes calls of each payload, some at once, each of which checks its answer.
func callAll(t *testing.T, peer peers.Peer, at peers.Place) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client, err := peer.Dial(ctx, at)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("closing the client: %v", err)
		}
	})
	payloads := peers.Payloads()
	if peers.HasStreams(peer.Name()) {
		payloads = append(payloads, peers.Streams()...)
	}
	for _, payload := range payloads {
		call, err := client.Caller(payload)
		if err != nil {
			t.Fatalf("Caller(%q): %v", payload, err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 3 {
					if err := call(); err != nil {
						t.Errorf("a call with payload %q: %v", payload, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	in, out := at.Traffic.Bytes()
	if least := uint64(12 * (256 + 16 + 1) << 10); peers.CountsTraffic(peer.Name()) && (in < least || out < least) {
		t.Errorf("counted %d bytes in, %d out; want at least the echoes, %d each way", in, out, least)
	}
}

func TestAPeerThatIsNotThereIsNamedWithThoseThatAre(t *testing.T) {
	_, err := peers.ByName("corba")
	if err == nil {
		t.Fatal("got no error")
	}
	if _, err := peers.ByName("grpc"); err != nil {
		t.Errorf("ByName(grpc): %v", err)
	}
}

func TestPeersInTablesOfTheirOwnAnswerRightly(t *testing.T) {
	b := startBus(t)
	for _, name := range slices.Concat(peers.Encrypted(), peers.Clients(), peers.Uneven()) {
		t.Run(name, func(t *testing.T) {
			peer, err := peers.ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			server := serve(t, peer, peers.Loopback("", b.URL()))
			callAll(t, peer, peers.Loopback(server.Address(), b.URL()))
		})
	}
}
