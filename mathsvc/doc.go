// Package mathsvc is the example service, of seven methods: arithmetic on two numbers, and three
// streams. It is small enough to read in a minute, and shows what a service on Helium consists of.
//
//   - service.go is the service itself: an ordinary Go interface, an ordinary
//     implementation, and the errors that callers can tell apart. Nothing in it knows
//     of a bus; the lines that begin with //helium: say what types can't.
//   - service_helium.go is made from the interface by "go generate", see
//     docs/generate.md: [Client] is a Service too, so a program that calls arithmetic
//     on another machine reads like one that has it at hand, and [Register] serves a
//     Service without reflection.
//
// A program serves it:
//
//	srv := rpcserver.New(nc, rpcserver.Config{})
//	err := mathsvc.Register(srv, "math", mathsvc.New())
//	err = srv.Run(ctx)
//
// And others call it:
//
//	c, err := rpcclient.New(nc, rpcclient.Config{})
//	math := mathsvc.NewClient(c)
//	quotient, err := math.Div(ctx, 1, 0)
//	if errors.Is(err, mathsvc.ErrDivisionByZero) {
//		…
//	}
//	for p, err := range math.Primes(ctx, 100) {
//		…
//	}
//
// All of a service's methods take a context and return an error last, or with each item of a
// stream: a call over a bus can be late, be cancelled and fail, even where the arithmetic can't.
package mathsvc
