package describe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/visible"
)

// writeTypes writes what the names in the signatures stand for.
func writeTypes(env *cli.Env, d *description) {
	names := slices.Sorted(maps.Keys(d.Types))
	if len(names)+len(d.Enums) == 0 {
		return
	}
	read := readTypes(d)
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
			text := arguments.OneLine(v.Value) + "  " + v.Name
			if v.Doc != "" {
				text += ": " + v.Doc
			}
			writeDoc(env, "      ", text)
		}
	}
}

// readTypes returns the definitions with the names of enums, where what the records say of
// these agrees with the types.
func readTypes(d *description) map[string]string {
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
