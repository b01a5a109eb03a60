package rpcserver

import "time"

// Examined reports whether the server has found out of what kind an export is.
func Examined(s *Server, what string) bool {
	return s.exports.Knows(what)
}

// StandStill makes it look as if the server's process had stood still until now.
func (s *Server) StandStill(still time.Duration) { s.pulse.Backdate(still, 0) }
