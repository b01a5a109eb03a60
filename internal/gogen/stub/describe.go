package stub

import (
	"go/constant"
	"maps"
	"slices"
	"strconv"

	"github.com/helium-rpc/helium/internal/gogen/service"
)

// descriptions are what comments say of a service and its types, as the template writes it.
type descriptions struct {
	Doc                  string // of the service, quoted
	TypeDocs             string // the function that returns the docs of types; "": there are none
	DocsOfTypes          []typeDocView
	Enums                string // the function that returns the enums; "": there are none
	AllEnums             []enumView
	WithEnums            string // the function that returns the definitions with the names of enums; "": there are none
	DefinitionsWithEnums [][2]string
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

// describe returns what comments say of the service and its types.
func describe(svc *service.Service, names *names) (v descriptions) {
	v.Doc = quotedDoc(svc.Doc)
	if svc.TypeDocs != nil {
		v.TypeDocs = names.private("TypeDocs")
	}
	for _, doc := range svc.TypeDocs {
		view := typeDocView{Name: strconv.Quote(doc.Name), Doc: quotedDoc(doc.Doc)}
		for _, f := range doc.Fields {
			view.Fields = append(view.Fields, [2]string{strconv.Quote(f[0]), quotedDoc(f[1])})
		}
		v.DocsOfTypes = append(v.DocsOfTypes, view)
	}
	if svc.Enums == nil {
		return v
	}
	v.Enums = names.private("Enums")
	for _, e := range svc.Enums {
		view := enumView{Name: strconv.Quote(e.Name), Type: strconv.Quote(e.Kind.String()), Doc: quotedDoc(e.Doc)}
		for _, value := range e.Values {
			view.Values = append(view.Values, enumValueView{strconv.Quote(value.Constant.Name()), constantValue(value, names), quotedDoc(value.Doc)})
		}
		v.AllEnums = append(v.AllEnums, view)
	}
	if !maps.Equal(svc.WithEnums, svc.Types) {
		v.WithEnums = names.private("TypesWithEnums")
		for _, name := range slices.Sorted(maps.Keys(svc.WithEnums)) {
			v.DefinitionsWithEnums = append(v.DefinitionsWithEnums, [2]string{strconv.Quote(name), strconv.Quote(svc.WithEnums[name])})
		}
	}
	return v
}

// quotedDoc returns a comment as Go, "" if it is empty.
func quotedDoc(doc string) string {
	if doc == "" {
		return ""
	}
	return strconv.Quote(doc)
}

// constantValue writes the value of a constant as Go.
func constantValue(v service.EnumValue, names *names) string {
	c := v.Constant
	if v.ByName {
		if c.Pkg() == names.home {
			return c.Name()
		}
		return names.imports.of(c.Pkg()) + "." + c.Name()
	}
	switch text := c.Val(); text.Kind() {
	case constant.String:
		return strconv.Quote(constant.StringVal(text))
	case constant.Int:
		if _, fits := constant.Int64Val(text); !fits {
			return "uint64(" + text.ExactString() + ")"
		}
		if n, _ := constant.Int64Val(text); n != int64(int32(n)) {
			return "int64(" + text.ExactString() + ")" // an int may be of 32 bits
		}
		return text.ExactString()
	default:
		return text.ExactString()
	}
}
