package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// OpenRPCVersion is the version of the OpenRPC specification that documents follow.
const OpenRPCVersion = "1.3.2"

// OpenRPC returns an OpenRPC document of the services, as JSON with indentation and a
// newline at its end. Methods are called "<service>.<method>", and named types
// "<service>.<type>" among the components. There is no server in it: a call is a plain
// request to the NATS subject that x-helium-subject says.
//
// The number of an error is that of its [helium.Code], 1 to 16.
func OpenRPC(services []*Service, config Config) ([]byte, error) {
	config = config.withDefaults()
	if err := whole(services); err != nil {
		return nil, err
	}
	subjects, err := wire.NewSubjects(config.Prefix)
	if err != nil {
		return nil, err
	}
	d := document{OpenRPC: OpenRPCVersion, Info: describe(services, config), Methods: []rpcMethod{}}
	var schemas Properties
	for _, s := range services {
		prefix := s.Name + "."
		w := newSchemaWriter("#/components/schemas/", func(name string) string { return prefix + name })
		for i := range s.Methods {
			d.Methods = append(d.Methods, rpcMethodOf(w, s, &s.Methods[i], subjects))
		}
		schemas = append(schemas, w.definitions()...)
	}
	if len(schemas) > 0 {
		d.Components = &components{schemas}
	}
	text, err := encode(d)
	if err != nil {
		return nil, fmt.Errorf("the document can't be written: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, fmt.Errorf("the document can't be indented: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// describe is the head of a document: the version of one service, or those of all.
func describe(services []*Service, config Config) info {
	var names, versions []string
	for _, s := range services {
		names = append(names, s.Name)
		if s.Version == "" {
			continue
		}
		versions = append(versions, s.Name+" "+s.Version)
		if len(services) == 1 {
			versions[0] = s.Version
		}
	}
	i := info{Title: config.Title, Version: strings.Join(versions, ", ")}
	if i.Title == "" {
		i.Title = strings.Join(names, ", ")
	}
	if i.Version == "" {
		i.Version = "unversioned"
	}
	for _, s := range services {
		doc := s.Doc
		if doc != "" && len(services) > 1 {
			doc = s.Name + ": " + doc
		}
		i.Description = docAnd(i.Description, doc)
	}
	if config.Command != "" {
		i.Description = docAnd(i.Description, "Made by `"+config.Command+"`.")
	}
	return i
}

func rpcMethodOf(w *schemaWriter, s *Service, m *Method, subjects wire.Subjects) rpcMethod {
	sig := withItems(m.Signature)
	out := rpcMethod{
		Name:       s.Name + "." + sig.Name,
		Tags:       []tag{{s.Name}},
		Params:     []contentDescriptor{},
		Result:     &contentDescriptor{Name: "result", Schema: w.result(sig), Stream: sig.Yields != nil},
		Errors:     declared(m),
		Subject:    subjects.Method(s.Name, sig.Name),
		Signature:  m.Signature.WithoutEnums().String(),
		Idempotent: m.Idempotent,
	}
	out.Summary, out.Description = summary(m.Doc), m.Doc
	if out.Summary == out.Description {
		out.Description = ""
	}
	out.ParamStructure = paramStructure(sig)
	firstOptional := firstOptional(sig)
	for i := range sig.Params {
		p := contentDescriptor{Name: argumentName(sig, i), Required: i < firstOptional}
		if sig.Params[i].Name == "" && repeats(sig, i) {
			p.Schema, p.Variadic, p.Required = w.of(sig.Params[i].Type), true, false
		} else {
			p.Schema = argument(w, sig, i)
		}
		p.Stream = sig.Sends != nil && i == len(sig.Params)-1
		out.Params = append(out.Params, p)
	}
	out.Examples = examples(m)
	return out
}

// paramStructure says how arguments may be sent. In order all must be there; only by
// name can one be left out, or be the array of what repeats.
func paramStructure(m *signature.Method) string {
	switch {
	case len(m.Params) > 0 && m.Params[0].Name == "":
		return "by-position"
	case firstOptional(m) < len(m.Params):
		return "by-name"
	}
	return "either"
}

// firstOptional returns the first parameter that may be left out, as may all behind it:
// OpenRPC wants the others first. In order, none may.
func firstOptional(m *signature.Method) int {
	n := len(m.Params)
	for n > 0 && m.Params[0].Name != "" && mayBeLeftOut(m, n-1) {
		n--
	}
	return n
}

// declared returns the method's errors, one for each code: OpenRPC wants their numbers
// to differ.
func declared(m *Method) []rpcError {
	var out []rpcError
	for _, e := range m.Errors {
		var code helium.Code
		if code.UnmarshalText([]byte(e.Code)) != nil {
			code = helium.CodeUnknown // of a future version
		}
		message := e.Message
		if message == "" {
			message = e.Reason
		}
		i := slices.IndexFunc(out, func(o rpcError) bool { return o.Code == int(code) })
		if i < 0 {
			out = append(out, rpcError{int(code), message, errorData{code.String(), []string{e.Reason}}})
			continue
		}
		out[i].Message += "; " + message
		out[i].Data.Reasons = append(out[i].Data.Reasons, e.Reason)
	}
	return out
}

func examples(m *Method) []examplePairing {
	args := m.exampleArguments()
	if args == nil || m.Signature.Variadic {
		return nil // what repeats has no place of its own in the list of parameters
	}
	pairing := examplePairing{Name: m.Signature.Name, Params: []example{}}
	for i, value := range args {
		pairing.Params = append(pairing.Params, example{argumentName(withItems(m.Signature), i), value})
	}
	if m.Example.Result != nil {
		pairing.Result = &example{"result", m.Example.Result}
	}
	return []examplePairing{pairing}
}

// summary returns the first sentence of a comment.
func summary(doc string) string {
	paragraph, _, _ := strings.Cut(strings.TrimSpace(doc), "\n\n")
	paragraph = strings.Join(strings.Fields(paragraph), " ")
	if sentence, _, found := strings.Cut(paragraph, ". "); found {
		return sentence + "."
	}
	return paragraph
}
