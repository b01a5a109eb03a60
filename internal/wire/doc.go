// Package wire is what Helium puts on NATS; docs/protocol.md says the same in prose, and
// testdata/vectors ties the two.
//
//   - subjects.go: names, and the subjects made of them
//   - frame.go, error.go: messages, and the calls, replies, errors and cancels in them
//   - sweep.go: one timer for any number of deadlines
//   - plainerror.go: errors as any NATS client understands them
//
// What is in the frames, arguments and results, is package codec's.
package wire
