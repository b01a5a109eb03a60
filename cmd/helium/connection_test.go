package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// ran is what one run of the command, within the test's process, came to.
type ran struct {
	exit     int
	out, err string
}

// heliumRun runs the command.
func heliumRun(t *testing.T, args ...string) ran {
	t.Helper()
	return heliumRunWith(t, strings.NewReader(""), args...)
}

func heliumRunWith(t *testing.T, in io.Reader, args ...string) ran {
	t.Helper()
	var out, err lockedBuffer
	exit := run(t.Context(), args, in, &out, &err)
	return ran{exit, out.String(), err.String()}
}

// lockedBuffer is a buffer that a connection's logger may write to as well.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newBus starts a broker that listens, with a binder, and keeps the environment's
// settings away. It returns the broker's URL.
func newBus(t *testing.T, cfg broker.Config) (b *broker.Broker, url string) {
	t.Helper()
	b, url = newBusWithoutBinder(t, cfg)
	nc, err := b.Connect("binder")
	check(t, err)
	reg, err := binder.Start(t.Context(), nc, binder.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(reg.Close)
	return b, url
}

func newBusWithoutBinder(t *testing.T, cfg broker.Config) (b *broker.Broker, url string) {
	t.Helper()
	for _, name := range []string{"NATS_URL", "NATS_CONTEXT", "NATS_CREDS", "NATS_NKEY", "NATS_USER", "NATS_PASSWORD", "NATS_TOKEN", "NATS_CERT", "NATS_KEY", "NATS_CA"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	cfg.Listen = "127.0.0.1:0"
	cfg.Logger = slog.New(slog.DiscardHandler)
	b, err := broker.Start(t.Context(), cfg)
	check(t, err)
	t.Cleanup(b.Close)
	return b, b.URL()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkConnects runs "helium ls" and wants it to work, or to be refused with some words.
func checkConnects(t *testing.T, refusal string, args ...string) {
	t.Helper()
	r := heliumRun(t, append([]string{"ls"}, args...)...)
	switch {
	case refusal == "" && r.exit != cli.ExitOK:
		t.Errorf("helium ls %q: got exit %d, want 0; it says:\n%s", args, r.exit, r.err)
	case refusal != "" && (r.exit != cli.ExitNoBus && r.exit != cli.ExitUsage || !strings.Contains(r.err, refusal)):
		t.Errorf("helium ls %q: got exit %d, want it refused with %q; it says:\n%s", args, r.exit, refusal, r.err)
	}
}

func TestUsersConnectByFlagsAndByEnvironment(t *testing.T) {
	key, err := nkeys.CreateUser()
	check(t, err)
	public, err := key.PublicKey()
	check(t, err)
	seed, err := key.Seed()
	check(t, err)
	seedFile := writeFile(t, "user.nk", seed)
	_, url := newBus(t, broker.Config{Users: []broker.User{{Name: "ada", Password: "secret"}, {NKey: public}}})

	checkConnects(t, "wants credentials", "-s", url)
	checkConnects(t, "", "-s", url, "--user", "ada", "--password", "secret")
	checkConnects(t, `refused user "ada"`, "-s", url, "--user", "ada", "--password", "wrong")
	checkConnects(t, "", "-s", strings.Replace(url, "://", "://ada:secret@", 1))
	checkConnects(t, "", "-s", url, "--nkey", seedFile)
	checkConnects(t, "no such file", "-s", url, "--nkey", "nowhere.nk")
	checkConnects(t, "can't read the credentials file", "-s", url, "--creds", "nowhere.creds")
	checkConnects(t, "several kinds of credentials", "-s", url, "--user", "ada", "--password", "secret", "--nkey", seedFile)

	t.Setenv("NATS_URL", url)
	t.Setenv("NATS_USER", "ada")
	t.Setenv("NATS_PASSWORD", "secret")
	checkConnects(t, "")
	checkConnects(t, "refused user", "--password", "wrong")
	checkConnects(t, "can't reach", "-s", "nats://127.0.0.1:1")

	// Flags stand over the environment also with credentials of another kind.
	checkConnects(t, "", "--nkey", seedFile)
	t.Setenv("NATS_CREDS", "nowhere.creds")
	checkConnects(t, "several kinds of credentials")
	checkConnects(t, "", "--nkey", seedFile)
	checkConnects(t, "", "--user", "ada", "--password", "secret")
	t.Setenv("NATS_USER", "")
	checkConnects(t, "", "--user", "ada")
}

func TestARefusalNamesTheFlagsThatHelp(t *testing.T) {
	_, url := newBus(t, broker.Config{Token: "s3cret", TLS: &tls.Config{Certificates: []tls.Certificate{newAuthority(t).issue(t, "server")}}})
	for want, args := range map[string][]string{
		"--tlsca":        {"-s", url},
		"helium dev":     {"-s", "nats://127.0.0.1:1"},
		"positive":       {"-s", url, "--timeout", "0s"},
		"--tlscert":      {"-s", url},
		"helium ls --he": {"-s", url, "--nonsense"},
	} {
		if r := heliumRun(t, append([]string{"ls"}, args...)...); !strings.Contains(r.err, want) {
			t.Errorf("helium ls %q: got %q, want it to name %s", args, r.err, want)
		}
	}
}

func TestATokenLetsIn(t *testing.T) {
	_, url := newBus(t, broker.Config{Token: "s3cret"})
	checkConnects(t, "wants credentials", "-s", url)
	checkConnects(t, "next      helium doctor; or give --context, --creds, --nkey", "-s", url)
	checkConnects(t, "", "-s", url, "--token", "s3cret")
	checkConnects(t, "", "-s", url, "--user", "s3cret") // as the nats command has it
	checkConnects(t, "refused the credentials", "-s", url, "--token", "wrong")
	t.Setenv("NATS_TOKEN", "s3cret")
	checkConnects(t, "", "-s", url)
}

func TestContextsOfTheNatsCommandAreRead(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{{Name: "ada", Password: "secret"}}})
	writeContext(t, "good", `{"url": "`+url+`", "user": "ada", "password": "secret"}`)
	writeContext(t, "bad", `{"url": "`+url+`", "user": "ada", "password": "wrong"}`)
	writeContext(t, "far", `{"url": "nats://127.0.0.1:1", "user": "ada", "password": "secret"}`)

	checkConnects(t, "", "--context", "good")
	checkConnects(t, "refused user", "--context", "bad")
	checkConnects(t, "can't reach", "--context", "far")
	checkConnects(t, `the context "nobody"`, "--context", "nobody")

	// Flags stand over the context.
	checkConnects(t, "", "--context", "far", "-s", url)
	checkConnects(t, "", "--context", "bad", "--user", "ada", "--password", "secret")

	// The environment names a context too, and stands over it, but not over the flag.
	t.Setenv("NATS_CONTEXT", "good")
	checkConnects(t, "")
	checkConnects(t, "refused user", "--context", "bad")
	t.Setenv("NATS_URL", "nats://127.0.0.1:1")
	checkConnects(t, "can't reach")
	checkConnects(t, "", "--context", "good")
	t.Setenv("NATS_CONTEXT", "")
	t.Setenv("NATS_URL", "")

	// The selected context counts while no server is named.
	selected := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "nats", "context.txt")
	check(t, os.WriteFile(selected, []byte("good\n"), 0o600))
	checkConnects(t, "")
	checkConnects(t, "wants credentials", "-s", url)
	check(t, os.WriteFile(selected, []byte("gone\n"), 0o600))
	checkConnects(t, "the selected context of the nats command can't be used")
}

func TestAContextsNkeyAndCertificatesAreUsed(t *testing.T) {
	key, err := nkeys.CreateUser()
	check(t, err)
	public, err := key.PublicKey()
	check(t, err)
	seed, err := key.Seed()
	check(t, err)
	ca := newAuthority(t)
	_, url := newBus(t, broker.Config{
		Users: []broker.User{{NKey: public}},
		TLS:   &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}},
	})
	writeContext(t, "secure", fmt.Sprintf(`{"url": %q, "nkey": %q, "ca": %q}`, url, writeFile(t, "user.nk", seed), ca.file))
	checkConnects(t, "", "--context", "secure")
	writeContext(t, "open", fmt.Sprintf(`{"url": %q, "nkey": %q}`, url, writeFile(t, "user.nk", seed)))
	checkConnects(t, "TLS", "--context", "open")
}

func TestTLSConnectsByTheFlagsCertificates(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	_, url := newBus(t, broker.Config{TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "server")},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
	}})
	cert, key := ca.issueFiles(t, "client")

	checkConnects(t, "", "-s", url, "--tlsca", ca.file, "--tlscert", cert, "--tlskey", key)
	checkConnects(t, "TLS", "-s", url, "--tlsca", stranger.file, "--tlscert", cert, "--tlskey", key)
	checkConnects(t, "", "-s", strings.Replace(url, "nats:", "tls:", 1), "--tlsca", ca.file, "--tlscert", cert, "--tlskey", key)
	if r := heliumRun(t, "ls", "-s", url, "--tlsca", ca.file); r.exit != cli.ExitNoBus {
		t.Errorf("without a client's certificate: got exit %d, want %d; it says:\n%s", r.exit, cli.ExitNoBus, r.err)
	}
	checkConnects(t, "belong together", "-s", url, "--tlscert", cert)
	checkConnects(t, "no such file", "-s", url, "--tlsca", "nowhere.pem")
	checkConnects(t, "no certificate in PEM", "-s", url, "--tlsca", writeFile(t, "empty.pem", nil))
}

func TestABrokersFlagsSayWhoMayConnect(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issueFiles(t, "server")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	d := startProcess(t, "broker", "--listen", "127.0.0.1:0", "--user", "ada", "--password", "secret", "--tlscert", cert, "--tlskey", key)
	url := d.url(t)
	// It is let in, and finds no binder.
	checkConnects(t, "binder.unreachable", "-s", url, "--user", "ada", "--password", "secret", "--tlsca", ca.file)
	checkConnects(t, "wants credentials", "-s", url, "--tlsca", ca.file)
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(path, content, 0o600))
	return path
}

// writeContext writes a context as the nats command keeps it.
func writeContext(t *testing.T, name, content string) {
	t.Helper()
	dir := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "nats", "context")
	check(t, os.MkdirAll(dir, 0o700))
	check(t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(content), 0o600))
}

// authority issues certificates for loopback.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate in PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := certificateOf("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return &authority{cert, key, writeFile(t, "ca.pem", encoded("CERTIFICATE", der))}
}

func certificateOf(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
}

func encoded(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// issueFiles writes a certificate and its key.
func (ca *authority) issueFiles(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.CreateCertificate(rand.Reader, certificateOf(name), ca.cert, &private.PublicKey, ca.key)
	check(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	return writeFile(t, name+".pem", encoded("CERTIFICATE", der)), writeFile(t, name+".key", encoded("PRIVATE KEY", keyDER))
}

func (ca *authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(ca.issueFiles(t, name))
	check(t, err)
	return pair
}
