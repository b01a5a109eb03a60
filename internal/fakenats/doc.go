// Package fakenats is as much of a NATS server as tests need that run with fake time, which the
// real one can't: subjects, queue groups, and the word that nobody listens. Its connections are
// pipes within the program, so synctest knows when all stand still:
//
//	synctest.Test(t, func(t *testing.T) {
//		s := fakenats.New()
//		defer s.Close()
//		nc := s.Connect(t, "server")
//		…
//		s.Freeze("server") // as if the process were stopped: nothing goes in or out
//		time.Sleep(3 * time.Second)
//	})
//
// What the real server does besides, tests of the whole system find out with that.
package fakenats
