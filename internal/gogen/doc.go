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
// Four packages do it, from one end to the other; generate.go calls them one after the other:
//
//	source   the package in its folder, type-checked without the old file; comments; faults
//	gotype   which fields of Go types travel, and which types encode themselves
//	service  the interface becomes a service: methods, parameters, results, docs, enums
//	stub     which types get code of their own, and the file's code
//
// Then the file is type-checked together with the package.
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
// short message could ask for much memory, see largeElement in stub/plan.go.
//
// # Errors
//
// Every [Fault] has the file, line and column of the method, parameter or field. What
// can't be put right there, such as a missing folder, is a plain error.
package gogen
