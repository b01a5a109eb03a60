// Package probe finds out about a method on the bus without running it.
//
//	p, err := probe.New(nc, "")
//	if denied := p.MayPublish(ctx, subject); denied != nil { … }
//	there, err := p.Subscribed(ctx, subject)
//	answers := p.Call(ctx, time.Second, targets...)
//
// It rests on two rules of docs/protocol.md. A message whose frames are all of kinds that
// the receiver doesn't know holds no call, and is stepped over. And a call whose time ran
// out before its turn isn't run, but answered with helium.expired_in_queue: a probe is a
// call with no time left. It takes the same way as a call, through the same queue, and
// stops where the handler would begin. Should a server not know that rule, its arguments,
// of which there are too many, are the next thing in the way.
//
// message.go makes the two messages, ask.go sends them and hears what NATS says of them.
package probe
