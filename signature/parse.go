package signature

// parser reads one signature or one definition by recursive descent, one method a
// rule of the grammar in docs/protocol.md. Blanks may stand between any two tokens.
type parser struct {
	scanner
	named map[string]*Type
}

func newParser(text string, named map[string]*Type) (*parser, error) {
	s, err := newScanner(text)
	return &parser{s, named}, err
}

func parseMethod(text string, named map[string]*Type) (*Method, error) {
	p, err := newParser(text, named)
	if err != nil {
		return nil, err
	}
	return p.method()
}

func parseDefinition(text string, named map[string]*Type) (*Type, error) {
	p, err := newParser(text, named)
	if err != nil {
		return nil, err
	}
	t, err := p.typ(1)
	if err != nil {
		return nil, err
	}
	// Else two names could stand for each other and for nothing.
	if t.Name != "" || t.Kind != Struct && t.Kind != List && t.Kind != Map {
		return nil, p.errorf(0, "a definition is a struct, a list or a map, not %s", shorten(t.String(), 40))
	}
	return t, p.end()
}

func (p *parser) method() (*Method, error) {
	p.blanks()
	start := p.pos
	for p.pos < len(p.text) && (isWordByte(p.text[p.pos]) || p.text[p.pos] == '-') {
		p.pos++
	}
	m := &Method{Name: p.text[start:p.pos]}
	if !validMethodName(m.Name) {
		return nil, p.errorf(start, "want the name of a method: [A-Za-z][A-Za-z0-9_-]{0,%d}", MaxName-1)
	}
	if err := p.params(m); err != nil {
		return nil, err
	}
	if p.peek() == 0 {
		return m, p.end()
	}
	item, err := p.stream()
	switch {
	case err != nil:
		return nil, err
	case item != nil:
		m.Yields = item
		return m, p.end()
	}
	result, err := p.typ(1)
	if err != nil {
		return nil, err
	}
	m.Result = result
	return m, p.end()
}

func (p *parser) params(m *Method) error {
	if err := p.expect('('); err != nil {
		return err
	}
	if p.take(')') {
		return nil
	}
	names := make(map[string]bool)
	for {
		p.blanks()
		start := p.pos
		param, err := p.param(m)
		if err != nil {
			return err
		}
		if param.Name != "" && names[param.Name] {
			return p.errorf(start, "two parameters are called %.40q", param.Name)
		}
		names[param.Name] = true
		if len(m.Params) > 0 && (param.Name == "") != (m.Params[0].Name == "") {
			return p.errorf(start, "want either all parameters with a name or none")
		}
		if m.Sends == nil {
			m.Params = append(m.Params, param)
		}
		if !m.Variadic && m.Sends == nil && p.take(',') {
			continue
		}
		return p.expect(')')
	}
}

// param reads a parameter. It sets m.Variadic if that repeats, and m.Sends if it is a stream.
func (p *parser) param(m *Method) (Param, error) {
	var param Param
	start := p.pos
	if p.peek() == '"' {
		name, err := p.name()
		if err != nil {
			return param, err
		}
		param.Name = name
	} else if word := p.word(); word != "" {
		// A word is a name if a type follows, and else a type itself.
		switch next := p.peek(); {
		case next == 0, next == ',', next == ')', next == '?', word == "map" && next == '[', word == streamWord && next == '<':
			p.pos = start
		default:
			p.pos = start
			name, err := p.name()
			if err != nil {
				return param, err
			}
			param.Name = name
		}
	}
	item, err := p.stream()
	if item != nil {
		param.Type = item
		m.Sends = &Param{param.Name, item}
	}
	if item != nil || err != nil {
		return param, err
	}
	if p.peek() == '.' {
		for range 3 {
			if p.pos == len(p.text) || p.text[p.pos] != '.' {
				return param, p.errorf(p.pos, `want "..."`)
			}
			p.pos++
		}
		m.Variadic = true
	}
	param.Type, err = p.typ(1)
	return param, err
}

// stream reads "stream<T>" and returns the type of its items; nil: none is there.
func (p *parser) stream() (item *Type, err error) {
	start := p.pos
	if p.word() != streamWord || !p.take('<') {
		p.pos = start
		return nil, nil
	}
	if item, err = p.typ(2); err == nil {
		err = p.expect('>')
	}
	return item, err
}

// typ reads a type, itself the given number of levels deep.
func (p *parser) typ(depth int) (*Type, error) {
	if depth > MaxDepth {
		return nil, p.errorf(p.pos, "types nest deeper than %d levels; define a name for an inner one", MaxDepth)
	}
	start := p.blanks()
	switch p.peek() {
	case '[':
		p.pos++
		if err := p.expect(']'); err != nil {
			return nil, err
		}
		elem, err := p.typ(depth + 1)
		if err != nil {
			return nil, err
		}
		// A "?" behind it belonged to the element.
		return &Type{Kind: List, Elem: elem}, nil
	case '(':
		return p.optionalGroup(depth)
	case '{':
		t, err := p.structure(depth)
		if err != nil {
			return nil, err
		}
		return p.suffix(t)
	}
	switch word := p.word(); {
	case word == "":
		return nil, p.errorf(start, "want a type, such as float64, []string or {x float64}")
	case word == "map":
		return p.mapping(depth)
	case scalars[word] != nil:
		return p.suffix(scalars[word])
	case p.named[word] != nil:
		return p.suffix(p.named[word])
	default:
		return nil, p.errorf(start, "no type %s is defined", shorten(word, 40))
	}
}

// suffix reads the "?" that may follow t.
func (p *parser) suffix(t *Type) (*Type, error) {
	at := p.blanks()
	if !p.take('?') {
		return t, nil
	}
	if t.Kind == Any {
		return nil, p.errorf(at, "any may be null already; leave the ? out")
	}
	if at := p.blanks(); p.take('?') {
		return nil, p.errorf(at, "one ? is enough")
	}
	return &Type{Kind: Optional, Elem: t}, nil
}

// optionalGroup reads "([]T)?" or "(map[K]V)?". Parentheses mean nothing else, so
// that a type has one spelling.
func (p *parser) optionalGroup(depth int) (*Type, error) {
	start := p.pos
	p.pos++
	t, err := p.typ(depth + 1)
	if err != nil {
		return nil, err
	}
	if t.Name != "" || t.Kind != List && t.Kind != Map {
		return nil, p.errorf(start, "parentheses go around a list or a map only; write %s without", shorten(t.String(), 40))
	}
	if err := p.expect(')'); err != nil {
		return nil, err
	}
	if p.peek() != '?' {
		return nil, p.errorf(p.pos, "want ? behind the parentheses; they mean nothing else")
	}
	return p.suffix(t)
}

func (p *parser) mapping(depth int) (*Type, error) {
	if err := p.expect('['); err != nil {
		return nil, err
	}
	at := p.blanks()
	key, err := p.typ(depth + 1)
	if err != nil {
		return nil, err
	}
	if !key.Kind.MayBeKey() {
		return nil, p.errorf(at, "%s can't be the key of a map; bool, integers, duration, string and bytes can", shorten(key.String(), 40))
	}
	if err := p.expect(']'); err != nil {
		return nil, err
	}
	elem, err := p.typ(depth + 1)
	if err != nil {
		return nil, err
	}
	return &Type{Kind: Map, Key: key, Elem: elem}, nil
}

func (p *parser) structure(depth int) (*Type, error) {
	p.pos++ // the brace
	t := &Type{Kind: Struct}
	if p.take('}') {
		return t, nil
	}
	names := make(map[string]bool)
	for {
		at := p.blanks()
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if names[name] {
			return nil, p.errorf(at, "two fields are called %.40q", name)
		}
		names[name] = true
		ft, err := p.typ(depth + 1)
		if err != nil {
			return nil, err
		}
		t.Fields = append(t.Fields, Field{Name: name, Type: ft})
		if p.take(',') {
			continue
		}
		return t, p.expect('}')
	}
}
