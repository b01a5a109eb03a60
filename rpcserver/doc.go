// Package rpcserver serves ordinary Go values on a NATS bus.
//
// # A service
//
// A service is an interface and a value that implements it:
//
//	type Greeter interface {
//		Greet(ctx context.Context, name string) (string, error)
//	}
//
//	type greeter struct{}
//
//	func (greeter) Greet(ctx context.Context, name string) (string, error) {
//		return "hello, " + name, nil
//	}
//
// A server needs a connection, from [github.com/helium-rpc/helium/bus.Connect] or from
// an embedded broker, and somewhere on the bus a binder:
//
//	srv := rpcserver.New(nc, rpcserver.Config{Version: "1.2.0"})
//	if err := rpcserver.Register[Greeter](srv, "greeter", greeter{}); err != nil {
//		return err
//	}
//	return srv.Run(ctx)
//
// Now anybody on the bus calls greeter.greet. [Server.Run] serves until ctx ends;
// [Server.Start] and [Server.Shutdown] are its two halves. One server serves any number
// of services, and a connection may carry any number of servers. Instances of the same
// service share its calls: start as many as you like, wherever you like.
//
// # What can be a method
//
// A method is
//
//	func([ctx context.Context,] args...) ([result,] [error])
//
// and may be variadic. Arguments and results are what package signature has a notation
// for: numbers, text, bytes, times, structs, slices, maps, pointers and any; no channels
// and no functions. Structs have the fields and names that encoding/json gives them, and
// types with MarshalJSON, MarshalText or MarshalBinary speak for themselves.
//
// The type argument of [Register] is the list of what may be called: with an interface its
// methods and no others, without one all exported methods of the value. On the wire a name
// begins in lower case: Add is "add", HTTPGet is "httpGet". What doesn't fit is listed in
// Register's error, all of it at once.
//
// [Idempotent] declares methods that may safely run twice; only those are called again
// after an answer got lost.
//
// # Errors
//
// The caller gets what a handler returns: code, reason, message and details of a
// [helium.Error], wrapped or not, cross the wire, so that errors.Is works on the other
// side. Any other error arrives as its text with helium.CodeUnknown. A panic is its
// caller's helium.CodeInternal, with the stack in this server's log and not on the wire; all other
// calls go on. So do those whose result can't be sent or is too large: the caller gets
// a small error, never silence.
//
// Every error says whether the handler ran. One that comes from a handler says Executed;
// one for which no handler was called, such as [helium.ErrOverloaded] or an interceptor's
// refusal, says NotExecuted.
//
// # Callers
//
// Callers that take heartbeats hear each half second which of their calls run or wait, so they
// tell a slow handler from a dead server. The contexts of calls end as well when their callers are
// gone: when nobody takes three of these heartbeats in a row, over at least two seconds, or 1.25 for streams
// ([Stats].Abandoned). By a direct link they are pinged instead, and gone when the link ends, or after
// five seconds of silence.
//
// # Concurrency and limits
//
// Calls run concurrently, so the implementation must be safe for that.
// [Config.MaxInFlight] of them run at once, [Config.MaxQueue] more wait, and the next is
// refused at once: not executed, so that clients try another instance. A call that blocks
// takes one of the places and holds up nobody else. Where the database behind a service
// takes 20 connections, MaxInFlight: 20 is the way to say so.
//
// Handlers that compute are run one for each processor, as more of them would only all be done
// later. Calls have their turns in the order of arrival as long as they are run as fast as they
// come. While more come, the newest is first, and those that have waited in vain are refused.
// Calls of one method don't keep those of another waiting for longer than both have used lately.
//
// # Deadlines and cancellation
//
// Every call has a deadline, its caller's or [Config.Timeout]. It is that of the
// handler's context, which ends, too, when the caller gives up and when the call is
// over. A call whose time ran out, or whose caller gave up, before its turn came isn't
// run, wherever it waited: what it waited before the server had it counts, too, be it
// because the process stood still. Deadlines are kept to within 20 ms. The context is cheap until it is waited for:
// its channel is made when Done is first called, and its children made by the context
// package need no goroutine.
//
// # Interceptors
//
// An [Interceptor] wraps the handlers of all methods, the first of
// [Config.Interceptors] outermost:
//
//	func logged(next rpcserver.Handler) rpcserver.Handler {
//		return func(ctx context.Context, call *rpcserver.Call) error {
//			start := time.Now()
//			err := next(ctx, call)
//			slog.Info("call", "service", call.Service(), "method", call.Method(), "took", time.Since(start), "err", err)
//			return err
//		}
//	}
//
// It may return an error instead of calling next, read arguments from a copy of
// call.Args, replace the result, and set call.ReplyMetadata. Metadata that came with a
// call are in its context, see [helium.MetadataFrom], and stay there whatever the handler
// sends with calls of its own ([helium.WithMetadata]). They don't go on to those calls
// unless the handler passes them on.
//
// # Idempotency keys
//
// Of the calls with one idempotency key, which callers set with rpcclient.WithIdempotencyKey, a
// method's handler runs once. What it returns is kept for two minutes and answers the others,
// within [Config.IdempotencyMemory]. Interceptors see them all; services need to do nothing.
//
// # Streams
//
// A method that returns an iter.Seq2[T, error], and nothing beside it, answers with a stream of items;
// one whose last parameter is one takes what its caller sends item by item:
//
//	func (s *Store) Orders(ctx context.Context, since time.Time) iter.Seq2[Order, error]
//	func (s *Store) Import(ctx context.Context, orders iter.Seq2[Order, error]) (int, error)
//
// It is ranged over on a goroutine of its own, beside the workers; [Config.MaxStreams] bounds how many run.
// A reader that is slow makes yield wait. When the caller leaves, or is gone, yield returns false and
// the context ends. Interceptors wrap the stream as a whole ([Call.IsStream]), and with [Call.WrapSent] and
// [Call.WrapReceived] its items. See docs/semantics.md.
//
// # Large values
//
// Arguments, results and items of streams that don't fit a message travel in parts, by NATS and by direct
// links; services need to do nothing. Each may have up to [Config.MaxValue]. A handler runs when all of its
// arguments are there, and a result is sent at the pace of its caller without keeping a worker. A process keeps
// 256 MiB of such values at most. Beyond that calls are refused with [helium.ErrOverloaded], not executed, and
// results with [helium.ErrResultTooLarge], executed. Callers of versions without chunks, plain requests, and
// callers to whom the server may answer once only get that error instead of a large result. See
// docs/semantics.md.
//
// # Plain requests
//
// Any NATS client can call without Helium: a request on helium.call.<service>.<method>
// with a JSON array, a JSON object of named arguments, or the same in msgpack.
//
//	$ nats request helium.call.greeter.greet '["gopher"]'
//	"hello, gopher"
//
// The answer is a bare value in the same encoding. An error is the headers
// Nats-Service-Error and Nats-Service-Error-Code, an HTTP status, and a body with code,
// reason, message, details, outcome and instance. A request without a reply subject runs
// unanswered. A Go function doesn't tell the names of its parameters, so named arguments
// work where generated code registered the service, see [Server.Handle].
//
// Of a stream each item is a message of its own, and one with the header Helium-Items ends it; what is sent as a
// stream is an array behind the other arguments.
//
// Answers go to inboxes only, subjects that begin with "_INBOX." or "_R_.". Messages that want
// theirs elsewhere are dropped and counted in [Stats]: else callers could make a server
// publish what they may not.
//
// # Permissions and exports
//
// Calls that share a message and end at different times are answered by several messages.
// So a server's user needs to publish to inboxes:
//
//	permissions: {
//		publish: ["_INBOX.>", "helium.binder.register.math", "helium.binder.renew.math", "helium.binder.end.math"]
//		subscribe: ["_INBOX.<user>.>", "helium.call.math", "helium.call.math.*", "helium.at.math.>", "helium.ctl.math.*", "$SRV.>"]
//	}
//
// NATS's allow_responses permits one answer a request, or max of them, and refuses the
// others. With max: -1 NATS keeps every reply subject for two minutes and looks through all of
// them again and again, which costs nine tenths of the throughput, and still cuts what takes
// longer. "_INBOX.>" covers the inboxes that package bus gives to users by name,
// "_INBOX.alice.…", as well.
//
// Where callers of another account import the service, its export needs
// response_type: stream. The default, singleton, takes one answer message a request and
// drops the others. Their requests' reply subjects begin with _R_, so the server's user
// needs to publish to "_R_.>", too, and to an inbox of its own to see what becomes of them.
// What the registry tells of changes comes there by an export and an import of a stream:
//
//	exports: [{service: "helium.>", response_type: stream}, {stream: "helium.binder.event.>"}]
//	imports: [{service: {account: A, subject: "helium.>"}}, {stream: {account: A, subject: "helium.binder.event.>"}}]
//
// Without it clients look services up again every two minutes, and when something hints at a change.
//
// A server that has to make do with one answer message answers all calls of a message
// together, when the last one has ended or before an answer would come too late; those that
// still run then fail with [helium.ErrUnfinished]. Clients that know it send one call a
// message. No call is lost, but it is slower.
//
// A server finds out both: permissions when it starts, and an export when a request
// through it has been answered and its client calls again. It logs once what to set, says so in [Server.Warnings], in
// its records, for helium why, doctor and describe, and in the metadata of $SRV.INFO; and it
// counts what was lost, see RefusedAnswers and DroppedAnswers in [Stats]. For that it steps
// in front of the connection's error handler. Who sets another one later should have it
// call the one that nc.ErrorHandler returned.
//
// # Direct links
//
// With [Config].Listen callers that can reach this server send their calls direct, for the time
// of half a call by the bus or less, and go on while no NATS server answers:
//
//	srv := rpcserver.New(nc, rpcserver.Config{Listen: ":0"})
//
// Nobody gets in who may not publish to helium.at.<service>.<instance>, for each of the services; what
// leaves the host is encrypted, without certificates to look after. Everything else is as by NATS, where
// all others go on calling. Only what NATS itself would see of calls it doesn't see of these: subject
// mappings, taps and counters.
//
// # What NATS's own tools see
//
// A server answers NATS's convention for services (ADR-32) on $SRV.PING, $SRV.INFO and
// $SRV.STATS, so that nats service ls, info, stats and request, and dashboards, know it:
// each registered service is one of theirs, its id is [Server.Instance], and each method an
// endpoint with its signature in the metadata. The figures of a method count every call,
// however it came; their data is an [EndpointData], with a histogram of how long the
// handlers took:
//
//	var data rpcserver.EndpointData
//	err := json.Unmarshal(endpoint.Data, &data)
//	fmt.Println(data.InFlight, data.Latency.Quantile(0.99))
//
// [Config.NoMonitoring] turns it off. A connection whose user may not subscribe to $SRV.>
// serves all the same.
//
// # Shutting down
//
// [Server.Shutdown] loses no call: it leaves the registry, takes no more calls, finishes
// those it has, and flushes the answers. When its context or [Config.DrainTimeout] ends
// first, it cuts what is left: those callers get [helium.ErrCut] at once, and the contexts of
// their handlers end. Rolling new instances in and old ones out under load costs no
// caller an error.
//
// # When something is down
//
// Without a binder a running server goes on, and registers again when one is back;
// without a broker it waits to be connected again, and then registers at once. Nothing
// needs to be restarted with anything else.
package rpcserver
