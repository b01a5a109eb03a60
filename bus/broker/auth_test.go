package broker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// certificates are the two ends of TLS: server has a certificate for loopback, which
// client trusts.
type certificates struct{ server, client *tls.Config }

func certificate(t *testing.T) certificates {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "helium test"},
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	return certificates{
		server: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: trusted, ClientCAs: trusted},
		client: &tls.Config{RootCAs: trusted},
	}
}

// forbidden reports whether an attempt on nc is refused by its permissions. The
// server says so before it answers the flush.
func forbidden(t *testing.T, nc *nats.Conn, attempt func() error) bool {
	t.Helper()
	if err := attempt(); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return errors.Is(nc.LastError(), nats.ErrPermissionViolation)
}

func TestOnlyUsersAndTokensGetInFromOutside(t *testing.T) {
	t.Parallel()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := pair.Seed()
	public, _ := pair.PublicKey()
	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	strangerSeed, _ := stranger.Seed()
	b := start(t, broker.Config{
		Listen: "127.0.0.1:0", Token: "secret",
		Users: []broker.User{{Name: "alice", Password: "pw"}, {NKey: public}},
	})
	for _, c := range []struct {
		name   string
		config bus.Config
		in     bool
	}{
		{"user", bus.Config{User: "alice", Password: "pw"}, true},
		{"token", bus.Config{Token: "secret"}, true},
		{"nkey", bus.Config{NKeySeed: string(seed)}, true},
		{"nobody", bus.Config{}, false},
		{"wrong password", bus.Config{User: "alice", Password: "pW"}, false},
		{"no password", bus.Config{User: "alice"}, false},
		{"wrong user", bus.Config{User: "bob", Password: "pw"}, false},
		{"nkey as user", bus.Config{User: public}, false},
		{"wrong token", bus.Config{Token: "Secret"}, false},
		{"wrong nkey", bus.Config{NKeySeed: string(strangerSeed)}, false},
	} {
		c.config.URL, c.config.Logger = b.URL(), quiet
		nc, err := attempt(t.Context(), c.config)
		if err == nil {
			nc.Close()
		}
		if (err == nil) != c.in || err != nil && !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: got %v, want to get in: %v", c.name, err, c.in)
		}
	}
}

func TestTheProcessItselfNeedsNoCredentials(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{
		Listen: "127.0.0.1:0", Token: "secret",
		Users: []broker.User{{Name: "shop", Password: "pw", Publish: broker.Subjects{Allow: []string{"orders"}}}},
	})
	nc := inProcess(t, b)
	if forbidden(t, nc, func() error { return nc.Publish("anything", nil) }) {
		t.Error("got a violation, want to be allowed everything")
	}
	shop, err := b.ConnectWith(t.Context(), bus.Config{User: "shop", Password: "pw", Wait: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if !forbidden(t, shop, func() error { return shop.Publish("anything", nil) }) {
		t.Error("as a user within the process: got no violation, want its permissions kept")
	}
	for name, config := range map[string]bus.Config{
		"password":     {User: "shop", Password: "wrong"},
		"token":        {Token: "wrong"},
		"a long token": {Token: strings.Repeat("wrong", 600)},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		began := time.Now()
		config.Logger, config.Wait = quiet, true
		nc, err := b.ConnectWith(ctx, config)
		if err == nil {
			nc.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("wrong %s within the process: got %v, want nats.ErrAuthorization", name, err)
		}
		if took := time.Since(began); took > patience/3 {
			t.Errorf("wrong %s within the process: took %v, want no wait", name, took)
		}
	}
}

func TestAUserMayDoWhatItsListsSay(t *testing.T) {
	t.Parallel()
	none := []string{}
	b := start(t, broker.Config{Users: []broker.User{
		{Name: "all", Password: "pw"},
		{Name: "lists", Password: "pw",
			Publish:   broker.Subjects{Allow: []string{"a.*", "b.>"}, Deny: []string{"a.secret"}},
			Subscribe: broker.Subjects{Allow: []string{"c"}}},
		{Name: "denied", Password: "pw", Publish: broker.Subjects{Deny: []string{"a.>"}}},
		{Name: "mute", Password: "pw", Publish: broker.Subjects{Allow: none}},
		{Name: "deaf", Password: "pw", Subscribe: broker.Subjects{Allow: none}},
	}})
	for _, c := range []struct {
		user, verb, subject string
		may                 bool
	}{
		{"all", "publish", "x", true},
		{"all", "subscribe", ">", true},
		{"lists", "publish", "a.x", true},
		{"lists", "publish", "a.x.y", false},
		{"lists", "publish", "b.x.y", true},
		{"lists", "publish", "a.secret", false},
		{"lists", "subscribe", "c", true},
		{"lists", "subscribe", "d", false},
		{"denied", "publish", "b", true},
		{"denied", "publish", "a.x", false},
		{"denied", "subscribe", "a.x", true},
		{"mute", "publish", "x", false},
		{"mute", "subscribe", "x", true},
		{"deaf", "subscribe", "x", false},
		{"deaf", "publish", "x", true},
	} {
		t.Run(strings.Join([]string{c.user, c.verb, c.subject}, " "), func(t *testing.T) {
			t.Parallel()
			nc, err := b.ConnectWith(t.Context(), bus.Config{User: c.user, Password: "pw", Wait: true, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			got := forbidden(t, nc, func() error {
				if c.verb == "publish" {
					return nc.Publish(c.subject, nil)
				}
				_, err := nc.SubscribeSync(c.subject)
				return err
			})
			if got == c.may {
				t.Errorf("got forbidden: %v, want allowed: %v", got, c.may)
			}
		})
	}
}

func TestResponsesLetAUserAnswerAndNothingElse(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{Users: []broker.User{{Name: "math", Password: "pw", Responses: 2}}})
	math, err := b.ConnectWith(t.Context(), bus.Config{User: "math", Password: "pw", Wait: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	if _, err := math.Subscribe("add", func(m *nats.Msg) {
		defer close(answered)
		for range 3 {
			m.Respond([]byte("sum"))
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := math.Flush(); err != nil {
		t.Fatal(err)
	}
	caller := inProcess(t, b)
	answers, err := caller.SubscribeSync("_INBOX.answers")
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.PublishRequest("add", "_INBOX.answers", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := answers.NextMsg(patience); err != nil {
			t.Fatalf("answer %d: got %v, want it to arrive", i+1, err)
		}
	}
	<-answered
	for _, nc := range []*nats.Conn{math, caller} { // all that is on its way is there then
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if more, _, err := answers.Pending(); err != nil || more != 0 {
		t.Errorf("got %d more answers, %v; want none", more, err)
	}
	if !forbidden(t, math, func() error { return math.Publish("other", nil) }) {
		t.Error("got no violation for another subject, want one")
	}
}

func TestTLSIsForWhoTrustsTheCertificate(t *testing.T) {
	t.Parallel()
	certs := certificate(t)
	b := start(t, broker.Config{Listen: "127.0.0.1:0", TLS: certs.server, Token: "secret"})
	if !strings.HasPrefix(b.URL(), "tls://127.0.0.1:") {
		t.Errorf("got URL %s, want tls://127.0.0.1:…", b.URL())
	}
	nc := dial(t, bus.Config{URL: b.URL(), Token: "secret", TLS: certs.client})
	if _, err := nc.TLSConnectionState(); err != nil {
		t.Errorf("got %v, want a connection over TLS", err)
	}
	nc, err := attempt(t.Context(), bus.Config{URL: b.URL(), Token: "secret", Logger: quiet, Wait: true})
	if err == nil {
		nc.Close()
	}
	if !errors.Is(err, nats.ErrTLS) || !strings.Contains(err.Error(), "RootCAs") {
		t.Errorf("without its certificate: got %v, want nats.ErrTLS, and a word on RootCAs", err)
	}
	plain := start(t, broker.Config{Listen: "127.0.0.1:0"})
	nc, err = attempt(t.Context(), bus.Config{URL: plain.URL(), Logger: quiet, TLS: certs.client})
	if err == nil {
		nc.Close()
	}
	if !errors.Is(err, nats.ErrSecureConnWanted) {
		t.Errorf("with TLS at a server without: got %v, want nats.ErrSecureConnWanted", err)
	}
	echo(t, inProcess(t, b), "echo")
}
