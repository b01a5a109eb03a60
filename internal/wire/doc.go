// Package wire is the protocol: what Helium puts on NATS. docs/protocol.md says the same in
// prose, and testdata/vectors ties the two.
//
//   - limits.go: what a message may hold, and how large it gets
//   - name.go: names of services, methods and instances
//   - subjects.go: the subjects made of names, and those that may be answered on
//   - frame.go: messages and the frames in them, written
//   - framereader.go: and read
//   - whole.go: messages of one frame, made around what is in it
//   - numbers.go: the calls that a frame names
//   - abilities.go: what peers can do beyond what all can
//   - cancel.go: how a call is given up, or its time is over
//   - chunk.go: arguments and results larger than a message
//   - ticket.go: what it takes to open a direct link
//   - stream.go, part.go: what is in the frames of streams, and in those of items in parts
//   - error.go, errortext.go: errors in frames, and how they are cut to what fits
//   - plainerror.go: errors as any NATS client understands them
//   - plainheaders.go: the headers of plain requests, and of the items that answer them
//   - idempotency.go: the keys by which a call is known again
//   - rendezvous.go: the instance that a key picks
//   - captured.go: what a JetStream stream answers in the place of whoever was asked
//
// What is in the frames, arguments and results, is package codec's.
package wire
