package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// dialTimeout bounds reaching one server, and at the first connect the handshake too.
	dialTimeout = 2 * time.Second
	// handshakeTimeout bounds the handshake of a reconnect, during which nats.go holds
	// its lock and nobody can publish. It is the longer one only so that at the first
	// connect the dialer's own limit is met, which explains itself.
	handshakeTimeout = dialTimeout + 250*time.Millisecond
	// inProcessTimeout stands for both within the process: nothing there can be out of
	// reach or frozen by itself, so only a machine with much to do lets a handshake wait.
	inProcessTimeout = 30 * time.Second
)

// dialer opens a connection's sockets. nats.go knows no context; so until the
// connection stands, the dialer gives each server its share of the context's time
// and closes what it opened when that is over, which ends nats.go's wait at once.
type dialer struct {
	inProcess nats.InProcessConnProvider
	// Whoever makes the dialer sets these before it is used. The first opens a socket; the second,
	// if it isn't nil, a connection to come back to.
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	again   func(address string) (net.Conn, error)
	silence time.Duration // that is borne of a server; 0: any

	mu       sync.Mutex          // guards the fields below
	ctx      context.Context     // Connect's; nil once the connection stands
	share    time.Duration       // for one server, until the connection stands
	release  []func() bool       // each lets go of one opened connection
	cancels  []func()            // each ends one share
	failures []string            // by server, in the order tried
	failed   map[string]struct{} // the same, so that each is told once
}

// newDialer returns a dialer that obeys ctx, which has a deadline, until established.
func newDialer(ctx context.Context, servers int, inProcess nats.InProcessConnProvider) *dialer {
	share := dialTimeout
	if inProcess != nil {
		share = inProcessTimeout
	}
	if deadline, ok := ctx.Deadline(); ok {
		share = min(share, time.Until(deadline)/time.Duration(servers))
	}
	return &dialer{
		inProcess: inProcess,
		ctx:       ctx,
		share:     share,
		failed:    make(map[string]struct{}),
	}
}

// Dial implements nats.CustomDialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.open(address, func(ctx context.Context) (net.Conn, error) {
		socket, err := d.connect(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return unblocked(socket, d.silence), nil
	})
}

// InProcessConn implements nats.InProcessConnProvider.
func (d *dialer) InProcessConn() (net.Conn, error) {
	return d.open("the broker in this process", func(context.Context) (net.Conn, error) {
		conn, err := d.inProcess.InProcessConn()
		if err != nil {
			return nil, err
		}
		return unblocked(conn, d.silence), nil
	})
}

func (d *dialer) open(address string, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	d.mu.Lock()
	first, share := d.ctx, d.share
	d.mu.Unlock()
	switch {
	case first == nil && d.again != nil:
		return d.again(address)
	case first == nil:
		return dial(context.Background()) // a reconnect; connect has a timeout
	}
	ctx, cancel := context.WithTimeout(first, share)
	if deadline, ok := first.Deadline(); ok && time.Until(deadline) <= share {
		// Its share is the rest of the context's time, whose end is to be the error then.
		cancel()
		ctx, cancel = context.WithCancel(first)
	}
	conn, err := dial(ctx)
	if err != nil {
		cancel()
		d.fail(address, err.Error())
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancels = append(d.cancels, cancel)
	d.release = append(d.release, context.AfterFunc(ctx, func() {
		if !errors.Is(first.Err(), context.Canceled) {
			d.fail(address, fmt.Sprintf("took the connection but didn't finish the handshake within %v", share.Round(time.Millisecond)))
		}
		conn.Close()
	}))
	return conn, nil
}

func (d *dialer) fail(address, what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	what = strings.TrimPrefix(what, "dial tcp ")
	if !strings.Contains(what, address) {
		what = address + ": " + what
	}
	if _, told := d.failed[what]; !told {
		d.failed[what] = struct{}{}
		d.failures = append(d.failures, what)
	}
}

// done ends the obedience to the context: the connection stands, or never will.
func (d *dialer) done() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx = nil
	for _, release := range d.release {
		release()
	}
	for _, cancel := range d.cancels {
		cancel()
	}
	d.release, d.cancels = nil, nil
}

// story tells why no server could be reached; "" if none was tried.
func (d *dialer) story() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.failures, "; ")
}
