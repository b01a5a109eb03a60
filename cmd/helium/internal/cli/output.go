package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// Output is where results are written, and in which form.
type Output struct {
	Out, Err *terminal.Writer // all that is printed passes them
	Form     string           // table, json, ndjson or raw
}

var outputForms = []string{"table", "json", "ndjson", "raw"}

func newOutput(out, err io.Writer, outFailed func(error)) *Output {
	return &Output{
		Out: terminal.NewWriter(out, outFailed),
		Err: terminal.NewWriter(err, nil), // there is nowhere else to say it
	}
}

func (o *Output) register(flags *pflag.FlagSet) {
	flags.StringVarP(&o.Form, "output", "o", "table", "`form` of the output: table (for people), json, ndjson (a line each) or raw")
}

func (o *Output) check() error {
	if !slices.Contains(outputForms, o.Form) {
		form := o.Form
		o.Form = "table" // in which the error itself is told
		return Fail(ExitUsage, "", fmt.Errorf("-o %q isn't a form of output; use one of %s", form, strings.Join(outputForms, ", ")))
	}
	return nil
}

// Machine reports that a program reads the output: no talk beside it, errors as JSON.
func (o *Output) Machine() bool { return o.Form == "json" || o.Form == "ndjson" }

// Say tells the person at the terminal, not a program, something that isn't data.
func (o *Output) Say(format string, args ...any) {
	if !o.Machine() {
		fmt.Fprintf(o.Err, format+"\n", args...)
	}
}

// Announce tells that something which keeps running is there: by people() for people,
// as one line of JSON, or raw. Lines may follow it, so JSON isn't indented.
func (o *Output) Announce(item any, raw string, people func()) {
	switch {
	case o.Machine():
		WriteJSONLine(o.Out, item)
	case o.Form == "raw":
		fmt.Fprintln(o.Out, visible.Line(raw))
	default:
		people()
	}
}

// Show writes one thing: by people() for people, as JSON, or raw.
func (o *Output) Show(item any, raw string, people func()) error {
	switch o.Form {
	case "json":
		return o.WriteJSON(item)
	case "ndjson":
		WriteJSONLine(o.Out, item)
	case "raw":
		fmt.Fprintln(o.Out, raw)
	default:
		people()
	}
	return nil
}

// ShowList writes a list: rows go to a table for people; -o json is one array, ndjson
// a line an item, and raw the one word or line that names each.
func ShowList[T any](o *Output, items []T, raw func(T) string, fill func(table.Writer)) error {
	switch o.Form {
	case "json":
		if items == nil {
			items = []T{}
		}
		return o.WriteJSON(items)
	case "ndjson":
		for _, item := range items {
			WriteJSONLine(o.Out, item)
		}
	case "raw":
		for _, item := range items {
			fmt.Fprintln(o.Out, visible.Line(raw(item)))
		}
	default:
		t := newTable()
		fill(t)
		printTable(o.Out, t)
	}
	return nil
}

// WriteJSON writes an indented document to stdout.
func (o *Output) WriteJSON(v any) error {
	var document bytes.Buffer
	enc := json.NewEncoder(&document)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := o.Out.JSON(document.Bytes())
	return err
}

// WriteJSONLine writes a value as one line of JSON. What has no JSON is a bug, and a
// place to write to that is gone can't be told about.
func WriteJSONLine(w *terminal.Writer, v any) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	_, _ = w.JSON(line.Bytes())
}
