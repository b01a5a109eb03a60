// Package rpcclient calls services on a NATS bus.
//
// # Connect and call
//
// A client needs a connection, from bus.Connect or from an embedded broker, and calls
// over it until it is closed:
//
//	c, err := rpcclient.New(nc, rpcclient.Config{})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//
//	sum, err := rpcclient.Call[float64](ctx, c, "math.add", 2, 3)
//
// "math.add" is the method add of the service math, wherever it runs. "add" alone does
// while only one service has such a method.
//
// # Ways to call
//
// By name, with the result stored where a pointer says, or as the value of a generic
// function:
//
//	var sum float64
//	err := c.Call(ctx, "math.add", &sum, 2, 3)
//	sum, err := rpcclient.Call[float64](ctx, c, "math.add", 2, 3)
//
// By a function of the method's shape, or by a struct of such functions:
//
//	add, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, "math.add")
//
//	var math struct {
//		Add func(ctx context.Context, a, b float64) (float64, error)
//		Div func(ctx context.Context, a, b float64) (float64, error)
//	}
//	err := c.Bind("math", &math)
//
// Structs that it embeds are filled too, see [Client.Bind].
//
// By a generated stub, such as package mathsvc's NewClient, without reflection whatever the types
// are: it is made of [Client.Method], [Method.Begin], [Invocation.Do] and [Invocation.End]. A
// function that takes a context and up to two bool, int, int64, float64, string or []byte, and
// returns an error or one of those and an error, costs no more.
//
// All of them do the same. What can't fit, a wrong number of arguments or a type of
// another shape, fails before anything is sent, at Func and Bind if the service is
// known by then, and the message has both signatures. Numbers of any width fit each
// other; one that is out of range is an error when it is read.
//
// Of the arguments of calls by name, the names of fields are compared with the method's
// before anything is sent: in structs once for each Go type, and in maps and in what an any
// holds call by call. A name that the method doesn't know, or one that is missing and isn't
// optional, is a [helium.ErrMismatch] that says where it is and which name is nearest. Other
// types than the method's, such as text for a number, the server refuses.
//
// # Errors
//
// An error of a call is a *helium.Error. errors.Is finds the service's own errors in it, and
// those of Helium, all of which package helium lists:
//
//	switch quotient, err := math.Div(ctx, a, b); {
//	case errors.Is(err, mathsvc.ErrDivisionByZero): // the service's own
//	case errors.Is(err, helium.ErrNoInstance):       // nobody is running
//	case helium.CodeOf(err) == helium.CodePermissionDenied:
//	}
//
// Its Outcome answers what matters after a failure: did the handler run? NotExecuted is
// only said where it is certain. A call that was on its way when the connection was
// lost, or when its time ran out, is Unknown.
//
// # Deadlines
//
// Every call has one: its context's, or else Config.Timeout from when it began, 10 s by
// default. The server is told how much time is left, the handler's context ends by
// then, and a call whose time is over before its turn comes isn't run. Cancelling the
// context cancels the handler's. A call without an instance, without permission or
// without a connection fails at once, not at its deadline; and what couldn't be sent at
// once is never sent later.
//
// # Silent instances
//
// Servers say every half second which calls they have. A call whose instance has been silent for
// two seconds, as it is frozen, dead or cut off, fails with [helium.ErrSilent], Unknown, and other
// calls keep away from that instance until it is heard again: they go to the subjects of the
// others, which the connection's user must be permitted to publish to. A handler that takes long
// isn't silent. Calls with less time than that end at their deadlines, and give the client reason
// to ask whether the instance is there. [Stats].SilentInstances says how many there are now.
//
// # Direct links
//
// Calls of a server that listens for them go direct, without NATS in between, once a link
// stands, which the client opens by itself beside its first calls: so a program that makes one call
// only has it go by the bus. A link that can't be opened, or breaks, costs nothing but what was under way:
// other calls go by the bus, and the client tries again. [Client.DirectLinks] says how it stands with each
// instance, [Stats] how many calls went so, and [Config].BusOnly has none do.
//
// # Retries
//
// A call is made again, up to three times in all, where that can't run it twice: if it
// provably didn't run, as nobody was there, the server had too much to do or doesn't have
// the method, or if its method is declared idempotent, and its connection was lost or its
// server fell silent.
// Pauses of some milliseconds, growing and random, lie between. Retries keep to the
// deadline, and all of a client's together to a tenth of its calls, of the last 20 s or so.
//
// A call that isn't idempotent can be made so by a key, for as long as its instance is there:
// of the calls of a method with that key one runs, and the others get what it returned.
//
//	ctx = rpcclient.WithIdempotencyKey(ctx, order.ID)
//	receipt, err := shop.Pay(ctx, order)
//
// # Hedging
//
// With [Config].Hedge a call of an idempotent method that takes unusually long, longer than 95 in
// 100 of its latest calls, is made a second time, at another instance. The first answer counts
// and the other call is canceled. Hedges take from the budget of retries.
//
// # Sharing one client
//
// Make one client and share it: all methods are safe for concurrent use, and calls that
// wait at the same moment travel in one message, which is much of Helium's speed. A
// call that is alone waits for nobody. A message goes to one instance, so only quick
// calls share; methods that take long go one a message and spread.
//
// What the client knows of a service it looks up once; the registry's events keep it
// fresh. Without a binder calls go on from what is known.
//
// # Versions side by side
//
// While instances have different methods, or a method with different signatures, each call
// goes to an instance that it fits: no call fails for a rollout, nor for rolling back. A
// method that no instance has is [helium.ErrUnknownMethod], one whose signatures the call
// fits nowhere [helium.ErrMismatch]. If the registry is behind and a call reaches an instance
// that doesn't have its method, it goes on elsewhere at once, which isn't a retry
// ([Stats].Fallbacks). Calls that fit some instances only go to the subjects of these, which
// the connection's user must be permitted to publish to.
//
// # Metadata and interceptors
//
// Metadata of a call is put into its context by helium.WithMetadata, and read there by
// helium.SentMetadata. In a handler, what its own caller sent is another matter
// (helium.MetadataFrom): calls don't carry it by themselves. Interceptors see all calls of
// a client:
//
//	trace := func(next rpcclient.Handler) rpcclient.Handler {
//		return func(ctx context.Context, call *rpcclient.Invocation) error {
//			ctx = helium.WithMetadata(ctx, helium.Metadata{"trace": newTrace()})
//			err := next(ctx, call)
//			log.Printf("%s.%s: %v, served by %s", call.Service(), call.Method(), err, call.ReplyMetadata["host"])
//			return err
//		}
//	}
//	c, err := rpcclient.New(nc, rpcclient.Config{Interceptors: []rpcclient.Interceptor{trace}})
//
// # Streams
//
// A method that returns a stream is ranged over, by name or by a stub of the same signature:
//
//	for order, err := range rpcclient.Stream[Order](ctx, c, "store.orders", since) {
//		if err != nil {
//			return err
//		}
//		…
//	}
//
// Each range is a stream of its own, with one instance, and leaving the loop ends it there. An error is the
// last item. Where a method takes a stream the last argument is an iter.Seq2[T, error]. A stream has no
// deadline but ctx's once it has begun. Interceptors wrap its items with [Invocation.WrapSent] and
// [Invocation.WrapReceived].
//
// # Large values
//
// Arguments and results that don't fit a message travel in chunks, up to Config.MaxValue; nothing
// else is different for who calls. An instance of an earlier version takes none: then large arguments
// are [helium.ErrTooLarge].
//
// # One instance, all of them, and one way
//
// [Client.At] calls one instance by its name in the registry; when that is gone, calls
// fail with [helium.ErrNoInstance], whoever else is running. [Keyed] calls the one that a key
// picks, such as a customer's number: the same one each time, and only the keys of an instance
// that comes or goes move.
//
//	math := mathsvc.NewClient(rpcclient.Keyed(c, "customer-7"))
//
// [All] calls every instance, yields the answers as they come, and names those that don't answer:
//
//	for answer := range rpcclient.All[float64](ctx, c, "math.add", 2, 3) {
//		log.Print(answer.Instance, answer.Value, answer.Err)
//	}
//
// [Client.Notify] calls without waiting for an answer, and without hearing of it: a call that
// reaches nobody, or an instance that can't run it, is lost, and the instance logs and counts it.
package rpcclient
