package broker_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
)

func TestAPortInUseIsAnErrorThatNamesItAndLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	t.Setenv("TMPDIR", temp)
	for name, config := range map[string]broker.Config{
		"Listen":           {Listen: taken},
		"Cluster.Listen":   {Name: "a", Cluster: &broker.Cluster{Listen: taken}},
		"Websocket.Listen": {Websocket: &broker.Websocket{Listen: taken}},
	} {
		if err := refused(t, config, name, taken, "in use"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: got %v, want syscall.EADDRINUSE in it", name, err)
		}
	}
	if got := entries(t, temp); len(got) != 0 {
		t.Errorf("got %q left behind, want nothing", got)
	}
}

func TestTwoBrokersCannotUseOneDir(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := start(t, broker.Config{Dir: dir})
	refused(t, broker.Config{Dir: filepath.Join(dir, ".")}, dir, "another running broker")
	first.Close()
	start(t, broker.Config{Dir: dir})
}

func TestADirThatCannotBeWrittenIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := t.TempDir()
	if err := os.Mkdir(filepath.Join(blocked, "broker.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), blocked} {
		refused(t, broker.Config{Dir: dir}, dir, "choose one that this user may write")
	}
}

func TestWhatTheServerItselfRefusesIsAnErrorAndLetsTheDirGo(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	jetstream := filepath.Join(dir, "jetstream")
	if err := os.WriteFile(jetstream, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, broker.Config{Dir: dir, Listen: "127.0.0.1:0"}, "can't start", "JetStream")
	if err := os.Remove(jetstream); err != nil {
		t.Fatal(err)
	}
	start(t, broker.Config{Dir: dir})
}

func TestNonsenseIsRefusedWithAnExample(t *testing.T) {
	t.Parallel()
	cluster := func(c broker.Cluster) broker.Config { return broker.Config{Name: "a", Cluster: &c} }
	websocket := func(ws broker.Websocket) broker.Config { return broker.Config{Websocket: &ws} }
	for _, c := range []struct {
		config broker.Config
		wants  []string
	}{
		{broker.Config{Listen: "nonsense"}, []string{"Listen", "nonsense", "host:port"}},
		{broker.Config{Listen: "127.0.0.1:http!"}, []string{"Listen", "http!", "65535"}},
		{broker.Config{Listen: "127.0.0.1:65536"}, []string{"65536", "65535"}},
		{broker.Config{Listen: "127.0.0.1:-1"}, []string{"-1", "65535"}},
		{broker.Config{Listen: "::1:4222"}, []string{"Listen", "host:port"}},
		// A name that no name server has to be asked for.
		{broker.Config{Listen: "no..such.host:0"}, []string{"no..such.host", "no address known", "127.0.0.1"}},
		{broker.Config{Name: "two words"}, []string{"Name", "two words"}},
		{broker.Config{Name: strings.Repeat("a", 65)}, []string{"Name", "64"}},
		{broker.Config{MaxPayload: -1}, []string{"MaxPayload", "-1"}},
		{broker.Config{MaxPayload: 1 << 30}, []string{"MaxPayload"}},
		{broker.Config{MaxMemory: -1}, []string{"MaxMemory"}},
		{broker.Config{TLS: certificate(t).server}, []string{"TLS", "set Listen too"}},
		{broker.Config{Listen: "127.0.0.1:0", TLS: certificate(t).client}, []string{"no certificate", "LoadX509KeyPair"}},
		{broker.Config{Cluster: &broker.Cluster{}}, []string{"needs a Name"}},
		{cluster(broker.Cluster{Name: "two words"}), []string{"Cluster.Name"}},
		{cluster(broker.Cluster{Listen: "nonsense"}), []string{"Cluster.Listen", "host:port"}},
		{cluster(broker.Cluster{User: "u"}), []string{"User and Password"}},
		{cluster(broker.Cluster{Routes: []string{"nonsense"}}), []string{"Cluster.Routes", "nonsense", "nats://host:port"}},
		{cluster(broker.Cluster{Routes: []string{"nats://a:0"}}), []string{"Cluster.Routes"}},
		{cluster(broker.Cluster{TLS: certificate(t).client}), []string{"Cluster.TLS", "no certificate"}},
		{websocket(broker.Websocket{Listen: "nonsense"}), []string{"Websocket.Listen", "nonsense", "host:port"}},
		{websocket(broker.Websocket{TLS: certificate(t).client}), []string{"Websocket.TLS", "no certificate"}},
		{websocket(broker.Websocket{AllowedOrigins: []string{"example.com"}}), []string{"AllowedOrigins", "example.com", "https://"}},
		{websocket(broker.Websocket{AllowedOrigins: []string{"*"}}), []string{"AllowedOrigins", "*"}},
		{websocket(broker.Websocket{AllowedOrigins: []string{"https://*"}}), []string{"AllowedOrigins", "https://*"}},
		{websocket(broker.Websocket{AllowedOrigins: []string{"https://a.example/path"}}), []string{"AllowedOrigins", "no path"}},
		{websocket(broker.Websocket{AllowedOrigins: []string{"ftp://a.example"}}), []string{"AllowedOrigins", "ftp://a.example"}},
		{broker.Config{Name: "a", Websocket: &broker.Websocket{}, Cluster: &broker.Cluster{}}, []string{"Websocket", "Listen as well"}},
	} {
		refused(t, c.config, c.wants...)
	}
}

func TestRoutesInErrorsKeepPasswords(t *testing.T) {
	t.Parallel()
	err := refused(t, broker.Config{Name: "a", Cluster: &broker.Cluster{Routes: []string{"nats://u:hush@nonsense"}}}, "nonsense")
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("got %q, want no password in it", err)
	}
}

func TestListeningBeyondLoopbackTakesTLSAndAuthentication(t *testing.T) {
	t.Parallel()
	tls := certificate(t).server
	users := []broker.User{{Name: "a", Password: "b"}}
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		refused(t, broker.Config{Listen: listen}, listen, "set TLS, and Users or Token")
		refused(t, broker.Config{Listen: listen, TLS: tls}, listen, "set Users or Token")
		refused(t, broker.Config{Listen: listen, Token: "t"}, listen, "set TLS,")
		refused(t, broker.Config{Token: "t", Websocket: &broker.Websocket{Listen: listen}}, listen, "set Websocket.TLS")
		refused(t, broker.Config{Websocket: &broker.Websocket{Listen: listen, TLS: tls}}, listen, "set Users or Token")
		for _, c := range []broker.Cluster{{}, {TLS: tls}, {User: "u", Password: "p"}} {
			c.Listen = listen
			refused(t, broker.Config{Name: "a", Cluster: &c}, listen, "set Cluster.TLS, User and Password")
		}
	}
	// Not on this machine: it passes the check and then can't be listened on.
	refused(t, broker.Config{Listen: "192.0.2.1:0", TLS: tls, Users: users}, "192.0.2.1:0", "can't listen")
	for _, listen := range []string{"127.0.0.1:0", "localhost:0"} {
		start(t, broker.Config{Listen: listen, Name: "a", Cluster: &broker.Cluster{Listen: listen}})
	}
}

func TestUsersThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user  broker.User
		wants []string
	}{
		{broker.User{Password: "pw"}, []string{"Users[1]", "no Name"}},
		{broker.User{Name: "bob"}, []string{"bob", "no Password"}},
		{broker.User{Name: "alice", Password: "other"}, []string{"alice", "twice"}},
		{broker.User{NKey: "SUACSSL3"}, []string{"Users[1].NKey", "public key"}},
		{broker.User{NKey: "UA", Name: "bob"}, []string{"Users[1]", "keep one kind"}},
		{broker.User{Name: "bob", Password: "pw", Publish: broker.Subjects{Allow: []string{"a..b"}}}, []string{"bob", "a..b", "subject"}},
		{broker.User{Name: "bob", Password: "pw", Subscribe: broker.Subjects{Deny: []string{"a b"}}}, []string{"bob", "a b"}},
		{broker.User{Name: "bob", Password: "pw", Responses: -2}, []string{"bob", "Responses"}},
	} {
		refused(t, broker.Config{Users: []broker.User{{Name: "alice", Password: "pw"}, c.user}}, c.wants...)
	}
}
