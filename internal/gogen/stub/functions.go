package stub

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
)

// functions are those of the file that read and write composite types. Each gets its name
// when code first calls it, and is written later.
type functions struct {
	names    *names
	words    typeutil.Map // types.Type → string: what stands for it in names
	taken    map[string]bool
	pending  []types.Type // whose functions aren't written yet
	explains bool         // something calls the function that explain names
}

func newFunctions(names *names) *functions {
	return &functions{names: names, taken: make(map[string]bool)}
}

// next returns a type whose functions are to be written; ok is false if none is left.
func (f *functions) next() (t types.Type, ok bool) {
	if len(f.pending) == 0 {
		return nil, false
	}
	t, f.pending = f.pending[0], f.pending[1:]
	return t, true
}

// explain returns the name of the function that finds the place of a fault again.
func (f *functions) explain() string {
	f.explains = true
	return f.names.free("explain" + f.names.prefix)
}

// to returns the name of the function that does to a composite type what the verb says,
// "read" or "write", and sees to it that it is written.
func (f *functions) to(verb string, t types.Type) string {
	t = types.Unalias(t)
	word, ok := f.words.At(t).(string)
	if !ok {
		word = wordOf(t)
		for n := 2; f.taken[word]; n++ {
			word = fmt.Sprintf("%s%d", wordOf(t), n)
		}
		f.taken[word] = true
		f.words.Set(t, word)
		f.pending = append(f.pending, t)
	}
	return f.names.free(verb + f.names.prefix + word)
}

// wordOf names a type within the name of a function.
func wordOf(t types.Type) string {
	t = types.Unalias(t)
	if name := gotype.NameOf(t); name != "" {
		return gotype.Capital(gotype.Identifier(name))
	}
	switch u := t.(type) {
	case *types.Basic:
		return gotype.Capital(u.Name())
	case *types.Pointer:
		return "Optional" + wordOf(u.Elem())
	case *types.Slice:
		if gotype.IsUint8(u.Elem()) {
			return "Bytes"
		}
		return "ListOf" + wordOf(u.Elem())
	case *types.Map:
		return "MapOf" + wordOf(u.Key()) + "To" + wordOf(u.Elem())
	}
	return "Value"
}
