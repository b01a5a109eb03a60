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
//   - It reconnects for ever: at first within 100 ms, then less often, at least every 2 s or
//     so, each time at a moment of chance and to servers in an order of chance, so that many
//     programs don't come at once. Even after refused credentials, since they can be renewed.
//   - Nothing is sent late: while disconnected, publishing fails at once.
//   - A server that takes connections and says nothing, as a frozen one does, keeps nobody
//     waiting: another one is tried after 250 ms, and nats.go, whose lock everybody needs, gets
//     to know only a server that has answered. Where the client speaks first, with a websocket or
//     with nats.TLSHandshakeFirst, that is tried out on a connection of its own. With a
//     nats.CustomReconnectDelay nats.go shakes hands with whom it likes, and publishing may wait
//     for that, 2.25 s at most.
//   - A server that says nothing for 6 s, though it is pinged every two, is given up, as is one
//     that has taken nothing of what is sent for 5 s. One that goes on talking has 30 s to answer
//     a ping, as its answer comes after all else that it has to say.
//   - A server that ends the connection with an error, as for a message that is larger than it takes
//     since a moment ago, is reconnected to; nats.go itself would close the connection for good, and does
//     under TLS and on a websocket.
//   - Publishing doesn't wait for a server that is frozen, nor does anything else that needs
//     nats.go's lock. What the socket doesn't take within 10 ms is kept, and goes as soon as it
//     does; it is dropped when the connection breaks. Who publishes more than the network carries
//     or the server reads is slowed down before much has gathered, 128 KB here and as much in the
//     system where it can be told so (Linux, macOS), since all that comes after waits behind that,
//     pings and flushes too. Once the socket has taken nothing for 0.1 s, up to 8 MB are kept,
//     one each 0.125 s, and when there is no room for more the connection breaks.
//   - Close leaves what is kept a moment to go, 0.1 s from the last time that the server took some,
//     1 s in all; what has to arrive is flushed first, as with any NATS connection.
//   - Answers arrive under a prefix of the user's own, "_INBOX.<user>", so that
//     permissions can keep users out of each other's answers.
//   - What no call returns is logged with what to do about it, such as a publish that
//     isn't permitted; and a lost and a regained connection, once each. A handler
//     installed with nc.SetErrorHandler takes the place of the logging, and
//     nc.ErrorHandler returns it for those who want both.
//
// # Connections of others
//
// One that nats.Connect has made, or that dials by a dialer among Options, works with the other
// packages and has none of this. With nats.go's own defaults, above all: it gives up after two
// minutes without a server, and with it what was subscribed; it keeps 8 MB while reconnecting
// and sends them later, so calls run late; a frozen server is noticed after four to six
// minutes; until then publishing waits for it, a call past its deadline by as long as the write
// lasts, and with ReconnectOnFlusherError off a connection that can't be written to stays.
// nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.PingInterval, nats.FlusherTimeout,
// nats.ReconnectOnFlusherError and nats.CustomReconnectDelay mend most of that; writes that don't
// wait are of this package alone.
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
