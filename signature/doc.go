// Package signature holds what two programs must agree on before one calls the other:
// the signatures of methods and the types of what travels, in a notation of Helium's
// own that names no programming language and that people read.
//
//	add(a float64, b float64) float64
//	sum(xs ...float64) float64
//	find(customer string, limit int64?) []Order
//	Order = {id string, lines []Line, note string?}
//
// A server makes them from Go functions and publishes them in its record; a client
// makes them from its stubs, parses those of the record, and compares.
//
// # From Go
//
// [Types] holds the named types of one service. [Types.OfFunc] adds a function:
//
//	types := signature.NewTypes()
//	m, err := types.OfFunc("move", reflect.TypeFor[func(ctx context.Context, p Point, by ...float64) (Point, error)]())
//	m.String()           // move(Point, ...float64) Point
//	types.Definitions()  // Point → {x float64, y float64}
//
// The types tell what the codec writes: struct tags, embedded structs and types with
// MarshalText and the like included, as package internal/gofields finds them for both. What
// couldn't be written and read again, such as a channel or two fields of one name, is
// refused, with an error that lists all that is wrong with the function. [Types.OfType]
// has the table of types.
//
// # From text
//
// A record's text may come from anyone. It is read strictly and within limits:
//
//	types, err := signature.ParseTypes(map[string]string{"Point": "{x float64, y float64}"})
//	m, err := types.Parse("move(p Point, by ...float64) Point")
//
// What is parsed prints as it should have been written. docs/protocol.md has the
// grammar, and testdata/vectors/signatures.json has examples for other implementations.
//
// # Comparing
//
// [Fits] tells whether a stub can call a method: shapes must match, names of
// parameters and types needn't, and a service may grow a field.
//
//	err := signature.Fits(stub, remote)
//	// stub div(float64) float64 doesn't fit remote div(a float64, b float64) float64: 1 argument, want 2
//
// # Concurrency
//
// A [Types] can be used by several goroutines at once. A [Method] and a [Type] don't
// change once they are returned.
package signature
