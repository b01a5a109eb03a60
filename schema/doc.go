// Package schema tells the rest of the world what a Helium service looks like. From the
// notation of package signature and the registry's records it derives
//
//   - JSON Schema, draft 2020-12, of any type, of a method's arguments, of its result, and of the items of a
//     stream;
//   - an OpenRPC 1.3.2 document of one or several services;
//   - TypeScript: the types, and a client class for each service.
//
// All three describe values as they stand in the JSON of a plain request, which is what
// any NATS client can send: bytes are base64, a time is text as in RFC 3339, the keys of a
// map are text. docs/schema.md has the whole table.
//
// # A schema
//
//	types, err := signature.ParseTypes(map[string]string{"Point": "{x float64, y float64}"})
//	move, err := types.Parse("move(p Point, by ...float64) Point")
//
//	text, err := json.Marshal(schema.Of(move.Result))
//	text, err = json.Marshal(schema.Arguments(move))
//
// # A document, a client
//
// Both begin with what the registry knows. Instances of one service can differ while a
// new version is rolled out; the one that started last counts.
//
//	records, err := registry.List(ctx) // a *binder.Client
//	services, err := schema.Services(records)
//
//	document, err := schema.OpenRPC(services, schema.Config{})
//	client, err := schema.TypeScript(services, schema.Config{})
//
// The same services give the same bytes, so both can be kept in a repository and
// compared. Names and texts of a record may come from anyone; none of them can leave the
// string, the comment or the identifier where it belongs.
//
// # Files
//
// The files of each form begin with its name. Below them stand what the registry says of a
// service (service.go), and what is the same in all forms: which parameters may be left out
// (parameters.go) and the texts of comments (comments.go).
//
// # Concurrency
//
// Everything here is a function of its arguments and changes none of them, so all of it
// can be used by several goroutines at once.
package schema
