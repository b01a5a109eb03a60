package signature_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/helium-rpc/helium/signature"
)

// Aliases of unnamed structs double at each level: pow12 has 4,096 leaves, and is too
// long for one definition.
type (
	pow1  = struct{ TheLeft, TheRight int8 }
	pow2  = struct{ TheLeft, TheRight pow1 }
	pow3  = struct{ TheLeft, TheRight pow2 }
	pow4  = struct{ TheLeft, TheRight pow3 }
	pow5  = struct{ TheLeft, TheRight pow4 }
	pow6  = struct{ TheLeft, TheRight pow5 }
	pow7  = struct{ TheLeft, TheRight pow6 }
	pow8  = struct{ TheLeft, TheRight pow7 }
	pow9  = struct{ TheLeft, TheRight pow8 }
	pow10 = struct{ TheLeft, TheRight pow9 }
	pow11 = struct{ TheLeft, TheRight pow10 }
	pow12 = struct{ TheLeft, TheRight pow11 }
	pow13 = struct{ TheLeft, TheRight pow12 }
	wide  struct{ Of pow12 }

	list10  = [][][][][][][][][][]int8
	list30  = [][][][][][][][][][][][][][][][][][][][]list10
	deepest struct{ L list30 }
	tooDeep struct{ L []list30 }
	// Within a named struct the count begins anew.
	deepTwice [][][][][][][][][][]deepest
	// The parentheses of "([]int8)?" are a level too.
	deepestOmitted struct {
		L [][][][][][][][][]struct {
			L [][][][][][][][][]list10 `json:",omitempty"`
		}
	}
	tooDeepOmitted struct {
		L [][][][][][][][][]struct {
			L [][][][][][][][][][]list10 `json:",omitempty"`
		}
	}
)

func TestWhatOneSideMakesTheOtherReads(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want string // of the error, "" if there is to be none
	}{
		{reflect.TypeFor[deepest](), ""},
		{reflect.TypeFor[tooDeep](), "field tooDeep.L: int8 nests deeper than 32 levels"},
		{reflect.TypeFor[deepTwice](), ""},
		{reflect.TypeFor[deepestOmitted](), ""},
		{reflect.TypeFor[tooDeepOmitted](), "int8 nests deeper than 32 levels"},
		{reflect.TypeFor[pow11](), ""},
		{reflect.TypeFor[pow12](), "at most 65536 fit; give the unnamed structs a name"},
		{reflect.TypeFor[pow13](), "argument 1, field struct.TheRight"},
		{reflect.TypeFor[pow13](), "have more than 10000 parts; give the unnamed structs a name"},
		{reflect.TypeFor[wide](), "type wide is 102384 bytes long in Helium's notation, at most 65536 fit"},
	} {
		types := signature.NewTypes()
		m, err := types.OfFunc("f", reflect.FuncOf([]reflect.Type{c.typ}, nil, false))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.60v: got %v, want an error with %q", c.typ, err, c.want)
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("%.60v: got %d errors, want one", c.typ, strings.Count(err.Error(), "\n")+1)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.60v: got %v, want no error", c.typ, err)
			continue
		}
		if got, want := parse(t, m.String(), types.Definitions()).String(), m.String(); got != want {
			t.Errorf("%.60v: got %.100s, want %.100s", c.typ, got, want)
		}
	}
}

func TestAServiceHasRoomForSoManyTypes(t *testing.T) {
	many, long := make(map[string]string), make(map[string]string)
	for i := range signature.MaxTypes {
		many[fmt.Sprintf("T%d", i)] = "{}"
	}
	for i := range signature.MaxDefinitions / signature.MaxLength {
		long[fmt.Sprintf("T%d", i)] = "{" + strings.Repeat("x", signature.MaxLength-len("{ int8}")) + " int8}"
	}
	for _, c := range []struct {
		defs map[string]string
		want string
	}{
		{many, "1001 named types are too many for one service, which can have 1000; split it"},
		{long, "the named types are 1048598 bytes long in Helium's notation, at most 1048576 fit; split the service"},
	} {
		types, err := signature.ParseTypes(c.defs)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := types.OfType(reflect.TypeFor[point]()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
		if got := len(types.Definitions()); got != len(c.defs) {
			t.Errorf("got %d types after one was refused, want %d", got, len(c.defs))
		}
	}
}

func TestTypesCanBeUsedBySeveralGoroutines(t *testing.T) {
	types := signature.NewTypes()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m, err := types.OfFunc("f", reflect.TypeFor[func(node, tree, point, pair[node, tree])]())
			if err != nil {
				t.Error(err)
				return
			}
			parsed, err := types.Parse(m.String())
			if err != nil {
				t.Error(err)
				return
			}
			if err := signature.Fits(m, parsed); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(types.Definitions()); got != 4 {
		t.Errorf("got %d types, want the 4 that all goroutines used: %v", got, types.Definitions())
	}
}
