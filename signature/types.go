package signature

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
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

// ParseTypesWithEnums is [ParseTypes] where names can also be those of enums: of a bool, an
// integer or a string, by the word of the notation, of which some values have names.
//
//	ParseTypesWithEnums(map[string]string{"Item": "{paint Color}"}, map[string]string{"Color": "string"})
//
// A type that is an enum has the Kind of its values and a Name. It is open: values without
// a name are values too.
func ParseTypesWithEnums(defs, enums map[string]string) (*Types, error) {
	if n := len(defs) + len(enums); n > MaxTypes {
		return nil, fmt.Errorf("%d types and enums are defined; at most %d can be", n, MaxTypes)
	}
	named := make(map[string]*Type, len(defs)+len(enums))
	for _, name := range slices.Sorted(maps.Keys(enums)) {
		if err := checkTypeName(name); err != nil {
			return nil, err
		}
		if _, twice := defs[name]; twice {
			return nil, fmt.Errorf("%s is both a type and an enum; rename one", name)
		}
		t := scalars[enums[name]]
		if t == nil || !t.Kind.mayBeEnum() {
			return nil, fmt.Errorf("enum %s: %.40q can't be the type of its values; bool, integers and string can", name, enums[name])
		}
		named[name] = &Type{Kind: t.Kind, Name: name}
	}
	return parseTypes(defs, named)
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

// WithoutEnums returns what the names of types stand for, as [Types.Definitions] does, with
// the types of their values in the places of enums.
func (ts *Types) WithoutEnums() map[string]string {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	defs := make(map[string]string, len(ts.named))
	for name, t := range ts.named {
		if !t.IsEnum() {
			unnamed := *t
			unnamed.Name = ""
			defs[name] = withoutEnums(&unnamed).String()
		}
	}
	return defs
}

// Describe says of a named type or an enum what its definition can't: what it is for, what
// its fields are for, by their names, and which values have names. It does nothing if no
// type has that name.
func (ts *Types) Describe(name, doc string, fields map[string]string, values []Value) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named[name]
	if t == nil {
		return
	}
	t.Doc, t.Values = doc, values
	for i := range t.Fields {
		t.Fields[i].Doc = fields[t.Fields[i].Name]
	}
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
