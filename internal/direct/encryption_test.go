package direct

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
)

func TestNeitherEndTakesTLSBefore13(t *testing.T) {
	s := listen(t, "memory:")
	c := newCaller(t)
	older := c.identity.config()
	older.MinVersion, older.MaxVersion, older.InsecureSkipVerify = tls.VersionTLS12, tls.VersionTLS12, true

	ours, theirs := pipe()
	s.take(theirs, true)
	if err := tls.Client(ours, older).Handshake(); err == nil {
		t.Error("a server takes TLS 1.2, want 1.3 alone")
	}
	counts(t, "connection that didn't open", s.Stats.Failed.Load, 1)

	ours, theirs = pipe()
	go func() { _ = tls.Server(theirs, older).Handshake() }()
	ticket := c.ticket(s, "math")
	ticket.Server = c.identity.Fingerprint // it has the right key
	if _, err := c.open(t.Context(), ours, true, ticket); stageOf(err) != StageTLS {
		t.Errorf("a client of a server with TLS 1.2: %v, at stage %s; want it refused at stage %s", err, stageOf(err), StageTLS)
	}
}

func TestBothEndsAgreeOnTLSWhateverStandsBetweenThem(t *testing.T) {
	for name, test := range map[string]struct {
		address   func(where Address) string
		beyond    bool // what the server sees of the connection: it comes from another host
		encrypted bool
	}{
		"on the same host":                    {address: Address.String},
		"a name that leads to the loopback":   {address: named, encrypted: true},
		"a forwarder to another host":         {address: Address.String, beyond: true, encrypted: true},
		"a name of another host":              {address: named, beyond: true, encrypted: true},
		"plain on the same host":              {address: plainly},
		"plain where the server wants TLS":    {address: plainly, beyond: true, encrypted: true},
		"a plain name that leads to the host": {address: func(where Address) string { return plainPrefix + named(where) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := listenAs(t, "127.0.0.1:0", func(c *ListenConfig) {
				c.onHost = func(net.Addr) bool { return !test.beyond }
			})
			c := newCaller(t)
			ticket := c.ticket(s, "math")
			l := c.dial(t, test.address(s.Addresses()[0]), ticket)
			if l.encrypted() != test.encrypted {
				t.Errorf("the connection is encrypted: %v, want %v", l.encrypted(), test.encrypted)
			}
			l.say(t, 1, "hello")
			if n := s.Stats.Opened.Load(); n != 1 {
				t.Errorf("%d connections were opened, want 1", n)
			}
		})
	}
}

func TestWhatLeadsBeyondTheHostWhateverItsNameIsEncryptedUnlessItIsToBePlainAndMayBe(t *testing.T) {
	for address, want := range map[string]struct{ plainBus, encryptedBus bool }{
		"127.0.0.1:4000":       {true, true},
		"localhost:4000":       {true, true},
		"plain:localhost:4000": {false, false}, // refused where the bus is encrypted
	} {
		a, err := ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		c := newCaller(t)
		if got, err := c.beyond(a, a.Encrypted()); got != want.plainBus || err != nil {
			t.Errorf("%s: encrypted: %v, %v; want %v", address, got, err, want.plainBus)
		}
		c.secure = func() bool { return true }
		got, err := c.beyond(a, a.Encrypted())
		if got != want.encryptedBus || errors.Is(err, errPlain) != a.Plain {
			t.Errorf("%s, from a client whose bus is encrypted: encrypted: %v, %v; want %v, and refused: %v", address, got, err, want.encryptedBus, a.Plain)
		}
	}
}

// named returns an address by a name that leads to the loopback, which who dials doesn't know of it.
func named(where Address) string { return "LOCALHOST:" + where.port() }

func plainly(where Address) string { return plainPrefix + where.Where }
