package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/pflag"
	"golang.org/x/term"
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
		return fail(exitUsage, "", fmt.Errorf("-o %s isn't a form of output; use one of %s", form, strings.Join(outputForms, ", ")))
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
			fmt.Fprintln(a.out, raw(item))
		}
	default:
		t := a.newTable()
		fill(t)
		fmt.Fprintln(a.out, t.Render())
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
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// newTable returns a table in the house's style: columns and no lines, so that it can
// be read aloud, cut and pasted.
func (a *app) newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Name = "helium"
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "   "
	if a.colour() {
		style.Color.Header = text.Colors{text.Bold}
	}
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return t
}

// colour reports whether stdout may be coloured: a terminal, and no NO_COLOR.
func (a *app) colour() bool { return colourful(a.out) }

func colourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isTerminal reports whether a person sees what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
