package rpcclient

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/signature"
)

// route is what calls need of a service's records. It isn't changed, only replaced.
type route struct {
	versions   []*version // the different sets of methods that instances have
	byInstance map[string]*version
	instances  []string
	perMethod  bool     // some instance doesn't listen to the subject for several methods
	findings   findings // what calls found out beyond the records
}

// version is a set of methods, of one instance or more.
type version struct {
	methods []binder.Method // as registered
	types   map[string]string
	byName  map[string]*remoteMethod
}

// remoteMethod is a method as instances have it.
type remoteMethod struct {
	form       string // the signature as registered, with what its types stand for
	signature  *signature.Method
	err        error       // why there is no signature
	parameters *parameters // nil: they have no names to compare
	idempotent bool
}

func newRoute(records map[string]*record, found findings) *route {
	r := &route{byInstance: make(map[string]*version, len(records)), perMethod: found.deserted(), findings: found}
	r.instances = slices.Sorted(maps.Keys(records))
	for _, instance := range r.instances {
		known := records[instance]
		r.byInstance[instance] = known.version
		r.perMethod = r.perMethod || known.perMethod
		if !slices.Contains(r.versions, known.version) {
			r.versions = append(r.versions, known.version)
		}
	}
	return r
}

// newVersion reads a record's signatures, once for all instances and calls.
func newVersion(r *binder.Record) *version {
	v := &version{methods: r.Methods, types: r.Types, byName: make(map[string]*remoteMethod, len(r.Methods))}
	types, err := signature.ParseTypes(r.Types)
	definitions := ""
	for _, name := range slices.Sorted(maps.Keys(r.Types)) {
		definitions += "\n" + name + " " + r.Types[name]
	}
	for _, m := range r.Methods {
		remote := &remoteMethod{form: m.Signature + definitions, err: err, idempotent: m.Idempotent}
		if err == nil {
			if remote.signature, remote.err = types.Parse(m.Signature); remote.err == nil {
				remote.parameters = parametersOf(remote.signature)
			}
		}
		v.byName[m.Name] = remote
	}
	return v
}

func (v *version) same(r *binder.Record) bool {
	return reflect.DeepEqual(v.methods, r.Methods) && maps.Equal(v.types, r.Types)
}

// versionsAt returns the versions that a call may meet: the one of its instance, if it
// goes to one that the registry knows.
func (r *route) versionsAt(instance string) []*version {
	if v := r.byInstance[instance]; v != nil {
		return []*version{v}
	}
	return r.versions
}

func (r *route) has(m *Method) bool {
	for _, v := range r.versionsAt(m.client.instance) {
		if v.byName[m.name] != nil {
			return true
		}
	}
	return false
}

// idempotent reports whether every version of the method is.
func (r *route) idempotent(m *Method) bool {
	for _, v := range r.versionsAt(m.client.instance) {
		if remote := v.byName[m.name]; remote != nil && !remote.idempotent {
			return false
		}
	}
	return r.has(m)
}

// check compares a method with a stub, or where there is none with what the call itself
// says: how many arguments, and where the result should go.
func (remote *remoteMethod) check(stub *signature.Method, wants *way) error {
	if remote.err != nil {
		return fmt.Errorf("the registry's signature can't be read: %w", remote.err)
	}
	if stub != nil {
		return signature.Fits(stub, remote.signature)
	}
	sig := remote.signature
	switch {
	case !remote.takes(wants.args) && sig.Variadic:
		return fmt.Errorf("a call with %s doesn't fit %s: it takes at least %d", arguments(wants.args), sig, len(sig.Params)-1)
	case !remote.takes(wants.args):
		return fmt.Errorf("a call with %s doesn't fit %s: it takes %d", arguments(wants.args), sig, len(sig.Params))
	case wants.result == nil:
		return nil
	}
	result, err := signature.NewTypes().OfType(wants.result)
	if err != nil {
		return fmt.Errorf("a %s can't take the result of %s: %w", wants.result, sig, err)
	}
	return signature.Fits(&signature.Method{Name: sig.Name, Params: sig.Params, Variadic: sig.Variadic, Result: result}, sig)
}

// takes reports whether a method with a signature takes so many arguments.
func (remote *remoteMethod) takes(args int) bool {
	params := len(remote.signature.Params)
	return args == params || remote.signature.Variadic && args >= params-1
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
