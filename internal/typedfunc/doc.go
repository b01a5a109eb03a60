// Package typedfunc has both ends of calls for Go functions of the usual shapes: a stub that makes
// a call, and a handler that runs one. Neither uses reflection when it is called, so that functions
// which nobody generated code for cost little more than those which somebody did.
//
// The shapes are functions with a context first and an error last,
//
//	func(ctx context.Context) (R, error)
//	func(ctx context.Context, a A) (R, error)
//	func(ctx context.Context, a, b A) (R, error)
//	func(ctx context.Context, a string, b A) (R, error)
//
// each without the R, too, where A and R are any of the scalars bool, int, int64, float64, string
// and []byte. Functions of all other types are for reflection.
package typedfunc
