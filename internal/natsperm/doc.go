// Package natsperm hears what NATS refuses on a connection.
//
// A publish or a subscription that isn't permitted fails later than the call that made
// it: NATS names its subject in an error to the connection as a whole. nats.go keeps the
// last such error, so of several only one can be read there, and hands every one to the
// connection's error handler, of which there is one:
//
//	publish ─▶ NATS ─▶ -ERR 'Permissions Violation for Publish to "helium.call.math.add"'
//	                                 │
//	  every Watch of the connection ◀┴─ hub ─▶ the handler that was there before
//
// Code that subscribes or publishes and has to know that NATS took it asks for that:
//
//	refusal, err := natsperm.Confirm(ctx, nc, ours, func() error { … })         // subscriptions
//	refusal, err := natsperm.ConfirmPublish(ctx, nc, subject, func() error { … }) // a message
//
// Code that has to hear of refusals at any time listens:
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
