package main

import (
	"net"
	"strings"
	"testing"
)

// relay stands between one client and a NATS server, and has carry pass on what they say. Both
// connections end when that returns.
func relay(t *testing.T, to string, carry func(client, server net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", strings.TrimPrefix(to, "nats://"))
		if err != nil {
			return
		}
		defer server.Close()
		carry(client, server)
	}()
	return "nats://" + l.Addr().String()
}
