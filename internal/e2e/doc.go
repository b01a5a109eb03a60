// Package e2e holds the tests of the whole system: broker, binder, servers and clients,
// over TCP and in processes of their own that tests kill and freeze. It has no code.
//
//   - promise*_test.go: the promises of docs/semantics.md, by their numbers.
//   - permissions_test.go: the permissions of docs/protocol.md are enough, and the least.
//   - fault_*_test.go: what the rest of the system does when a part of it fails.
//   - The other tests are named after what they look at, such as values_test.go.
//
// What tests share: setup_test.go makes brokers, binders, servers and clients in this
// process, process_test.go in others; services_test.go has the services that tests call,
// traffic_test.go the callers that never pause. links_test.go has tests run by the bus and by
// direct links.
package e2e
