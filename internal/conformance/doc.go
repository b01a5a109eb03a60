// Package conformance runs the vectors that need a partner: testdata/vectors/calls.json,
// keys.json and waiting.json against whoever serves the service "vectors", and binder.json against
// a binder. Both are plain NATS messages, sent and received as they stand in the files, so
// they hold servers and binders in any language to docs/protocol.md.
//
//	conformance.Calls(t, nc, "../testdata/vectors/calls.json", instance)
//	conformance.Keys(t, nc, "../testdata/vectors/keys.json", instance)
//	conformance.Waiting(t, nc, "../testdata/vectors/waiting.json", instance)
//	conformance.Registry(t, nc, "../testdata/vectors/binder.json")
//
// [Service] is the service in Go.
package conformance
