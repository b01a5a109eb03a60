// Package source reads Go source as the generator needs it: the package in a folder, type-checked
// with or without a generated file (folder.go), why the go command can't (modules.go), comments
// (comments.go), build constraints (constraint.go), and faults with their places (fault.go).
package source
