// Package gogen makes a client and a server stub from a Go interface: what "helium gen go"
// does. docs/generate.md tells how the result is used.
//
//	file, err := gogen.Generate(ctx, gogen.Config{Dir: "./stock", Type: "Stock"})
//	if err != nil {
//		return err // gogen.Faults: all that keeps it from being called remotely
//	}
//	return file.Write()
//
// [Generate] writes nothing; [File.Fresh] tells whether the file on disk is what it should
// be, and [File.Write] puts it there, whole or not at all.
//
// # How it goes
//
//	load.go      the package, type-checked without the old file
//	read.go      the interface becomes a service: methods, parameters, results
//	comment.go   comments and directives add what types can't say
//	walk.go      Go types become types of Helium's notation
//	fields.go    which fields of a struct travel, and as what
//	encoding.go  which types encode themselves
//	plan.go      which types get code of their own, and which go by reflection
//	values.go    one statement that reads or writes one value
//	codecs.go    the functions that read and write lists, maps and structs
//	methods.go   the client's methods and the server's handlers
//	write.go     the template is filled
//	generate.go  from one end to the other; the result is type-checked
//
// # What holds it together
//
// Package signature takes the same decisions of types by reflection, and codec
// reads and writes what they decide. A test compares the signatures of all interfaces in
// testdata/corpus with those of reflection, others call them in every combination of
// generated and reflective client and server, and a fuzz target compares what both read.
//
// Generated code keeps no count of depth and memory, which hostile bytes could abuse. It
// needs none: types that contain themselves go by reflection, and so do those in which a
// short message could ask for much memory, see largeElement.
//
// # Errors
//
// Every [Fault] has the file, line and column of the method, parameter or field. What
// can't be put right there, such as a missing folder, is a plain error.
package gogen
