// Package bus connects to NATS with the rules that Helium's promises rest on. What it
// returns is a plain *nats.Conn; the other packages take it and never dial themselves.
//
//	nc, err := bus.Connect(ctx, bus.Config{URL: "nats://a:4222,nats://b:4222", Name: "math-server"})
//	if err != nil {
//		return err
//	}
//	defer nc.Close()
//
// Without a URL, the environment's NATS_URL says where, and after that
// nats://127.0.0.1:4222. Credentials are one of a .creds file, an nkey seed, a user
// with a password, or a token.
//
// # The rules
//
//   - It reconnects for ever: first after about 100 ms, then less often, at least every
//     2 s or so, with jitter. Even after refused credentials, since they can be renewed.
//   - Nothing is sent late: while disconnected, publishing fails at once; or after at
//     most 2.25 s, where a reconnect is shaking hands with a server that says nothing.
//   - A server that falls silent is noticed after three pings of two seconds, also
//     while much is being written to it.
//   - Answers arrive under a prefix of the user's own, "_INBOX.<user>", so that
//     permissions can keep users out of each other's answers.
//   - What no call returns is logged with what to do about it, such as a publish that
//     isn't permitted; and a lost and a regained connection, once each. A handler
//     installed with nc.SetErrorHandler takes the place of the logging, and
//     nc.ErrorHandler returns it for those who want both.
//
// # Starting in any order
//
// Connect fails when no server answers in time: ctx's deadline, or 5 s without one. A
// program that may start before its broker sets Wait: it then waits until ctx ends, and
// says so in the log, at first and every half minute. Refused credentials and a failed
// TLS handshake end the wait at once, since waiting wouldn't change them.
//
// # Errors
//
// They name the servers, without passwords and tokens, and what to try. errors.Is finds
// nats.ErrNoServers, nats.ErrAuthorization, nats.ErrTLS and the context's errors in them.
//
// The server itself is package broker, next door; it can also be any NATS server.
package bus
