package transcode

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// JSON turns one msgpack value into JSON, without blanks and in the order of the
// msgpack. The type t says how it was meant; nil: not known. See the package's
// documentation for how types stand in JSON.
//
// An error is a *[msgpack.SyntaxError] if the bytes are refused by [msgpack.Scan], and else
// says what JSON can't express, and where, such as [3]["ratio"].
func JSON(packed []byte, t *signature.Type) ([]byte, error) {
	if err := msgpack.Scan(packed); err != nil {
		return nil, err
	}
	p := printer{data: packed, r: codec.NewReader(packed), out: make([]byte, 0, len(packed)*2)}
	if err := p.value(t); err != nil {
		return nil, err
	}
	return p.out, nil
}

// printer turns scanned msgpack into JSON, value by value.
type printer struct {
	data   []byte // what r reads
	r      codec.Reader
	out    []byte
	fields fieldIndex
}

// value prints the next value, which was meant as a t.
func (p *printer) value(t *signature.Type) error {
	c := p.data[p.r.Offset()]
	if c == 0xc0 {
		p.r.Nil()
		p.out = append(p.out, null(t)...)
		return nil
	}
	if kindOf(t) == signature.Optional {
		t = t.Elem
	}
	switch {
	case c == 0xc2 || c == 0xc3:
		v, err := p.r.Bool()
		p.out = strconv.AppendBool(p.out, v)
		return err
	case c <= 0x7f || c >= 0xe0 || c >= 0xcc && c <= 0xd3:
		return p.integer(t)
	case (c == 0xca || c == 0xcb) && kindOf(t) == signature.Duration:
		// A language without integers may send nanoseconds as a float.
		return p.integer(t)
	case c == 0xca:
		v, err := p.r.Float32()
		if err != nil {
			return err
		}
		return p.float(float64(v), 32)
	case c == 0xcb:
		v, err := p.r.Float64()
		if err != nil {
			return err
		}
		return p.float(v, 64)
	case c >= 0xa0 && c <= 0xbf || c >= 0xd9 && c <= 0xdb:
		return p.text(t, kindOf(t) == signature.Bytes)
	case c >= 0xc4 && c <= 0xc6:
		return p.text(t, kindOf(t) != signature.String)
	case c >= 0x90 && c <= 0x9f || c == 0xdc || c == 0xdd:
		return p.list(t)
	case c >= 0x80 && c <= 0x8f || c == 0xde || c == 0xdf:
		return p.mapping(t)
	}
	return p.time()
}

// null is what a nil is where a t was meant: a list that is nil in a Go program is
// an empty list to everyone else, because its signature says it is never null.
func null(t *signature.Type) string {
	switch kindOf(t) {
	case signature.List:
		return "[]"
	case signature.Map:
		return "{}"
	case signature.Bytes:
		return `""`
	}
	return "null"
}

// integer prints an integer. One that was meant as a duration is text as Go writes it.
func (p *printer) integer(t *signature.Type) error {
	if v, err := p.r.Int(64); err == nil {
		if kindOf(t) == signature.Duration {
			p.out = append(append(append(p.out, '"'), time.Duration(v).String()...), '"')
			return nil
		}
		p.out = strconv.AppendInt(p.out, v, 10)
		return nil
	}
	if v, err := p.r.Uint(64); err == nil {
		p.out = strconv.AppendUint(p.out, v, 10)
		return nil
	}
	v, err := p.r.Float64()
	if err != nil {
		return err
	}
	return p.float(v, 64)
}

func (p *printer) float(v float64, bits int) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return problemf("JSON has no number %v", v)
	}
	// The limits are those of encoding/json and of JavaScript.
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	p.out = strconv.AppendFloat(p.out, v, format, -1, bits)
	return nil
}

// text prints text or bytes, as base64 if so asked.
func (p *printer) text(t *signature.Type, inBase64 bool) error {
	b, err := p.r.BytesRef()
	if err != nil {
		return err
	}
	if !inBase64 {
		p.out = appendQuoted(p.out, b)
		return nil
	}
	p.out = append(p.out, '"')
	p.out = base64.StdEncoding.AppendEncode(p.out, b)
	p.out = append(p.out, '"')
	return nil
}

func (p *printer) time() error {
	v, err := p.r.Time()
	if err != nil {
		return err
	}
	if year := v.Year(); year < 0 || year > 9999 {
		return problemf("the time lies in the year %d; RFC 3339 writes the years 0 to 9999 only", year)
	}
	p.out = append(p.out, '"')
	p.out = v.AppendFormat(p.out, time.RFC3339Nano)
	p.out = append(p.out, '"')
	return nil
}

func (p *printer) list(t *signature.Type) error {
	var elem *signature.Type
	if kindOf(t) == signature.List {
		elem = t.Elem
	}
	n, err := p.r.ArrayHeader()
	if err != nil {
		return err
	}
	p.out = append(p.out, '[')
	for i := range n {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		if err := p.value(elem); err != nil {
			return inside(indexSegment(i), err)
		}
	}
	p.out = append(p.out, ']')
	return nil
}

func (p *printer) mapping(t *signature.Type) error {
	n, err := p.r.MapHeader()
	if err != nil {
		return err
	}
	var met keySet
	p.out = append(p.out, '{')
	for i := range n {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		at := len(p.out)
		elem, err := p.key(t, i)
		if err != nil {
			return inside("[key]", err)
		}
		key := p.out[at:]
		if !met.add(key) {
			return problemf("two keys of the map are %s in JSON", shorten(string(key)))
		}
		p.out = append(p.out, ':')
		if err := p.value(elem); err != nil {
			return inside("["+shorten(string(key))+"]", err)
		}
	}
	p.out = append(p.out, '}')
	return nil
}

// key prints the i-th key of a map or struct t as text, and returns the type of its
// value.
func (p *printer) key(t *signature.Type, i int) (elem *signature.Type, err error) {
	var key *signature.Type
	at := len(p.out)
	switch kindOf(t) {
	case signature.Map:
		key, elem = t.Key, t.Elem
	case signature.Struct:
		// If it fails, the key is still to be read.
		if name, err := p.r.String(); err == nil {
			if f := p.fields.find(t, name, i); f >= 0 {
				elem = t.Fields[f].Type
			}
			p.out = appendQuoted(p.out, []byte(name))
			return elem, nil
		}
	}
	if err := p.value(key); err != nil {
		return nil, err
	}
	// Whatever isn't text yet, a number or a word, needs quotes only.
	if p.out[at] != '"' {
		p.out = slices.Insert(p.out, at, '"')
		p.out = append(p.out, '"')
	}
	return elem, nil
}

// appendQuoted appends text as a JSON string. As encoding/json does it replaces what
// isn't UTF-8 by U+FFFD and escapes U+2028 and U+2029, which end lines in old
// JavaScript; unlike it, it lets < > & be.
func appendQuoted(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == '\u2028' || r == '\u2029':
			b = append(b, `\u202`...)
			b = append(b, hex[r&15])
		default:
			b = utf8.AppendRune(b, r) // U+FFFD for what is no UTF-8
		}
		text = text[size:]
	}
	return append(b, '"')
}
