package loopback

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Door is an address that stays the same while the broker behind it goes and another one
// comes: one that starts again may find its port taken by somebody else. It leads nowhere
// at first.
type Door struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	behind string     // guarded by mu; a broker's address, "" while there is none
	open   []net.Conn // guarded by mu
}

// NewDoor opens a door, until the test ends.
func NewDoor(t testing.TB) *Door {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{listener: listener}
	d.running.Go(d.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		d.Lead("")
		d.running.Wait()
	})
	return d
}

// URL is where clients of NATS connect.
func (d *Door) URL() string { return "nats://" + d.listener.Addr().String() }

// Lead closes what is open, and makes the door lead to another broker's address; "" shuts it.
func (d *Door) Lead(to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.behind = to
	for _, conn := range d.open {
		_ = conn.Close()
	}
	d.open = nil
}

func (d *Door) serve() {
	for {
		outside, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.enter(outside)
	}
}

// enter joins a connection with one to the broker.
func (d *Door) enter(outside net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.behind == "" {
		_ = outside.Close()
		return
	}
	inside, err := net.Dial("tcp", d.behind)
	if err != nil {
		_ = outside.Close()
		return
	}
	d.open = append(d.open, outside, inside)
	for _, way := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
		d.running.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // until one of them is closed
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
}
