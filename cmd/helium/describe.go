package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
	"github.com/helium-rpc/helium/signature"
)

func newDescribeCommand(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "describe service|service.method|method",
		Short: "Show a service's methods, or one method, with types, errors and an example",
		Example: `  helium describe math
  helium describe math.div
  helium describe math -o raw     signatures only`,
		Args:              cli.Words(1, 1),
		ValidArgsFunction: completeServicesAndMethods(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.Asked = args[0]
			ctx, cancel := env.Bounded(cmd.Context())
			defer cancel()
			reg, _, done, err := env.Registry(ctx)
			if err != nil {
				return err
			}
			defer done()
			entry, err := reg.Lookup(ctx, args[0])
			if err != nil {
				return err
			}
			return showDescription(env, describe(entry))
		},
	}
}

// description is what "helium describe -o json" writes.
type description struct {
	Service   string                    `json:"service"`
	Doc       string                    `json:"doc,omitempty"`
	Versions  []string                  `json:"versions"`
	Instances []string                  `json:"instances"`
	Methods   []methodDescription       `json:"methods"`
	Types     map[string]string         `json:"types,omitempty"`
	TypeDocs  map[string]binder.TypeDoc `json:"type_docs,omitempty"`
	Enums     map[string]binder.Enum    `json:"enums,omitempty"`
	Warnings  []instanceWarning         `json:"warnings,omitempty"` // what the instances say of their set-up
	single    bool                      // one method was asked for
}

// methodDescription is a method as the newest instance that has it registers it.
type methodDescription struct {
	Service string `json:"service"`
	binder.Method
	// Parameters and Result are what the signature says, for who doesn't read the notation.
	Parameters []parameterDescription `json:"parameters"`
	Result     *string                `json:"result"` // null if the method returns nothing
	// Differs lists instances whose signature is another.
	Differs []string `json:"differs,omitempty"`
	shown   string   // the signature as people see it, with the names of enums
}

// parameterDescription is one parameter of a method.
type parameterDescription struct {
	Name     string `json:"name"` // "" if the service doesn't tell it
	Type     string `json:"type"`
	Variadic bool   `json:"variadic,omitempty"` // it repeats
}

// describeMethod reads a method's signature.
func describeMethod(service string, m binder.Method, types map[string]string) methodDescription {
	d := methodDescription{Service: service, Method: m, Parameters: []parameterDescription{}, shown: m.Signature}
	parsed, err := parseMethod(m.Signature, types)
	if err != nil {
		return d // the signature itself is there
	}
	for i, p := range parsed.Params {
		d.Parameters = append(d.Parameters, parameterDescription{p.Name, p.Type.String(), parsed.Variadic && i == len(parsed.Params)-1})
	}
	if parsed.Result != nil {
		result := parsed.Result.String()
		d.Result = &result
	}
	return d
}

// describe gathers what the instances of a service say.
func describe(entry *binder.Entry) *description {
	d := &description{Service: entry.Service, Versions: []string{}, Methods: []methodDescription{}, single: entry.Method != ""}
	d.Warnings = warningsOf(entry.Records)
	records := slices.Clone(entry.Records)
	slices.SortStableFunc(records, func(x, y binder.Record) int { return y.Started.Compare(x.Started) })
	for _, r := range records {
		d.Instances = append(d.Instances, r.Instance)
		d.Versions = with(d.Versions, r.Version)
		d.addTypes(&r)
		for _, m := range r.Methods {
			if d.single && m.Name != entry.Method {
				continue
			}
			at := slices.IndexFunc(d.Methods, func(known methodDescription) bool { return known.Name == m.Name })
			switch {
			case at < 0:
				d.Methods = append(d.Methods, describeMethod(entry.Service, m, r.Types))
				if types, err := r.ReadTypes(); err == nil {
					if read, err := m.Read(types); err == nil {
						d.Methods[len(d.Methods)-1].shown = read.String()
					}
				}
			case d.Methods[at].Signature != m.Signature:
				d.Methods[at].Differs = append(d.Methods[at].Differs, r.Instance)
			}
		}
	}
	return d
}

func showDescription(env *cli.Env, d *description) error {
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
		d.write(env)
	}
	return nil
}

// write is for people.
func (d *description) write(env *cli.Env) {
	name := strings.TrimSpace(d.Service + " " + strings.Join(d.Versions, ", "))
	fmt.Fprintf(env.Out, "%s, %s\n", visible.Line(name), amount.Of(len(d.Instances), "instance"))
	for _, w := range d.Warnings {
		fmt.Fprintf(env.Out, "  warning: %s\n", visible.Line(w.String()))
	}
	if !d.single {
		writeDoc(env, "  ", d.Doc)
	}
	for _, m := range d.Methods {
		fmt.Fprintln(env.Out)
		m.write(env, d.Types)
	}
	d.writeTypes(env)
}

func (m *methodDescription) write(env *cli.Env, types map[string]string) {
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
	if names := m.ownNames(types); names != "" {
		line("by name: %s, as the service doesn't tell its parameters' names", names)
	}
	if len(m.Differs) > 0 {
		line("another signature: %s", visible.Line(strings.Join(m.Differs, ", ")))
	}
	if try := m.try(types); try != "" {
		if m.Example != nil && len(m.Example.Result) > 0 {
			try += shell.Comment(oneLine(m.Example.Result))
		}
		line("try: %s", visible.Line(try))
	}
}

// ownNames lists the names by which the parameters can be given where the service doesn't
// tell any, "" where it does.
func (m *methodDescription) ownNames(types map[string]string) string {
	method, err := parseMethod(m.Signature, types)
	if err != nil {
		return ""
	}
	named, unnamed := withNames(method)
	if !unnamed {
		return ""
	}
	names := make([]string, len(named.Params))
	for i, p := range named.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// try returns a command that calls the method: by its example, or with placeholders
// that stand for nothing but their parameters.
func (m *methodDescription) try(types map[string]string) string {
	method, err := parseMethod(m.Signature, types)
	if err != nil {
		return ""
	}
	call := shell.Line("helium", "call", m.Service+"."+m.Name)
	if m.Example != nil {
		if words := exampleWords(method, m.Example.Args); len(words) > 0 {
			call += " " + shell.Line(words...)
		}
		return call
	}
	for i, p := range method.Params {
		switch {
		case p.Name == "":
			call += fmt.Sprintf(" <arg%d>", i+1)
		case !identifier.MatchString(p.Name):
			call += " " + shell.Word("<"+p.Name+">")
		default:
			call += " <" + p.Name + ">"
		}
	}
	return call
}

// identifier is a name that no shell takes for more, even between < and >.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// exampleWords returns the arguments of an example as words of "helium call".
func exampleWords(method *signature.Method, args json.RawMessage) []string {
	var values []json.RawMessage
	if json.Unmarshal(args, &values) != nil {
		return []string{"-d", oneLine(args)}
	}
	var words []string
	for i, value := range values {
		words = append(words, exampleWord(paramType(method, i), value))
	}
	return words
}

func exampleWord(t *signature.Type, value json.RawMessage) string {
	var text string
	isText := json.Unmarshal(value, &text) == nil
	switch {
	case t == nil:
	case isText && (t.Kind == signature.String || t.Kind == signature.Bytes || t.Kind == signature.Time || t.Kind == signature.Duration):
		return textArgument(text)
	case !isText && (t.Kind.Numeric() || t.Kind == signature.Bool):
		return oneLine(value)
	}
	return jsonArgument(value)
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
