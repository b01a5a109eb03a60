package peers

import (
	"errors"
	"net"
	"strings"
)

// socketServer is a server that accepts connections until it is closed.
type socketServer struct {
	address string
	stop    func() error
	done    chan struct{} // closed when it accepts no more
}

// serveSocket runs serve, which accepts from l until stop is called. What serve
// returns then only says so.
func serveSocket(l net.Listener, serve func(net.Listener) error, stop func() error) *socketServer {
	s := &socketServer{address: l.Addr().String(), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = serve(l)
	}()
	return s
}

func (s *socketServer) Address() string { return s.address }

func (s *socketServer) Close() error {
	err := s.stop()
	<-s.done
	return err
}

// socketServers are the instances of a service.
type socketServers []*socketServer

// Address is theirs, with commas between them.
func (all socketServers) Address() string {
	addresses := make([]string, len(all))
	for i, s := range all {
		addresses[i] = s.address
	}
	return strings.Join(addresses, ",")
}

func (all socketServers) Close() (err error) {
	for _, s := range all {
		err = errors.Join(err, s.Close())
	}
	return err
}
