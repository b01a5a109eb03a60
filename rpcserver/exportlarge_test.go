package rpcserver_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestLargeValuesAreTooLargeAsArgumentsWhereTheirInstanceCanNotAskForMoreOfThem(t *testing.T) {
	const throughImport, oneAnswer = "another account's import", "answer each message by one only"
	for name, test := range map[string]struct {
		conf, binder string
		config       rpcserver.Config
		says         string
	}{
		"an export":                             {exported("", ""), "s", rpcserver.Config{}, throughImport},
		"an export of a stream":                 {exported(", response_type: stream", ""), "s", rpcserver.Config{}, throughImport},
		"an export of a stream, and told so":    {exported(", response_type: stream", ""), "s", rpcserver.Config{StreamExport: true}, throughImport},
		"permission for one answer to each":     {inAccount("true"), "b", rpcserver.Config{}, oneAnswer},
		"an export, and for one answer to each": {exported(", response_type: stream", `, permissions: {publish: ["helium.>", "$JS.>", "$KV.>", "_INBOX.>"], allow_responses: true}`), "s", rpcserver.Config{}, throughImport},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAccounts(t, test.conf)
			w.startBinder(test.binder)
			test.config.Logger = quiet()
			srv, p := w.serve("s", test.config)
			c, err := rpcclient.New(w.connect("c", "client"), rpcclient.Config{Logger: quiet(), Timeout: patience})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			told := func(who string, err error, says ...string) {
				if !errors.Is(err, helium.ErrTooLarge) || helium.OutcomeOf(err) != helium.NotExecuted {
					t.Errorf("large arguments of %s: %v (%v), want ErrTooLarge, not executed", who, err, helium.OutcomeOf(err))
				} else if !slices.ContainsFunc(says, func(s string) bool { return strings.Contains(err.Error(), s) }) {
					t.Errorf("large arguments of %s: %v, want that it says one of %q", who, err, says)
				}
			}
			for range 2 { // by the registry a client may know before
				told("a client", c.Call(context.Background(), "probe.echo", nil, strings.Repeat("x", 3<<20)), test.says, "no instance that the call can go to takes more in chunks")
			}
			peer := w.peer("c")
			peer.send("helium.at.probe."+srv.Instance()+".echo", ownToken, announce(1, wire.ExtentOf(echoOf("x"))))
			_, frames := peer.next()
			last := frames[len(frames)-1]
			e, err := wire.ReadError(last.Body)
			if last.Kind != wire.KindError || err != nil {
				t.Fatalf("a caller that knows nothing of it got kind %d, %v; want an error", last.Kind, err)
			}
			told("a caller that knows nothing of it", e, test.says)
			if n := p.calls.Load(); n != 0 {
				t.Errorf("%d calls ran, want none", n)
			}
			if got, err := rpcclient.Call[string](context.Background(), c, "probe.echo", "small"); err != nil || got != "small" {
				t.Errorf("small ones: %q, %v; want them to come back", got, err)
			}
		})
	}
}
