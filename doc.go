// Package helium is the vocabulary of Helium, RPC over a NATS message bus: the
// errors, codes, outcomes and metadata that servers and clients share. It imports
// nothing but the standard library, so a service's own package can use it freely.
//
// # The parts
//
//   - [github.com/helium-rpc/helium/bus] connects to NATS,
//     [github.com/helium-rpc/helium/bus/broker] embeds a NATS server in the process.
//   - [github.com/helium-rpc/helium/binder] keeps the registry of services.
//   - [github.com/helium-rpc/helium/rpcserver] serves a Go value.
//   - [github.com/helium-rpc/helium/rpcclient] calls it.
//   - [github.com/helium-rpc/helium/codec] has values as msgpack, for generated code and interceptors.
//   - [github.com/helium-rpc/helium/signature] is the notation of methods and types.
//   - [github.com/helium-rpc/helium/schema] makes JSON Schema, OpenRPC and TypeScript of what the registry knows.
//   - [github.com/helium-rpc/helium/heliumtest] does all of that in two lines of a test.
//   - [github.com/helium-rpc/helium/mathsvc] is a small service to read first.
//
// # Errors
//
// Declare the errors of a service beside its interface:
//
//	var ErrDivisionByZero = helium.NewError(helium.CodeInvalidArgument, "math.division_by_zero", "division by zero")
//
// A handler returns it, as it is or wrapped with %w; errors.Is recognises it in
// the caller's process. Every error that a call returns is an [*Error]:
//
//	e := helium.AsError(err)
//	e.Code     // CodeInvalidArgument
//	e.Reason   // "math.division_by_zero"
//	e.Outcome  // Executed: the handler ran
//
// # Outcomes
//
// A failed call leaves one question: may I make it again? [Outcome] answers it.
// NotExecuted means that it is certain that the handler didn't run; Executed that
// it did; Unknown that the call was on its way when the trace was lost.
//
// # Metadata
//
// Metadata are facts that travel beside the arguments, and have two sides: what this
// program sends, [WithMetadata] with all calls under a context, and what the caller of
// this handler sent, [MetadataFrom]. Setting the one never hides the other, and what came
// in goes on to further calls only where a handler passes it on.
package helium
