package e2e_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// byName returns an address on this host by a name of which who dials it doesn't know that it leads
// there: for them it is beyond loopback.
func byName(t testing.TB, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "LOCALHOST:" + port
}

func TestDirectLinksBeyondLoopbackAreTLSWhereverTheyLead(t *testing.T) {
	t.Parallel()
	for name, advertise := range map[string]func(t *testing.T, at string) string{
		"a name": func(t *testing.T, at string) string { return byName(t, at) },
		"a name of a forwarder": func(t *testing.T, at string) string {
			p, err := proxy.Start(at)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			return byName(t, p.Address())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			at := loopback.UnusedAddress(t)
			launch(t, part{URL: n.broker.URL(), Server: &serverPart{Listen: at, Advertise: advertise(t, at)}})
			c := n.client(rpcclient.Config{})
			linked(t, c, 1)
			if got := byLink(t, c, 200); got != 200 {
				t.Errorf("%d of 200 calls went by the direct link, want all", got)
			}
			if l := c.DirectLinks(); len(l) != 1 || !l[0].Encrypted || !strings.HasPrefix(l[0].Address, "LOCALHOST:") {
				t.Errorf("the client says %+v, want an encrypted link to LOCALHOST", l)
			}
		})
	}
}

func TestAClientWhoseBusIsEncryptedTakesNoPlainLinkBeyondItsHost(t *testing.T) {
	t.Parallel()
	certificate, trust := certificateOfLoopback(t)
	pair, err := tls.X509KeyPair(certificate, certificate)
	if err != nil {
		t.Fatal(err)
	}
	b := startBroker(t, broker.Config{Listen: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{pair}}, Websocket: new(broker.Websocket)})
	startBinder(t, dial(t, b.WebsocketURL()), longLease)
	at := loopback.UnusedAddress(t)
	launch(t, part{URL: b.WebsocketURL(), Server: &serverPart{Listen: "plain:" + at, Advertise: "plain:" + byName(t, at)}})

	open := newClient(t, dial(t, b.WebsocketURL()), rpcclient.Config{})
	linked(t, open, 1)
	if l := open.DirectLinks(); l[0].Encrypted {
		t.Errorf("a client without TLS says %+v, want a plain link", l)
	}

	nc, err := bus.Connect(testContext(t), bus.Config{URL: b.URL(), TLS: &tls.Config{RootCAs: trust}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	c := newClient(t, nc, rpcclient.Config{})
	eventually(t, "why there is no link", func() error {
		if err := callWithin(patience, c, 1); err != nil {
			t.Fatal(err)
		}
		if l := c.DirectLinks(); len(l) != 1 || l[0].Reason == nil {
			return errors.New("nothing is said")
		}
		return nil
	})
	if l := c.DirectLinks()[0]; l.Stage != rpcclient.LinkReachable || !strings.Contains(fmt.Sprint(l.Reason), "isn't encrypted") {
		t.Errorf("the client says %+v, want that the address isn't encrypted and its connection to NATS is", l)
	}
	if s := c.Stats(); s.DirectFrames != 0 {
		t.Errorf("%d calls left by a direct link, want none", s.DirectFrames)
	}
}

func TestACallerInAnotherAccountGetsInThroughAnExportOfTheInstancesSubjects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exports string
		linked  bool
	}{
		"all subjects":         {exports: "helium.>", linked: true},
		"the calls' ones only": {exports: "helium.call.>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startGuarded(t, configured(t, `accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: server, password: "…"}], exports: [{service: "`+test.exports+`"}, {service: "helium.binder.>"}] }
  IMPORTS: {
    users: [{user: caller, password: "…"}]
    imports: [{service: {account: EXPORTS, subject: "`+test.exports+`"}}`+map[bool]string{false: `, {service: {account: EXPORTS, subject: "helium.binder.>"}}`}[test.linked]+`]
  }
}`), func() {}).url
			startBinder(t, dialAs(t, url, "server"), longLease)
			serve(t, dialAs(t, url, "server"), rpcserver.Config{Listen: listening}, "work", newWorker("there"))
			c := newClient(t, dialAs(t, url, "caller"), rpcclient.Config{})
			if test.linked {
				linked(t, c, 1)
				if got := byLink(t, c, 100); got != 100 {
					t.Errorf("%d of 100 calls went by the direct link, want all", got)
				}
				return
			}
			eventually(t, "why there is no link", func() error {
				if err := callWithin(patience, c, 1); err != nil {
					t.Fatal(err)
				}
				if l := c.DirectLinks(); len(l) != 1 || l[0].Reason == nil {
					return errors.New("nothing is said")
				}
				return nil
			})
			if l := c.DirectLinks()[0]; l.Stage != rpcclient.LinkTicket {
				t.Errorf("the client says %+v, want that it gets no ticket", l)
			}
			for i := range int64(100) {
				if err := callWithin(patience, c, i); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
			}
		})
	}
}
