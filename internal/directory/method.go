package directory

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// Version is a set of methods, of one instance or more.
type Version struct {
	methods []binder.Method // as registered
	types   map[string]string
	byName  map[string]*Method
}

// Method is a method as instances have it.
type Method struct {
	Form Form
	// Signature is nil if it can't be read, for the reason Err.
	Signature *signature.Method
	Err       error
	// Parameters are what the names in arguments are compared with; nil: there are none.
	Parameters *transcode.Parameters
	// Sends is the like for the items that it takes as a stream.
	Sends      *transcode.Parameters
	Idempotent bool
}

// Form is the signature of a method as registered, with what its types stand for. Methods of
// one form can be called alike.
type Form struct {
	signature   string
	definitions string // one for all methods of a version
}

// newVersion reads a record's signatures, once for all instances and calls.
func newVersion(r *binder.Record) *Version {
	v := &Version{methods: r.Methods, types: r.Types, byName: make(map[string]*Method, len(r.Methods))}
	types, err := signature.ParseTypes(r.Types)
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Types)) {
		all.WriteString("\n" + name + " " + r.Types[name])
	}
	definitions := all.String()
	for _, m := range r.Methods {
		known := &Method{Form: Form{m.Signature, definitions}, Err: err, Idempotent: m.Idempotent}
		if err == nil {
			if known.Signature, known.Err = types.Parse(m.Signature); known.Err == nil {
				known.Parameters = transcode.ParametersOf(known.Signature)
				if sends := known.Signature.Sends; sends != nil {
					known.Sends = transcode.ParametersOf(&signature.Method{Params: []signature.Param{*sends}})
				}
			}
		}
		v.byName[m.Name] = known
	}
	return v
}

// Method returns the version's method of that name; nil: it has none.
func (v *Version) Method(name string) *Method { return v.byName[name] }

// of reports whether a record has this version's methods.
func (v *Version) of(r *binder.Record) bool {
	return reflect.DeepEqual(v.methods, r.Methods) && maps.Equal(v.types, r.Types)
}

// Takes reports whether a method, whose signature is known, takes so many arguments.
func (m *Method) Takes(args int) bool {
	params := len(m.Signature.Params)
	return args == params || m.Signature.Variadic && args >= params-1
}
