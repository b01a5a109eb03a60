// Package reflectfunc has both ends of calls for Go functions of any shape that a signature can have: a
// stub that makes a call, and a handler that runs one, by reflection. What it costs is why those of the
// usual shapes are for package typedfunc.
//
//	func([ctx], args...) ([result], [error])
//
// The last parameter may be variadic, or an iter.Seq2[T, error], a stream, and so may the result be, alone.
package reflectfunc
