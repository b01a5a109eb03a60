package rpcserver

import (
	"testing"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/direct"
)

func TestAServerKnowsThatWhatItAdvertisesByItselfLeadsNowhere(t *testing.T) {
	for _, c := range []struct {
		broker, listen, advertise string
		want                      bool
	}{
		{"127.0.0.1:0", ":0", "", true},
		{"127.0.0.1:0", "unix:/tmp,0.0.0.0:0", "", true},
		{"127.0.0.1:0", "plain:[::]:0", "", true},
		{"127.0.0.1:0", ":0", "example.org:0", false},
		{"127.0.0.1:0", "127.0.0.1:0", "", false},
		{"127.0.0.1:0", "unix:/tmp", "", false},
		{"", ":0", "", false}, // within this program
	} {
		b, err := broker.Start(t.Context(), broker.Config{Listen: c.broker})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		nc, err := b.Connect("server")
		if c.broker != "" {
			nc, err = bus.Connect(t.Context(), bus.Config{URL: b.URL()})
		}
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		d := directLinks{nc: nc}
		if d.listen, err = direct.ParseAddresses(c.listen); err != nil {
			t.Fatal(err)
		}
		if d.told, err = direct.ParseAddresses(c.advertise); err != nil {
			t.Fatal(err)
		}
		if got := d.leadsNowhere(); got != c.want {
			t.Errorf("a server on %q that advertises %q, of a broker on %q: %v, want %v", c.listen, c.advertise, c.broker, got, c.want)
		}
	}
}
