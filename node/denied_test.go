package node_test

import (
	"context"
	"testing"

	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestWhatNATSDeniesANodeCallerFailsAtOnce(t *testing.T) {
	for file, permissions := range map[string]string{
		"test/denied.mjs": `publish: ["helium.binder.>", "helium.call.math.add", "helium.call.math.mul", "narrow.binder.>", "narrow.call.>", "narrow.at.fake.mute.>", "named.binder.>", "named.call.>"]`,
		"test/deaf.mjs":   `publish: ["helium.>"], subscribe: ["nothing.else"]`,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			url := accounts(t, "", ", permissions: {"+permissions+"}")
			math := rpcserver.New(connectTo(t, url, "root"), rpcserver.Config{Logger: quiet})
			if err := rpcserver.Register[mathsvc.Service](math, "math", mathsvc.New()); err != nil {
				t.Fatal(err)
			}
			if err := math.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = math.Shutdown(context.Background()) })
			if out, err := node(t, []string{"HELIUM_URL=" + url}, "--test", "--test-reporter=tap", file).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
