package stub

import (
	"bytes"
	_ "embed" // the template
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strconv"
	"text/template"

	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

//go:embed stub.go.tmpl
var stubText string

var stubTemplate = template.Must(template.New("stub").Parse(stubText))

// view is what the template sees.
type view struct {
	Command    string // that made the file
	Constraint string // the line with the build constraint; "": there is none
	Package    string
	Imports    []string // lines, "" between the groups

	Interface, Service string // Service is quoted
	declarations
	descriptions
	Types       string // the function that returns the definitions; "": there are none
	Definitions [][2]string
	Methods     []methodView
	Codecs      []codec
	Aliases     [][2]string // a name of the file's own, and the type that it is
	Explain     string      // the function; "": nothing needs it

	// What the file calls the packages that it always imports, or that errors need.
	ContextPkg, ErrorsPkg, HeliumPkg, ClientPkg, ServerPkg, CodecPkg string
}

// Write makes the file's content. Constraint is the line with the build constraint, "" if
// there is none, and command the one that makes the file again.
func Write(svc *service.Service, constraint, command string) ([]byte, error) {
	name := svc.Interface.Name()
	names := newNames(svc.Package, name)
	plan, functions := newPlanner(svc.Package), newFunctions(names)
	values := &values{names, functions}
	methods := &methodWriter{svc.Methods, plan, names, functions, values, &streams{plan, names, functions, values}}
	codecs := &codecWriter{plan, names, functions, values}
	v := view{Command: command, Constraint: constraint, Package: svc.Package.Name(), Interface: name, Service: strconv.Quote(svc.Name), declarations: DeclarationsFor(svc.Interface)}
	v.ContextPkg = names.imports.name("context", "context")
	v.ErrorsPkg = names.imports.name("errors", "errors")
	v.ClientPkg = names.imports.name(source.HeliumPath+"/rpcclient", "rpcclient")
	v.ServerPkg = names.imports.name(source.HeliumPath+"/rpcserver", "rpcserver")
	if len(svc.Types) > 0 {
		v.Types = names.private("Types")
		for _, name := range slices.Sorted(maps.Keys(svc.Types)) {
			v.Definitions = append(v.Definitions, [2]string{strconv.Quote(name), strconv.Quote(svc.Types[name])})
		}
	}
	// The packages of all types are named before the parameters are, as these give way.
	for _, m := range svc.Methods {
		names.imports.all(m)
	}
	if slices.ContainsFunc(svc.Methods, func(m *service.Method) bool { return m.Sends != nil || m.Yields != nil }) {
		names.imports.name("iter", "iter")
		names.imports.name(source.HeliumPath+"/codec", "codec")
	}
	for _, m := range svc.Methods {
		v.Methods = append(v.Methods, methods.method(m))
	}
	v.Codecs = codecs.all()
	v.descriptions = describe(svc, names)
	if functions.explains {
		v.Explain = functions.explain()
	}
	if len(v.Codecs) > 0 || functions.explains {
		v.CodecPkg = names.imports.name(source.HeliumPath+"/codec", "codec")
	}
	for _, name := range slices.Sorted(maps.Keys(names.aliases)) {
		v.Aliases = append(v.Aliases, [2]string{names.aliases[name], name})
	}
	v.HeliumPkg = names.imports.byPath[source.HeliumPath]
	v.Imports = names.imports.lines()
	var out bytes.Buffer
	if err := stubTemplate.Execute(&out, v); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	content, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the code for %s isn't Go, which is a fault of helium gen go: %w", name, err)
	}
	return content, nil
}
