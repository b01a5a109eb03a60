package schema

import (
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// reserved are names that a declaration or a parameter can't have, or that would hide
// what the client itself uses.
var reserved = wordSet(`
	any arguments async await boolean break bigint case catch class const continue debugger
	declare default delete do else enum eval export extends false finally for function get if
	implements import in infer instanceof interface keyof let module namespace never new
	null number object of package private protected public readonly return set static
	string super switch symbol this throw true try type typeof undefined unique unknown
	var void while with yield NaN Infinity globalThis
	Array AsyncGenerator AsyncIterable AsyncIterator BigInt DataView Error Iterable Iterator JSON Math Number Object Partial
	Promise RangeError RegExp Set String Symbol Uint8Array WeakMap
	CallOptions Caller ClientOptions Code Connection ErrorFacts Floats HeliumError Int64 Outcome
	FrameElement Headers InstanceRecord Items OpenStream Replies Reply SendOptions SendingCaller SendingConnection
	SendingMessage Signal StreamCaller StreamConnection StreamRoute UnsendableItem WireForm WireForms WireReader WireWriter
	abortable badResult busError canceled collected decode defaultPrefix encode firstRounded isWide
	maxItems namedFloats options parse tokens`)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// names hands out identifiers, each once.
type names map[string]bool

// take returns the identifier nearest to a name that isn't reserved or taken.
func (n names) take(name string) string {
	base := tsIdentifier(name)
	if reserved[base] {
		base += "_"
	}
	id := base
	for i := 2; n[id]; i++ {
		id = base + strconv.Itoa(i)
	}
	n[id] = true
	return id
}

// tsIdentifier makes an identifier of any text.
func tsIdentifier(name string) string {
	id := strings.Map(func(r rune) rune {
		if r == '_' || r == '$' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if id == "" || '0' <= id[0] && id[0] <= '9' {
		id = "_" + id
	}
	return id
}

// pascal is the name of a service as part of the name of a type: math → Math,
// stock-v2 → StockV2.
func pascal(service string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(service, func(r rune) bool { return r == '-' || r == '_' }) {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// tsNames are the names within one file.
type tsNames struct {
	classes map[string]string            // of clients, by service
	types   map[string]map[string]string // of named types, by service and name
}

// newTSNames names the clients and the types of all services. A type that several
// services define under one name is called after its service too: MathPoint.
func newTSNames(services []*Service) tsNames {
	out := tsNames{make(map[string]string), make(map[string]map[string]string)}
	taken := make(names)
	defined := make(map[string]int)
	for _, s := range services {
		out.classes[s.Name] = taken.take(pascal(s.Name) + "Client")
		for _, t := range s.namedTypes() {
			defined[t.Name]++
		}
	}
	for _, s := range services {
		types := make(map[string]string)
		for _, t := range s.namedTypes() {
			name := t.Name
			if defined[name] > 1 {
				name = pascal(s.Name) + name
			}
			types[t.Name] = taken.take(name)
		}
		out.types[s.Name] = types
	}
	return out
}

// tsParams are the names of a method's parameters, as a function can have them.
func tsParams(m *signature.Method) []string {
	m = withItems(m)
	taken := make(names)
	params := make([]string, len(m.Params))
	for i := range m.Params {
		params[i] = taken.take(argumentName(m, i))
	}
	return params
}
