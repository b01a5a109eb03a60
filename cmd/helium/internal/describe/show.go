package describe

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
)

func show(env *cli.Env, d *description) error {
	switch env.Form {
	case "json":
		return env.WriteJSON(d)
	case "ndjson":
		for _, m := range d.Methods {
			cli.WriteJSONLine(env.Out, m)
		}
	case "raw":
		for _, m := range d.Methods {
			fmt.Fprintln(env.Out, visible.Line(m.Signature))
		}
	default:
		write(env, d)
	}
	return nil
}

// write is for people.
func write(env *cli.Env, d *description) {
	name := strings.TrimSpace(d.Service + " " + strings.Join(d.Versions, ", "))
	fmt.Fprintf(env.Out, "%s, %s\n", visible.Line(name), amount.Of(len(d.Instances), "instance"))
	fmt.Fprintf(env.Out, "  direct links: %s\n", visible.Line(d.directInWords()))
	for _, w := range d.Warnings {
		fmt.Fprintf(env.Out, "  warning: %s\n", visible.Line(w.String()))
	}
	if !d.single {
		writeDoc(env, "  ", d.Doc)
	}
	for _, m := range d.Methods {
		fmt.Fprintln(env.Out)
		writeMethod(env, &m, d.Types)
	}
	writeTypes(env, d)
}

// directInWords says which instances offer direct links.
func (d *description) directInWords() string {
	switch n := len(d.Direct); {
	case n == 0:
		return "none; calls go by the bus"
	case n == len(d.Instances):
		return "offered"
	default:
		return "offered by " + strings.Join(d.Direct, ", ")
	}
}

func writeMethod(env *cli.Env, m *methodDescription, types map[string]string) {
	fmt.Fprintf(env.Out, "  %s\n", visible.Line(m.shown))
	line := func(format string, args ...any) { fmt.Fprintf(env.Out, "      "+format+"\n", args...) }
	for text := range strings.Lines(m.Doc) {
		line("%s", visible.Line(strings.TrimRight(text, " \r\n")))
	}
	if m.Kind != "" && m.Kind != binder.KindCall {
		line("kind %s", visible.Line(string(m.Kind)))
	}
	if m.Idempotent {
		line("idempotent: a call that may have run is tried again")
	}
	for _, e := range m.Errors {
		line("error %s", visible.Line(errorInWords(e.Reason, e.Code, e.Message)))
	}
	method, err := lookup.ParseMethod(m.Signature, types)
	if err == nil {
		if names := arguments.OwnNames(method); names != "" {
			line("by name: %s, as the service doesn't tell its parameters' names", names)
		}
	}
	if len(m.Differs) > 0 {
		line("another signature: %s", visible.Line(strings.Join(m.Differs, ", ")))
	}
	if err == nil {
		command := arguments.Try(m.Service+"."+m.Name, method, m.Example)
		if m.Example != nil && len(m.Example.Result) > 0 {
			command += shell.Comment(arguments.OneLine(m.Example.Result))
		}
		if method.Sends != nil {
			line("items to send come from stdin, a line of JSON each")
		}
		line("try: %s", visible.Line(command))
	}
}

// errorInWords says an error's reason, code and message, of which any may be missing.
func errorInWords(reason, code, message string) string {
	text := reason
	switch {
	case reason == "":
		text = code
	case code != "":
		text += " (" + code + ")"
	}
	return strings.TrimPrefix(strings.TrimSuffix(text+": "+message, ": "), ": ")
}
