package broker_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestClientsConnectByWebsocketBesideOthersOrAlone(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]string{"beside": "127.0.0.1:0", "alone": ""} {
		log := new(logBuffer)
		b := start(t, broker.Config{Listen: listen, Websocket: &broker.Websocket{}, Logger: slog.New(slog.NewTextHandler(log, nil))})
		if got := b.WebsocketURL(); !strings.HasPrefix(got, "ws://127.0.0.1:") {
			t.Fatalf("%s: got the URL %q, want one on loopback", name, got)
		}
		if got := b.URL(); (got == "") != (listen == "") {
			t.Errorf("%s: got the URL %q of other clients for Listen %q", name, got, listen)
		}
		echo(t, inProcess(t, b), "echo")
		nc := dial(t, bus.Config{URL: b.WebsocketURL()})
		if msg, err := nc.Request("echo", []byte("x"), patience); err != nil || string(msg.Data) != "x" {
			t.Errorf("%s: got %v, %v; want x", name, msg, err)
		}
		nc.Close()
		b.Close()
		if got := log.news(); got != "" {
			t.Errorf("%s: got the log\n%swant none", name, got)
		}
		if nc, err := nats.Connect(b.WebsocketURL()); err == nil {
			if nc.ConnectedServerName() == b.Name() { // the port is free for others
				t.Errorf("%s: it listens after Close", name)
			}
			nc.Close()
		}
	}
	if got := start(t, broker.Config{Listen: "127.0.0.1:0"}).WebsocketURL(); got != "" {
		t.Errorf("got the URL %q where none was asked for, want \"\"", got)
	}
}

func TestUsersAreTheSameByWebsocket(t *testing.T) {
	t.Parallel()
	certificates := certificate(t)
	for name, ws := range map[string]*broker.Websocket{"plain": {}, "TLS": {TLS: certificates.server}} {
		clientTLS := certificates.client
		if ws.TLS == nil {
			clientTLS = nil
		}
		b := start(t, broker.Config{Websocket: ws, Users: []broker.User{
			{Name: "shop", Password: "pw", Publish: broker.Subjects{Allow: []string{"orders"}}},
		}})
		if got, want := strings.HasPrefix(b.WebsocketURL(), "wss://"), ws.TLS != nil; got != want {
			t.Errorf("%s: got the URL %q, want wss: %v", name, b.WebsocketURL(), want)
		}
		nc := dial(t, bus.Config{URL: b.WebsocketURL(), User: "shop", Password: "pw", TLS: clientTLS})
		if !forbidden(t, nc, func() error { return nc.Publish("anything", nil) }) {
			t.Errorf("%s: got no violation, want the user's permissions kept", name)
		}
		for _, config := range []bus.Config{{}, {User: "shop", Password: "wrong"}} {
			config.URL, config.TLS, config.Logger = b.WebsocketURL(), clientTLS, quiet
			if nc, err := bus.Connect(t.Context(), config); err == nil {
				nc.Close()
				t.Errorf("%s: user %q got in, want it refused", name, config.User)
			}
		}
	}
}

// upgrade asks for a websocket as a browser does that shows a page of the origin ("": no
// browser) and believes to talk to the host, and returns the status of the answer.
func upgrade(t *testing.T, b *broker.Broker, host, origin string) int {
	t.Helper()
	at, err := url.Parse(b.WebsocketURL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", at.Host, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", host)
	if origin != "" {
		request += "Origin: " + origin + "\r\n"
	}
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestOnlyPagesOfTheOwnAddressAndOfAllowedOriginsConnect(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{Websocket: &broker.Websocket{AllowedOrigins: []string{"https://console.example.com", "http://localhost:3000"}}})
	none := start(t, broker.Config{Websocket: &broker.Websocket{}})
	own := func(b *broker.Broker) string { return strings.TrimPrefix(b.WebsocketURL(), "ws://") }
	port := own(b)[strings.LastIndexByte(own(b), ':'):]
	for _, c := range []struct {
		broker       *broker.Broker
		host, origin string
		in           bool
	}{
		{b, own(b), "", true},
		{b, own(b), "http://" + own(b), true},
		{b, "localhost" + port, "http://localhost" + port, true},
		{b, own(b), "https://console.example.com", true},
		{b, own(b), "https://console.example.com:443", true},
		{b, own(b), "http://localhost:3000", true},
		{b, own(b), "http://console.example.com", false},
		{b, own(b), "https://console.example.com:8443", false},
		{b, own(b), "https://console.example.com.evil.example", false},
		{b, own(b), "https://evil.example", false},
		{b, own(b), "http://localhost:3001", false},
		{b, own(b), "https://" + own(b), false},
		{b, own(b), "null", false},
		// A page whose own name was made to point here is of the same origin, by name.
		{b, "evil.example" + port, "http://evil.example" + port, false},
		{none, own(none), "", true},
		{none, own(none), "http://" + own(none), true},
		{none, own(none), "https://console.example.com", false},
	} {
		got := upgrade(t, c.broker, c.host, c.origin)
		if want := http.StatusSwitchingProtocols; c.in && got != want {
			t.Errorf("origin %q at %q: got status %d, want %d", c.origin, c.host, got, want)
		}
		if want := http.StatusForbidden; !c.in && got != want {
			t.Errorf("origin %q at %q: got status %d, want %d", c.origin, c.host, got, want)
		}
	}
}
