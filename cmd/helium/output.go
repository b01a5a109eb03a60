package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// output says in which form results are written.
type output struct {
	form string // table, json, ndjson or raw
}

var outputForms = []string{"table", "json", "ndjson", "raw"}

func (o *output) register(flags *pflag.FlagSet) {
	flags.StringVarP(&o.form, "output", "o", "table", "`form` of the output: table (for people), json, ndjson (a line each) or raw")
}

func (o *output) check() error {
	if !slices.Contains(outputForms, o.form) {
		form := o.form
		o.form = "table" // in which the error itself is told
		return fail(exitUsage, "", fmt.Errorf("-o %q isn't a form of output; use one of %s", form, strings.Join(outputForms, ", ")))
	}
	return nil
}

// machine reports that a program reads the output: no talk beside it, errors as JSON.
func (o *output) machine() bool { return o.form == "json" || o.form == "ndjson" }

// showList writes a list: rows go to a table for people; -o json is one array, ndjson
// a line an item, and raw the one word or line that names each.
func showList[T any](a *app, items []T, raw func(T) string, fill func(table.Writer)) error {
	switch a.output.form {
	case "json":
		if items == nil {
			items = []T{}
		}
		return a.writeJSON(items)
	case "ndjson":
		for _, item := range items {
			writeJSONLine(a.out, item)
		}
	case "raw":
		for _, item := range items {
			fmt.Fprintln(a.out, visible.Line(raw(item)))
		}
	default:
		t := newTable()
		fill(t)
		a.printTable(t)
	}
	return nil
}

// showOne writes one thing: by people() for people, as JSON, or raw.
func showOne(a *app, item any, raw string, people func()) error {
	switch a.output.form {
	case "json":
		return a.writeJSON(item)
	case "ndjson":
		writeJSONLine(a.out, item)
	case "raw":
		fmt.Fprintln(a.out, raw)
	default:
		people()
	}
	return nil
}

// writeJSON writes an indented document to stdout.
func (a *app) writeJSON(v any) error {
	var document bytes.Buffer
	enc := json.NewEncoder(&document)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.out.JSON(document.Bytes())
	return err
}

// newTable returns a table in the house's style: columns and no lines, so that it can
// be read aloud, cut and pasted. A cell is a line, whatever is put into it.
func newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Name = "helium"
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "   "
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return lineTable{t}
}

// lineTable shows each cell on one line before the width of its column is measured.
type lineTable struct{ table.Writer }

func (t lineTable) AppendRow(cells table.Row, config ...table.RowConfig) {
	shown := make(table.Row, len(cells))
	for i, cell := range cells {
		if text, ok := cell.(string); ok {
			cell = visible.Line(text)
		}
		shown[i] = cell
	}
	t.Writer.AppendRow(shown, config...)
}

// printTable prints a table, its header in bold.
func (a *app) printTable(t table.Writer) {
	header, rows, _ := strings.Cut(t.Render(), "\n")
	a.out.Styled(terminal.Bold, header)
	fmt.Fprintf(a.out, "\n%s\n", rows)
}
