// Package chunks is how a value that is larger than a message gets from one end to the other: in
// parts that follow one another, with credit, so that nobody has to keep more than a window of
// what the other end hasn't asked for.
//
//	sender                              receiver
//	[length, checksum] ───────────────▶ room for it? ── no ──▶ refused, nothing else was sent
//	              ◀──────────────────── credit: up to a window
//	parts, in order ──────────────────▶ put together ─▶ further credit
//	                                    all is there, and its checksum is right ─▶ the value
//
// What carries the parts, who waits for what, and what ends it are for the client and the server. Here are:
//
//   - outgoing.go: a value that is sent
//   - incoming.go: a value that is put together
//   - watch.go: whether the other end stands still
//   - tally.go: how many such values there were
//   - room.go: how much may be put together at once in this process
//   - turns.go: of how many values parts come at once
//   - arguments.go: how much of arguments may be kept there to be sent
package chunks
