package describe

import (
	"slices"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
)

// description is what "helium describe -o json" writes.
type description struct {
	Service   string                    `json:"service"`
	Doc       string                    `json:"doc,omitempty"`
	Versions  []string                  `json:"versions"`
	Instances []string                  `json:"instances"`
	Direct    []string                  `json:"direct,omitempty"` // those that offer direct links
	Methods   []methodDescription       `json:"methods"`
	Types     map[string]string         `json:"types,omitempty"`
	TypeDocs  map[string]binder.TypeDoc `json:"type_docs,omitempty"`
	Enums     map[string]binder.Enum    `json:"enums,omitempty"`
	Warnings  []lookup.Warning          `json:"warnings,omitempty"` // what the instances say of their set-up
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
	parsed, err := lookup.ParseMethod(m.Signature, types)
	if err != nil {
		return d // the signature itself is there
	}
	for i, p := range parsed.Params {
		d.Parameters = append(d.Parameters, parameterDescription{p.Name, p.Type.String(), parsed.Variadic && i == len(parsed.Params)-1})
	}
	if p := parsed.Sends; p != nil {
		d.Parameters = append(d.Parameters, parameterDescription{Name: p.Name, Type: "stream<" + p.Type.String() + ">"})
	}
	var result string
	switch {
	case parsed.Yields != nil:
		result = "stream<" + parsed.Yields.String() + ">"
	case parsed.Result != nil:
		result = parsed.Result.String()
	default:
		return d
	}
	d.Result = &result
	return d
}

// describe gathers what the instances of a service say.
func describe(entry *binder.Entry) *description {
	d := &description{Service: entry.Service, Versions: []string{}, Methods: []methodDescription{}, single: entry.Method != ""}
	d.Warnings = lookup.Warnings(entry.Records)
	records := slices.Clone(entry.Records)
	slices.SortStableFunc(records, func(x, y binder.Record) int { return y.Started.Compare(x.Started) })
	d.Direct = lookup.OfferDirect(records)
	for _, r := range records {
		d.Instances = append(d.Instances, r.Instance)
		if r.Version != "" && !slices.Contains(d.Versions, r.Version) {
			d.Versions = append(d.Versions, r.Version)
		}
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
