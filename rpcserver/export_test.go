package rpcserver

// Examined reports whether the server has found out of what kind an export is.
func Examined(s *Server, what string) bool {
	s.exports.mu.Lock()
	defer s.exports.mu.Unlock()
	e := s.exports.of[what]
	return e != nil && e.is != unknown && !e.looking
}
