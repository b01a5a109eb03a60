// Package natsserver is a NATS server as others run it: with a configuration file, and with
// NATS's own settings where that says nothing. Package broker's are Helium's own.
package natsserver

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a server that runs in this process.
type Server struct{ server *server.Server }

// Start starts a server and returns when clients can connect.
func Start(config string, patience time.Duration) (*Server, error) {
	options, err := server.ProcessConfigFile(config)
	if err != nil {
		return nil, err
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("the NATS server isn't ready after %v", patience)
	}
	return &Server{s}, nil
}

// Close ends the server and returns when it is gone.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}
