// Package direct has the direct links between clients and servers: the bus finds, a socket carries.
//
// A server that listens gives tickets, which are asked for by the bus on its own subject of a
// service; whoever may call every method of the service may ask. A ticket opens one connection, on
// which both ends prove to know its secret; then the same messages travel on it as on the bus.
// docs/protocol.md has all of it in prose.
//
// Of both ends:
//
//   - address.go: where servers listen and clients dial, as text
//   - identity.go: the keys of both ends, and TLS between them
//   - proof.go, opening.go: how a connection opens
//   - frame.go, reader.go: what travels on it, and how that is read
//   - conn.go: a connection that is open
//   - silence.go: when an end from which nothing comes is taken for frozen or cut off
//   - outlet.go: a socket whose writes wait 5 ms at most, however much is kept
//   - pipe.go, meeting.go: a connection within one program
//
// Of a server:
//
//   - listener.go: the connections of a server, from when it listens until it leaves
//   - unixsocket.go: the sockets on this host at which it listens
//   - begin.go: whether a connection is TLS
//   - ticket.go: the tickets that were given
//   - serverlink.go: a connection as a [link.Server]
//   - review.go: when rights end that weren't renewed
//   - serverstats.go, boundedlog.go: what becomes of them, for people
//
// Of a client:
//
//   - client.go, peer.go: to which instances there are links, and since when and for how long
//   - links.go: what it needs of who sends the calls
//   - dial.go: from a ticket to a connection
//   - clientlink.go: a connection as a [link.Link]
//   - tryout.go: links that are opened to see whether that works
//   - state.go: how far it has got with each instance, for people
package direct
