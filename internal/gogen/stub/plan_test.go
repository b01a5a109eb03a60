package stub

import (
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

func TestCodeIsGeneratedForWhatIsCommonAndReflectionDoesTheRest(t *testing.T) {
	dir, err := filepath.Abs("../testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := f.Check("", nil)
	if err != nil {
		t.Fatal(err)
	}
	echo := pkg.Types.Scope().Lookup("Echo").Type().Underlying().(*types.Interface)
	want := make(map[string]shape)
	for s, methods := range map[shape]string{
		scalarShape:   "Bool Int Int8 Int16 Rune Int64 Uint Byte Uint16 Uint32 Uint64 Float32 Float64 String Duration Month Celsius Name Level Switch Color",
		bytesShape:    "Bytes Blob",
		timeShape:     "Time Moment",
		optionalShape: "Optional OptionalInt OptionalOrder OptionalList",
		listShape:     "Tags Strings Numbers Times Wide Orders Pairs",
		mapShape:      "Index ByName ByBool WideByName Query",
		structShape: "Point Order Alias Line Holder Nothing Lines Ints Anys Maps Pages Structs Pair " +
			"Embeds Shadows ForcesInline KeepsWhole Hides EmbedsScalar Omits OmitsAll Aliased " +
			"Dated DatedAgain DatedLater JSONTags OmitsZero",
		// Of no common form, of other packages, with an encoding of their own, within
		// themselves, with pointers embedded, hard to tell when empty, large in many lists.
		reflected: "Any Octets Array Digest ByDigest Twice Unnamed Money SharedOrder URL Addr Hex Packed Custom " +
			"Node Nodes Tree Forest Even Odd EmbedsPointer EmbedsForeign EmbedsTime OmitsFloats Fleet " +
			"Instant DatedItself Quoted OmitsZeros Hand BySuit Raw Numbering",
	} {
		for name := range strings.FieldsSeq(methods) {
			want[name] = s
		}
	}
	plan := newPlanner(pkg.Types)
	for m := range echo.Methods() {
		typ := m.Signature().Params().At(1).Type()
		if got, known := want[m.Name()]; !known || plan.argument(typ) != got {
			t.Errorf("%s, %v: got shape %d, want %d (known: %v)", m.Name(), typ, plan.argument(typ), got, known)
		}
	}
}
