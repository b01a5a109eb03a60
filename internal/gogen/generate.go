package gogen

import (
	"bytes"
	"context"
	_ "embed" // the template
	"errors"
	"fmt"
	"go/format"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/helium-rpc/helium/internal/shell"
)

//go:embed stub.go.tmpl
var stubText string

var stubTemplate = template.Must(template.New("stub").Parse(stubText))

// Generate reads the interface and returns the file for it, which it has type-checked
// together with the package. It writes nothing.
//
// The error is [Faults] if the interface can't be called remotely.
func Generate(ctx context.Context, given Config) (*File, error) {
	cfg, err := given.withDefaults()
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; name that of the package that declares %s", cfg.Dir, cfg.Type)
	}
	path := filepath.Join(dir, cfg.Out)
	if err := mayReplace(path); err != nil {
		return nil, err
	}
	f, err := openFolder(ctx, dir, path)
	if err != nil {
		if _, none := errors.AsType[uncompiled](err); none {
			if where := elsewhere(dir, cfg.Type, path); where != "" {
				err = fmt.Errorf("%w\n%s", err, where)
			}
		}
		return nil, err
	}
	pkg, err := f.check(path, nil)
	if err != nil {
		return nil, err
	}
	if pkg.Types.Scope().Lookup(cfg.Type) == nil {
		if where := elsewhere(dir, cfg.Type, path); where != "" {
			return nil, fmt.Errorf("package %s has no type %s: %s", pkg.Name, cfg.Type, where)
		}
	}
	svc, err := readService(pkg, cfg.Type, cfg.Service)
	if err != nil {
		return nil, withErrors(err, pkg.Errors)
	}
	if err := namesFree(pkg, svc); err != nil {
		return nil, err
	}
	if err := notOfAnother(pkg, path, cfg.Type); err != nil {
		return nil, err
	}
	conditions, err := constraints(pkg, svc, dir)
	if err != nil {
		return nil, err
	}
	if err := checkOut(path, cfg.Type, conditions); err != nil {
		return nil, err
	}
	svc.constraint = joinedConstraint(conditions)
	content, err := write(svc, cfg.command(given))
	if err != nil {
		return nil, err
	}
	file := &File{Path: path, Content: content, Service: svc.name, Command: cfg.command(given)}
	if fresh, err := file.Fresh(); err == nil && fresh {
		return file, nil // it compiled when it was written, and nothing changed that it depends on
	}
	again := file.Command
	if given.Dir != "" {
		again += " " + shell.Word(given.Dir)
	}
	return file, check(f, file, again)
}

// namesFree makes sure that the package doesn't declare what the file will.
func namesFree(pkg *packages.Package, svc *service) error {
	faults := &faults{fset: pkg.Fset}
	hidden(pkg.Types, faults)
	var v view
	v.names(svc)
	for _, name := range []string{v.Client, v.New, v.NewFor, v.Register} {
		other := pkg.Types.Scope().Lookup(name)
		if other == nil {
			continue
		}
		if isGenerated(pkg.Fset.Position(other.Pos()).Filename) {
			faults.add(other.Pos(), "%s is declared here by an earlier output; remove the file", name)
		} else {
			faults.add(other.Pos(), "%s is declared here, and generated code declares it too; rename it, or the interface", name)
		}
	}
	return faults.err()
}

// check type-checks the package with the file in it. Again is the command at hand.
func check(f *folder, file *File, again string) error {
	pkg, err := f.check(file.Path, file.Content)
	if err != nil {
		return err
	}
	var broken []packages.Error
	for _, e := range pkg.Errors {
		if strings.Contains(e.Msg, "could not import "+heliumPath) {
			return f.withoutHelium(again)
		}
		// Faults of other files are their author's business, and may be there because
		// the file that is being made is still missing.
		inFile := strings.HasPrefix(e.Pos, file.Path+":")
		if inFile || strings.Contains(e.Msg, "redeclared") || strings.Contains(e.Msg, "already declared") {
			broken = append(broken, e)
		}
	}
	if broken == nil {
		return nil
	}
	return fmt.Errorf("the code for the package wouldn't compile, so nothing is written:\n%w", joined(broken))
}

// withErrors adds the package's own errors where its types couldn't be told for them.
func withErrors(err error, errs []packages.Error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(e packages.Error) bool { return e.Kind != packages.TypeError })
	if len(errs) == 0 || !strings.Contains(err.Error(), doesNotCompile) {
		return err
	}
	for _, e := range errs {
		if isUntidy(e.Msg) {
			return fmt.Errorf("%w\n%w\ngo.mod isn't tidy; run: go mod tidy", err, joined(errs))
		}
	}
	return fmt.Errorf("%w\n%w", err, joined(errs))
}

// generator writes one file.
type generator struct {
	svc      *service
	plan     *planner
	imports  *imports
	prefix   string // of the names of functions: "Stock"
	words    typeutil.Map
	taken    map[string]bool   // words
	pending  []types.Type      // composite types whose functions aren't written yet
	aliases  map[string]string // of types of the package whose names would be hidden
	explains bool
}

// view is what the template sees.
type view struct {
	Command    string // that made the file
	Constraint string // the line with the build constraint; "": there is none
	Package    string
	Imports    []string // lines, "" between the groups

	Interface, Service            string // Service is quoted
	Client, New, NewFor, Register string // what the file declares for users
	Types                         string // the function that returns the definitions; "": there are none
	Definitions                   [][2]string
	Doc                           string // of the service, quoted
	WithEnums                     string // the function that returns the definitions with the names of enums; "": there are none
	DefinitionsWithEnums          [][2]string
	TypeDocs                      string // the function that returns the docs of types; "": there are none
	DocsOfTypes                   []typeDocView
	Enums                         string // the function that returns the enums; "": there are none
	AllEnums                      []enumView
	Methods                       []methodView
	Codecs                        []codec
	Aliases                       [][2]string // a name of the file's own, and the type that it is
	Explain                       string      // the function; "": nothing needs it

	// What the file calls the packages that it always imports, or that errors need.
	ContextPkg, ErrorsPkg, HeliumPkg, ClientPkg, ServerPkg, CodecPkg string
}

// typeDocView is what is said of a type, all quoted.
type typeDocView struct {
	Name, Doc string
	Fields    [][2]string
}

// enumView is an enum, all quoted.
type enumView struct {
	Name, Type, Doc string
	Values          []enumValueView
}

// enumValueView is a value of an enum, as Go.
type enumValueView struct{ Name, Value, Doc string }

// described adds what comments say of the service and its types.
func (g *generator) described(v *view) {
	svc := g.svc
	v.Doc = quotedDoc(svc.doc)
	if svc.typeDocs != nil {
		v.TypeDocs = g.private("TypeDocs")
	}
	for _, doc := range svc.typeDocs {
		view := typeDocView{Name: strconv.Quote(doc.name), Doc: quotedDoc(doc.doc)}
		for _, f := range doc.fields {
			view.Fields = append(view.Fields, [2]string{strconv.Quote(f[0]), quotedDoc(f[1])})
		}
		v.DocsOfTypes = append(v.DocsOfTypes, view)
	}
	if svc.enums == nil {
		return
	}
	v.Enums = g.private("Enums")
	for _, e := range svc.enums {
		view := enumView{Name: strconv.Quote(e.name), Type: strconv.Quote(e.kind.String()), Doc: quotedDoc(e.doc)}
		for _, value := range e.values {
			view.Values = append(view.Values, enumValueView{strconv.Quote(value.constant.Name()), g.value(value), quotedDoc(value.doc)})
		}
		v.AllEnums = append(v.AllEnums, view)
	}
	if !maps.Equal(svc.withEnums, svc.types) {
		v.WithEnums = g.private("TypesWithEnums")
		for _, name := range slices.Sorted(maps.Keys(svc.withEnums)) {
			v.DefinitionsWithEnums = append(v.DefinitionsWithEnums, [2]string{strconv.Quote(name), strconv.Quote(svc.withEnums[name])})
		}
	}
}

// quotedDoc returns a comment as Go, "" if it is empty.
func quotedDoc(doc string) string {
	if doc == "" {
		return ""
	}
	return strconv.Quote(doc)
}

// write makes the file's content.
func write(svc *service, command string) ([]byte, error) {
	name := svc.iface.Name()
	g := &generator{
		svc: svc, plan: newPlanner(svc.pkg), imports: newImports(svc.pkg),
		prefix: capital(name), taken: make(map[string]bool), aliases: make(map[string]string),
	}
	v := view{Command: command, Constraint: svc.constraint, Package: svc.pkg.Name(), Interface: name, Service: strconv.Quote(svc.name)}
	v.names(svc)
	v.ContextPkg = g.imports.name("context", "context")
	v.ErrorsPkg = g.imports.name("errors", "errors")
	v.ClientPkg = g.imports.name(heliumPath+"/rpcclient", "rpcclient")
	v.ServerPkg = g.imports.name(heliumPath+"/rpcserver", "rpcserver")
	if len(svc.types) > 0 {
		v.Types = g.private("Types")
		for _, name := range slices.Sorted(maps.Keys(svc.types)) {
			v.Definitions = append(v.Definitions, [2]string{strconv.Quote(name), strconv.Quote(svc.types[name])})
		}
	}
	// The packages of all types are named before the parameters are, as these give way.
	for _, m := range svc.methods {
		g.imports.all(m)
	}
	for _, m := range svc.methods {
		v.Methods = append(v.Methods, g.method(m))
	}
	v.Codecs = g.codecs()
	g.described(&v)
	if g.explains {
		v.Explain = g.explain()
	}
	if len(v.Codecs) > 0 || g.explains {
		v.CodecPkg = g.imports.name(heliumPath+"/codec", "codec")
	}
	for _, name := range slices.Sorted(maps.Keys(g.aliases)) {
		v.Aliases = append(v.Aliases, [2]string{g.aliases[name], name})
	}
	v.HeliumPkg = g.imports.byPath[heliumPath]
	v.Imports = g.imports.lines()
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

// names says what the file declares for users. An interface that isn't exported gives
// names that aren't either.
func (v *view) names(svc *service) {
	name := svc.iface.Name()
	switch {
	case name == "Service":
		v.Client, v.New, v.Register = "Client", "NewClient", "Register"
	case svc.iface.Exported():
		v.Client, v.New, v.Register = name+"Client", "New"+name+"Client", "Register"+name
	default:
		v.Client, v.New, v.Register = name+"Client", "new"+capital(name)+"Client", "register"+capital(name)
	}
	v.NewFor = v.New + "For"
}

// all imports the packages of a method's types.
func (im *imports) all(m *method) {
	for _, p := range m.params {
		types.TypeString(p.typ, im.of)
	}
	if m.result != nil {
		types.TypeString(m.result, im.of)
	}
	if len(m.errors) > 0 {
		im.name(heliumPath, "helium")
	}
}
