package directory

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"unsafe"

	"github.com/helium-rpc/helium/binder"
)

func TestMethodsShareTheDefinitionsOfTheirVersion(t *testing.T) {
	r := binder.Record{Service: "math", Instance: "a", Types: map[string]string{}}
	for i := range 100 {
		r.Methods = append(r.Methods, binder.Method{Name: fmt.Sprint("m", i), Signature: "m(T0) T1"})
		r.Types[fmt.Sprint("T", i)] = "{A " + strings.Repeat("[]", 20) + "int64}"
	}
	v := newVersion(&r)
	first := v.Method("m0").Form.definitions
	for name, m := range v.byName {
		if got := m.Form.definitions; unsafe.StringData(got) != unsafe.StringData(first) {
			t.Errorf("%s has %d bytes of definitions of its own, want those of m0", name, len(got))
		}
	}
}

func TestAFormIsTheSignatureAndWhatItsTypesStandFor(t *testing.T) {
	of := func(signature string, types map[string]string) Form {
		r := binder.Record{Methods: []binder.Method{{Name: "get", Signature: signature}}, Types: types}
		return newVersion(&r).Method("get").Form
	}
	types := map[string]string{"T": "{A int64}", "U": "{B T}"}
	base := of("get(T) U", types)
	if again := of("get(T) U", maps.Clone(types)); again != base {
		t.Errorf("the same form is %v and %v, want them equal", again, base)
	}
	for _, other := range []Form{
		of("get(U) T", types),
		of("get(T) U", map[string]string{"T": "{A int64}", "U": "{B int64}"}),
		of("get(T) U", map[string]string{"T": "{A int64}", "U": "{B T}", "V": "{}"}),
	} {
		if other == base {
			t.Errorf("%v is taken for the form of another method", other)
		}
	}
}
