// Package natsperm hears what NATS refuses on a connection.
//
// A publish or a subscription that isn't permitted fails later than the call that made
// it: NATS names its subject in an error to the connection as a whole. nats.go keeps the
// last such error, so of several only one can be read there, and hands every one to the
// connection's error handler, of which there is one:
//
//	publish ─▶ NATS ─▶ -ERR 'Permissions Violation for Publish to "helium.call.math.add"'
//	                                 │
//	  every Watch of the connection ◀┴─ handler ─▶ the handler that was there before
//
//	watch := natsperm.Listen(nc, func(refusal error) (own bool) {
//		subject, ok := natsperm.Publish(refusal)
//		…
//	})
//	defer watch.Stop()
//
// Whoever sets another handler on the connection later should have it call the one that
// nc.ErrorHandler returned; else the watches hear no more.
package natsperm
