package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/visible"
)

// addTypes adds what a record says of the service and its types. The records that came
// before, which are newer, are right where they say something else.
func (d *description) addTypes(r *binder.Record) {
	if d.Doc == "" {
		d.Doc = r.Doc
	}
	for name, definition := range r.Types {
		if _, known := d.Types[name]; known || d.Enums[name].Type != "" {
			continue
		}
		d.Types = added(d.Types, name, definition)
		if doc, ok := r.TypeDocs[name]; ok {
			d.TypeDocs = added(d.TypeDocs, name, doc)
		}
	}
	for name, enum := range r.Enums {
		if _, known := d.Enums[name]; !known && d.Types[name] == "" {
			d.Enums = added(d.Enums, name, enum)
		}
	}
}

func added[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = make(map[string]V)
	}
	m[key] = value
	return m
}

// writeTypes writes what the names in the signatures stand for.
func (d *description) writeTypes(env *cli.Env) {
	names := slices.Sorted(maps.Keys(d.Types))
	if len(names)+len(d.Enums) == 0 {
		return
	}
	read := d.readTypes()
	fmt.Fprintln(env.Out)
	for _, name := range names {
		definition := d.Types[name]
		if with := read[name]; with != "" {
			definition = with
		}
		fmt.Fprintf(env.Out, "  %s\n", visible.Line(name+" = "+definition))
		doc := d.TypeDocs[name]
		writeDoc(env, "      ", doc.Doc)
		for _, field := range slices.Sorted(maps.Keys(doc.Fields)) {
			writeDoc(env, "      ", field+": "+doc.Fields[field])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Enums)) {
		enum := d.Enums[name]
		fmt.Fprintf(env.Out, "  %s\n", visible.Line(name+" = "+enum.Type))
		writeDoc(env, "      ", enum.Doc)
		for _, v := range enum.Values {
			text := oneLine(v.Value) + "  " + v.Name
			if v.Doc != "" {
				text += ": " + v.Doc
			}
			writeDoc(env, "      ", text)
		}
	}
}

// readTypes returns the definitions with the names of enums, where what the records say of
// these agrees with the types.
func (d *description) readTypes() map[string]string {
	r := binder.Record{Types: d.Types, TypeDocs: d.TypeDocs, Enums: d.Enums}
	types, err := r.ReadTypes()
	if err != nil {
		return nil
	}
	return types.Definitions()
}

// writeDoc writes a comment, each line indented.
func writeDoc(env *cli.Env, indent, doc string) {
	if doc == "" {
		return
	}
	for text := range strings.Lines(doc) {
		fmt.Fprintln(env.Out, strings.TrimRight(indent+visible.Line(strings.TrimRight(text, " \r\n")), " "))
	}
}
