// Package heliumtest starts a whole Helium for a test, in two lines: a broker, a binder
// and a client, and then a server, in the test's own process, without a port or a file that
// another test could be in the way of.
//
//	func TestOrders(t *testing.T) {
//		env := heliumtest.New(t)
//		heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
//
//		math := mathsvc.NewClient(env.Client)
//		sum, err := math.Add(t.Context(), 2, 3)
//		…
//	}
//
// Nothing needs to be closed: t.Cleanup does, in the reverse order and within
// milliseconds. What doesn't start fails the test with the reason.
//
// # More than one of each
//
// Call [Serve] again for another service, or for another instance of the same one.
// [Env.NewClient] makes further clients, each over a connection of its own, and
// [Env.Conn] gives bare NATS connections: to look at what is on the bus, to speak the
// protocol by hand, or to be closed in the middle of a call.
//
//	spy := env.Conn("spy")
//	spy.Subscribe("helium.call.>", func(m *nats.Msg) { … })
//
// # Trouble to order
//
// The parts are the real ones, so a test can do to them what life does:
//
//	env.Binder.Close()   // the registry is gone, calls go on
//	srv.Shutdown(ctx)    // an instance leaves
//	env.Broker.Close()   // everything is cut
//
// Closing a part twice, by the test and by t.Cleanup, does no harm. [NewWith] and
// [ServeWith] take the configurations of the parts, for instance users with
// permissions, or a server that runs one call at a time.
package heliumtest
