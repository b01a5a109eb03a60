// Package wire is the protocol: what Helium puts on NATS. docs/protocol.md says the same in
// prose, and testdata/vectors ties the two.
//
//   - limits.go: what a message may hold, and how large it gets
//   - name.go: names of services, methods and instances
//   - subjects.go: the subjects made of names, and those that may be answered on
//   - frame.go: messages and the frames in them, written and read
//   - error.go: errors in frames
//   - plainerror.go: errors as any NATS client understands them
//   - captured.go: what a JetStream stream answers in the place of whoever was asked
//
// What is in the frames, arguments and results, is package codec's.
package wire
