package signature

// Method is the signature of a method.
type Method struct {
	// Name is the method's name on the wire: [A-Za-z][A-Za-z0-9_-]{0,63}.
	Name string
	// Params are the arguments that travel, in order. A context isn't among them.
	Params []Param
	// Variadic says that the last parameter repeats, from no time at all to any
	// number: its Type is that of each value, not of a list. The values travel one
	// by one, as if each were a parameter of its own.
	Variadic bool
	// Result is nil if the method returns nothing, or nothing but an error.
	Result *Type
	// Sends is what callers send as a stream, behind the arguments; nil: nothing. It isn't among
	// Params.
	Sends *Param
	// Yields is the type of the items of a method that returns a stream; else nil. Then Result is.
	Yields *Type
}

// Streams reports whether the method takes or returns a stream.
func (m *Method) Streams() bool { return m.Sends != nil || m.Yields != nil }

// Param is one parameter of a method.
type Param struct {
	// Name is "" where it isn't known: reflection doesn't tell the names of a Go
	// function's parameters. Either all parameters of a method have one or none has.
	Name string
	// Type is the type of the argument.
	Type *Type
}

// String returns the signature in Helium's notation, such as
// "add(a float64, b float64) float64", "sum(xs ...float64) float64" or "log(string)".
func (m *Method) String() string {
	b := append([]byte(m.Name), '(')
	for i, p := range m.Params {
		if i > 0 {
			b = append(b, ", "...)
		}
		if p.Name != "" {
			b = append(appendName(b, p.Name), ' ')
		}
		if m.Variadic && i == len(m.Params)-1 {
			b = append(b, "..."...)
		}
		b = p.Type.appendTo(b, 0)
	}
	if p := m.Sends; p != nil {
		if len(m.Params) > 0 {
			b = append(b, ", "...)
		}
		if p.Name != "" {
			b = append(appendName(b, p.Name), ' ')
		}
		b = appendStream(b, p.Type)
	}
	b = append(b, ')')
	switch {
	case m.Yields != nil:
		b = appendStream(append(b, ' '), m.Yields)
	case m.Result != nil:
		b = m.Result.appendTo(append(b, ' '), 0)
	}
	return string(b)
}

// streamWord begins a stream, "stream<T>". It is no type: a stream is a whole parameter, the last
// one, or a whole result.
const streamWord = "stream"

func appendStream(b []byte, item *Type) []byte {
	return append(item.appendTo(append(b, streamWord+"<"...), 1), '>')
}

// WithoutEnums returns the signature with the types of their values in the places of enums.
func (m *Method) WithoutEnums() *Method {
	plain := *m
	plain.Params = make([]Param, len(m.Params))
	for i, p := range m.Params {
		plain.Params[i] = Param{p.Name, withoutEnums(p.Type)}
	}
	plain.Result, plain.Yields = withoutEnums(m.Result), withoutEnums(m.Yields)
	if m.Sends != nil {
		plain.Sends = &Param{m.Sends.Name, withoutEnums(m.Sends.Type)}
	}
	return &plain
}

// validMethodName reports whether name matches [A-Za-z][A-Za-z0-9_-]{0,63}, what
// every name that becomes part of a subject must match.
func validMethodName(name string) bool {
	if name == "" || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !isWordByte(c) && c != '-') {
			return false
		}
	}
	return true
}
