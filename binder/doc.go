// Package binder is the registry: it knows which services exist, which instances
// serve them and what their methods look like. It doesn't carry calls; NATS does.
//
// # Running one
//
//	reg, err := binder.Start(ctx, nc, binder.Config{})
//	if err != nil {
//		return err // says what to do, such as how to enable JetStream
//	}
//	defer reg.Close()
//
// Run one or several, beside the servers or alone; it needs a NATS server with
// JetStream. They share a key-value bucket and the requests, so any of them can go and
// come while the others answer.
//
// # Asking one
//
//	c, err := binder.NewClient(nc, "")
//	entry, err := c.Lookup(ctx, "math.add") // or "math", or "add"
//	for _, r := range entry.Records {
//		fmt.Println(r.Instance, r.Version)
//	}
//
// A program that calls services doesn't need this: package rpcclient asks for it. Nor
// does one that serves: package rpcserver registers it.
//
// # A record's life
//
//	lease, err := c.Register(ctx, binder.Record{Service: "math", Instance: "i1", …})
//	lease, err = c.Renew(ctx, "math", "i1") // each third of the lease
//	err = c.End(ctx, "math", "i1")
//
// A record that isn't renewed expires with its lease. A renewal that is answered with
// [helium.ErrUnknownInstance] says that the registry lost the record: register again. That is
// all it takes to mend a store that was wiped.
//
// # Watching
//
//	stop, err := c.Watch("math", func(e binder.Event) { fmt.Println(e.Kind, e.Record) })
//
// Events are hints: they come once and in order for each record, and can be lost with
// the connection. What counts is the next lookup.
//
// # What can be relied on
//
// A binder that doesn't answer, as it is frozen or was killed, costs a request 250 ms: then
// another one is asked while the first is still awaited. However often a registration or an
// end is sent, it is carried out once.
//
// A lookup that follows a registration finds it, whichever binders answered the two:
// before a binder says that a name isn't there, it asks the store. What is there may be
// a moment old: an instance that has just ended may still be in an answer, and one that has
// just been registered may not be among the others yet. That moment is some milliseconds, and
// a few seconds where the server of a cluster dies by which a binder hears of its store.
//
// While the store is out of reach, lookups of what is known are answered from memory,
// the rest with [helium.ErrStoreUnavailable], never with "not found". Whatever an outage made expire is
// kept for one more lease, for no instance could renew in it.
//
// # Errors
//
// Every error is a *helium.Error that matches one of package helium's: [helium.ErrNoBinder]
// within milliseconds where none runs, [helium.ErrUnknownService] with the nearest names,
// [helium.ErrUnknownMethod] with the methods that there are, [helium.ErrAmbiguousMethod] with the services
// to choose from, [helium.ErrNoJetStream] with how to enable it.
//
// # Inside
//
// What both sides speak of stands in record.go, typedoc.go, entry.go and event.go; message.go
// is what travels between the two, described for other languages in docs/protocol.md.
//
// client.go is the client that asks: client_requester.go makes its requests, client_again.go
// sends one until there is a good answer, client_ask.go sends it once. headers.go refuses NATS servers
// that neither side can work with. The other files that
// begin so hold what these need.
//
// binder.go starts and ends who answers. requesthandler.go takes requests in, reader.go and
// writer.go know the answers, responder.go sends them; catalog.go is the copy that they are
// answered from, explain.go what is said when it has no answer. replicator.go keeps the copy
// like the bucket of internal/store, lostrecords.go what an outage would take from it;
// readbarrier.go makes sure before a no, notifier.go passes changes on, captureguard.go looks
// out for streams that answer in a binder's place.
package binder
