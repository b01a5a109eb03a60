// Package wire is what stands between Go values and NATS messages; docs/protocol.md says
// the same in prose, and testdata/vectors ties the two.
//
//   - subjects.go: names, and the subjects made of them
//   - frame.go, error.go: messages, and the calls, replies, errors and cancels in them
//   - outbox.go: calls that wait at the same moment share a message
//   - sweep.go: one timer for any number of deadlines
//   - guard.go: refuses hostile msgpack before anything is decoded
//   - append.go, writer.go, reader.go, number.go: msgpack by hand, for what is common
//   - value.go, codec.go, encode.go, decode.go, dynamic.go, fields.go, methods.go, path.go:
//     msgpack for any Go type, by a plan compiled once for each
package wire
