package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// newUser returns an nkey's seed and public key.
func newUser(t *testing.T) (seed, public string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return string(raw), public
}

// writeCreds writes a .creds file that is in order; only operators would trust it.
func writeCreds(t *testing.T) string {
	t.Helper()
	issuer, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	seed, public := newUser(t)
	token, err := jwt.NewUserClaims(public).Encode(issuer)
	if err != nil {
		t.Fatal(err)
	}
	content, err := jwt.FormatUserConfig(token, []byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, string(content))
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "user.creds")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEachKindOfCredentialsConnects(t *testing.T) {
	t.Parallel()
	seed, public := newUser(t)
	b := startBroker(t, broker.Config{Token: "secret", Users: []broker.User{{Name: "alice", Password: "pw"}, {NKey: public}}})
	open := startBroker(t, broker.Config{}) // takes any .creds
	for name, config := range map[string]bus.Config{
		"token":        {URL: b.URL(), Token: "secret"},
		"user":         {URL: b.URL(), User: "alice", Password: "pw"},
		"nkey":         {URL: b.URL(), NKeySeed: seed},
		"user in URL":  {URL: strings.Replace(b.URL(), "//", "//alice:pw@", 1)},
		"token in URL": {URL: strings.Replace(b.URL(), "//", "//secret@", 1)},
		"creds":        {URL: open.URL(), Credentials: writeCreds(t)},
	} {
		t.Run(name, func(t *testing.T) { connect(t, config) })
	}
}

func TestRefusedCredentialsSaySoAndWhose(t *testing.T) {
	t.Parallel()
	seed, _ := newUser(t)
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "alice", Password: "pw"}}})
	for name, c := range map[string]struct {
		config bus.Config
		want   string
	}{
		"password": {bus.Config{User: "alice", Password: "hush"}, `refused user "alice"`},
		"user":     {bus.Config{User: "bob", Password: "hush"}, `refused user "bob"`},
		"token":    {bus.Config{Token: "hush"}, "refused the credentials"},
		"nkey":     {bus.Config{NKeySeed: seed}, "refused the credentials"},
		"none":     {bus.Config{}, "the Config has none"},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.URL = b.URL()
			err := answeredNo(t, c.config, c.want, b.URL())
			if !errors.Is(err, nats.ErrAuthorization) {
				t.Errorf("got %v, want nats.ErrAuthorization in it", err)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), seed) {
				t.Errorf("got %q, want no secret in it", err)
			}
		})
	}
}

func TestWrongCredentialsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	seed, public := newUser(t)
	operator, err := nkeys.CreateOperator()
	if err != nil {
		t.Fatal(err)
	}
	operatorSeed, err := operator.Seed()
	if err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "nobody.creds")
	creds, err := os.ReadFile(writeCreds(t))
	if err != nil {
		t.Fatal(err)
	}
	noSeed, _, _ := strings.Cut(string(creds), "-----BEGIN USER NKEY SEED")
	other := "A" // one wrong letter is what a seed's checksum finds for certain
	if seed[20] == 'A' {
		other = "B"
	}
	for name, c := range map[string]struct {
		config bus.Config
		wants  []string
	}{
		"token and user":     {bus.Config{Token: "a", User: "b"}, []string{"User and Password, Token", "keep one"}},
		"creds and nkey":     {bus.Config{Credentials: "a", NKeySeed: "b"}, []string{"Credentials, NKeySeed", "keep one"}},
		"token and URL":      {bus.Config{URL: "nats://a:b@127.0.0.1", Token: "b"}, []string{"Token, credentials inside the URL"}},
		"password alone":     {bus.Config{Password: "b"}, []string{"no User"}},
		"no creds file":      {bus.Config{Credentials: missing}, []string{"can't read", missing, "Config.Credentials"}},
		"no JWT in it":       {bus.Config{Credentials: writeFile(t, "hello")}, []string{"user.creds", "no user JWT"}},
		"no seed in it":      {bus.Config{Credentials: writeFile(t, noSeed)}, []string{"user.creds", "no nkey seed"}},
		"public key as seed": {bus.Config{NKeySeed: public}, []string{"NKeySeed", "SU"}},
		"path as seed":       {bus.Config{NKeySeed: missing}, []string{"NKeySeed", "not the path"}},
		"operator's seed":    {bus.Config{NKeySeed: string(operatorSeed)}, []string{"NKeySeed", "user's nkey"}},
		"mistyped seed":      {bus.Config{NKeySeed: seed[:20] + other + seed[21:]}, []string{"NKeySeed"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.config.URL == "" {
				c.config.URL = "nats://127.0.0.1:1" // would be another error
			}
			err := refused(t, t.Context(), c.config, c.wants...)
			if s := c.config.NKeySeed; len(s) > 20 && s != missing && strings.Contains(err.Error(), s) {
				t.Errorf("got %q, want no seed in it", err)
			}
		})
	}
}

func TestAUsersAnswersArriveUnderAPrefixOfItsOwn(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	for _, c := range []struct {
		config bus.Config
		want   string
	}{
		{bus.Config{}, "_INBOX."},
		{bus.Config{User: "alice"}, "_INBOX.alice."},
		{bus.Config{User: "al-ice_2"}, "_INBOX.al-ice_2."},
		{bus.Config{User: "al.ice"}, "_INBOX."},
		{bus.Config{User: "al*"}, "_INBOX."},
		{bus.Config{User: "al ice"}, "_INBOX."},
		{bus.Config{User: strings.Repeat("a", 65)}, "_INBOX."},
		{bus.Config{Token: "secret"}, "_INBOX."},
		{bus.Config{URL: strings.Replace(b.URL(), "//", "//bob:pw@", 1)}, "_INBOX.bob."},
		{bus.Config{URL: strings.Replace(b.URL(), "//", "//token@", 1)}, "_INBOX."},
		{bus.Config{User: "alice", InboxPrefix: "_INBOX.team"}, "_INBOX.team."},
	} {
		if c.config.URL == "" {
			c.config.URL = b.URL()
		}
		if got := connect(t, c.config).NewInbox(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: got inbox %s, want %s…", c.config, got, c.want)
		}
	}
	for _, prefix := range []string{"inbox", "_INBOX.", "_INBOX.>", "_INBOX a", "_INBOX..a"} {
		refused(t, t.Context(), bus.Config{URL: b.URL(), InboxPrefix: prefix}, "_INBOX", "inbox prefix")
	}
}

func TestARequestIsAnsweredUnderTheUsersPrefix(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{
		{Name: "server", Password: "pw"},
		{Name: "shop", Password: "pw", Subscribe: broker.Subjects{Allow: []string{"_INBOX.shop.>"}}},
	}})
	server := connect(t, bus.Config{URL: b.URL(), User: "server", Password: "pw"})
	if _, err := server.Subscribe("echo", func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := server.Flush(); err != nil {
		t.Fatal(err)
	}
	answer, err := connect(t, bus.Config{URL: b.URL(), User: "shop", Password: "pw"}).Request("echo", []byte("hi"), patience)
	if err != nil || string(answer.Data) != "hi" {
		t.Errorf("got %v, %v; want hi", answer, err)
	}
}
