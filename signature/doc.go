// Package signature holds what two programs must agree on before one calls the other:
// the signatures of methods and the types of what travels, in a notation of Helium's
// own that names no programming language and that people read.
//
//	add(a float64, b float64) float64
//	sum(xs ...float64) float64
//	find(string, limit int64?) []Order
//	Order = {id string, lines []Line, note string?}
//
// The whole notation is described in docs/protocol.md.
package signature
