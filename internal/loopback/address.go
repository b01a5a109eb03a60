// Package loopback has what tests need of the network of one machine: addresses that nobody else
// takes, one that stays the same while the broker behind it changes, and connections that are made
// anew.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// UnusedAddress returns an address of 127.0.0.1 at which nobody but the test listens,
// until it ends. Its port is below those that systems hand out by themselves: to others,
// or to a client that dials it while nothing listens, which could then meet itself.
//
// Tests of several packages run at once. So whoever is given a port holds the UDP port of that
// number, which nobody needs, as a sign.
func UnusedAddress(t testing.TB) string {
	t.Helper()
	const from, to = 30_000, 32_768
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", from+rand.IntN(to-from))
		sign, err := net.ListenPacket("udp4", address)
		if err != nil {
			continue
		}
		if other, err := net.Dial("tcp4", address); err == nil {
			other.Close()
			sign.Close()
			continue
		}
		t.Cleanup(func() { sign.Close() })
		return address
	}
	t.Fatalf("no unused port from %d to %d in 1000 tries", from, to-1)
	return ""
}
