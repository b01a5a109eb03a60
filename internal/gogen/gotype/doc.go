// Package gotype has the rules for Go types in source: which fields of a struct travel, which
// types encode themselves, and what types are called by reflection and in signatures. They are
// those of internal/gofields and of package signature, which apply them to types at run time.
package gotype
