package signature

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Types are the named types of one service: what the names in its signatures stand
// for. It can be used by several goroutines at once.
type Types struct {
	mu    sync.RWMutex
	named map[string]*Type       // guarded by mu: by name
	ofGo  map[reflect.Type]*Type // guarded by mu: the named types that Go types became
}

// NewTypes returns an empty set, to be filled by [Types.OfFunc] and [Types.OfType].
func NewTypes() *Types {
	return &Types{named: make(map[string]*Type), ofGo: make(map[reflect.Type]*Type)}
}

// ParseTypes reads definitions as [Types.Definitions] returns them: "Point" →
// "{x float64, y float64}". Each is a struct, a list or a map, and can use every
// name, its own included. The error names the definition and the column.
func ParseTypes(defs map[string]string) (*Types, error) {
	return parseTypes(defs, make(map[string]*Type, len(defs)))
}

// parseTypes is ParseTypes where the definitions can use the names that are known already.
func parseTypes(defs map[string]string, known map[string]*Type) (*Types, error) {
	if len(defs) > MaxTypes {
		return nil, fmt.Errorf("%d types are defined; at most %d can be", len(defs), MaxTypes)
	}
	ts := NewTypes()
	ts.named = known
	total := 0
	for name, text := range defs {
		if total += len(text); total > MaxDefinitions {
			return nil, fmt.Errorf("the definitions of the types are longer than %d bytes", MaxDefinitions)
		}
		// All names come first: a definition can use one that is defined after it.
		ts.named[name] = &Type{Name: name}
	}
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		if err := checkTypeName(name); err != nil {
			return nil, err
		}
		body, err := parseDefinition(defs[name], ts.named)
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		*ts.named[name] = *body
		ts.named[name].Name = name
	}
	return ts, nil
}

// Parse reads a signature, such as "add(a float64, b float64) float64", whose names
// of types are those in ts. It takes text from anyone: length and depth have limits.
// The error says in which column what was expected.
func (ts *Types) Parse(signature string) (*Method, error) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return parseMethod(signature, ts.named)
}

// Definitions returns what each name stands for: "Point" → "{x float64, y float64}".
// It is empty, not nil, if there are no named types.
//
// Of two Go types with one name the first that was met keeps it and the second is
// called Point2: the same calls in the same order give the same names.
func (ts *Types) Definitions() map[string]string {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	defs := make(map[string]string, len(ts.named))
	for name, t := range ts.named {
		if !t.IsEnum() {
			defs[name] = t.Definition()
		}
	}
	return defs
}

func checkTypeName(name string) error {
	switch {
	case name == "":
		return errors.New("a type is defined without a name")
	case len(name) > MaxName:
		return fmt.Errorf("the type name %.20q… is %d bytes long; at most %d fit", name, len(name), MaxName)
	case !isIdentifier(name):
		return fmt.Errorf("the type name %q isn't allowed; type names match [A-Za-z_][A-Za-z0-9_]*", name)
	case isReserved(name):
		return fmt.Errorf("the type name %q is a word of the notation; define another name", name)
	}
	return nil
}

func isReserved(name string) bool { return name == "map" || scalars[name] != nil }

// freeName returns the name for a Go type of the given Go name: that name as an
// identifier, with the smallest number from 2 behind it that makes it free.
func freeName(goName string, taken func(string) bool) string {
	base := identifier(goName)
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = strconv.Itoa(n)
		}
		name := base[:min(len(base), MaxName-len(suffix))] + suffix
		if !isReserved(name) && !taken(name) {
			return name
		}
	}
}

// identifier turns the Go name of a type into an identifier: the words in it, without
// the paths of packages, each but the first with a capital:
// "Page[example.com/shop.Item]" becomes "PageItem", "Pair[string,[]int]" "PairStringInt".
func identifier(goName string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(goName, func(r rune) bool {
		// What is left in a word is a name, qualified by a path of any runes but these.
		return strings.ContainsRune("[],;{}()* \"", r)
	}) {
		word = word[strings.LastIndexAny(word, "/.")+1:]
		word, _, _ = strings.Cut(word, "·") // the compiler numbers local types: "T·1"
		for i, r := range word {
			if i == 0 && b.Len() > 0 {
				r = unicode.ToUpper(r)
			}
			if !isASCIIWord(r) {
				r = '_'
			}
			b.WriteRune(r)
		}
	}
	return b.String() // begins as the Go name does: no digit
}

func isASCIIWord(r rune) bool { return r < utf8.RuneSelf && isWordByte(byte(r)) }
