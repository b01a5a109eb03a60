package examples_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAServerThatListensIsCalledStraight(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder().await("Binder Online")
	server := at.startServer("-listen", "127.0.0.1:0")
	server.await(online)

	logger := slog.New(slog.DiscardHandler)
	nc, err := bus.Connect(t.Context(), bus.Config{URL: at.url(), Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	math := mathsvc.NewClient(c)
	for deadline := time.Now().Add(patience); c.Stats().DirectFrames == 0; time.Sleep(5 * time.Millisecond) {
		if _, err := math.Add(t.Context(), 2, 3); err != nil || time.Now().After(deadline) {
			t.Fatalf("got the error %v and the links %+v, want calls that go straight", err, c.DirectLinks())
		}
	}
	for _, flags := range [][]string{{"1 + 2"}, {"-bus-only", "1 + 2"}} {
		client := start(t, "client", append([]string{"-url", at.url(), "-wait", patience.String()}, flags...)...)
		client.awaitExit(0)
		client.wrote("1 + 2 = 3\n")
	}
}

func TestAnAddressThatIsNoneIsExplained(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder().await("Binder Online")
	server := at.startServer("-listen", "nowhere")
	server.awaitExit(1)
	server.complained("Config.Listen", `"nowhere" is no address: write host:port`)
}
