package direct

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Address is where a server listens, or where its callers dial. As text it is "host:port",
// "plain:host:port", "unix:path" or "memory:".
type Address struct {
	// Network is "tcp", "unix", or "memory" of a server that only clients of its own program get to.
	Network string
	// Where is the host and the port, or the path; "" in memory.
	Where string
	// Plain: the connection isn't encrypted though it leaves the host.
	Plain bool
}

const (
	inMemory    = "memory:"
	unixPrefix  = "unix:"
	plainPrefix = "plain:"
)

// String returns the address as text.
func (a Address) String() string {
	switch {
	case a.Network == "memory":
		return inMemory
	case a.Network == "unix":
		return unixPrefix + a.Where
	case a.Plain:
		return plainPrefix + a.Where
	}
	return a.Where
}

// OnHost reports whether only programs of the same host get there.
func (a Address) OnHost() bool {
	if a.Network != "tcp" {
		return true
	}
	host, _, _ := net.SplitHostPort(a.Where)
	return host == "localhost" || isLoopback(host)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isLoopbackAddr reports whether one end of a connection is at the loopback, and so the other is on this
// host, be it only a forwarder.
func isLoopbackAddr(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Encrypted reports whether connections there are TLS.
func (a Address) Encrypted() bool { return !a.Plain && !a.OnHost() }

// ParseAddress reads an address.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" {
			return Address{}, fmt.Errorf("%q has no path; write unix: and that of a socket or of a directory", text)
		}
		return Address{Network: "unix", Where: path}, nil
	}
	if text == inMemory {
		return Address{Network: "memory"}, nil
	}
	where, plain := strings.CutPrefix(text, plainPrefix)
	host, port, err := net.SplitHostPort(where)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err == nil && strings.ContainsAny(host, "/ ") {
		err = errors.New("a host has no such name")
	}
	if err != nil {
		return Address{}, fmt.Errorf("%q is no address: write host:port, such as 10.0.0.7:7001 or 127.0.0.1:0, with plain: before it, unix: and a path, or memory: %w", text, err)
	}
	return Address{Network: "tcp", Where: net.JoinHostPort(host, port), Plain: plain}, nil
}

// ParseAddresses reads addresses with commas between them; none of "".
func ParseAddresses(text string) (all []Address, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		a, err := ParseAddress(strings.TrimSpace(one))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// CheckAdvertised returns what is wrong with addresses that callers are to be told, of a server that
// listens at some: that nobody can dial one.
func CheckAdvertised(advertise, listen []Address) error {
	byTCP := slices.ContainsFunc(listen, func(a Address) bool { return a.Network == "tcp" })
	for _, a := range advertise {
		switch {
		case a.Network == "tcp" && a.IsWildcard():
			return fmt.Errorf("%q names no host that callers can dial; write one before the port", a)
		case a.Network == "tcp" && a.port() == "0" && !byTCP:
			return fmt.Errorf("%q has port 0, which stands for the port that is listened on, and none is; write the port that callers can dial", a)
		case a.Network == "memory":
			return fmt.Errorf("%q is nothing to dial; clients of the same program get in by themselves", a)
		}
	}
	return nil
}

// port returns the port of a TCP address.
func (a Address) port() string {
	_, port, _ := net.SplitHostPort(a.Where)
	return port
}

// withPort returns a TCP address with another port.
func (a Address) withPort(port string) Address {
	host, _, _ := net.SplitHostPort(a.Where)
	a.Where = net.JoinHostPort(host, port)
	return a
}

// IsWildcard reports whether a TCP address stands for all of this machine's.
func (a Address) IsWildcard() bool {
	host, _, _ := net.SplitHostPort(a.Where)
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}
