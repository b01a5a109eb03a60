package gotype

import (
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/helium-rpc/helium/signature"
)

// FreeName returns the name in a signature for a Go type, as package signature gives it:
// the type's own as an identifier, with the smallest number from 2 that makes it free.
func FreeName(t types.Type, taken func(string) bool) string {
	base := Identifier(NameOf(t))
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = strconv.Itoa(n)
		}
		name := base[:min(len(base), signature.MaxName-len(suffix))] + suffix
		if !isReserved(name) && !taken(name) {
			return name
		}
	}
}

// isReserved reports a word of the notation.
func isReserved(name string) bool {
	if name == "map" {
		return true
	}
	for k := signature.Bool; k <= signature.Any; k++ {
		if k.String() == name {
			return true
		}
	}
	return false
}

// Identifier makes one word of the words in a Go type's name, without the paths of
// packages: "Page[example.com/shop.Item]" becomes "PageItem".
func Identifier(goName string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(goName, func(r rune) bool {
		return strings.ContainsRune("[],;{}()* \"", r)
	}) {
		word = word[strings.LastIndexAny(word, "/.")+1:]
		for i, r := range word {
			if i == 0 && b.Len() > 0 {
				r = unicode.ToUpper(r)
			}
			if r >= utf8.RuneSelf || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				r = '_'
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// NameOf returns the name of a named type as reflection tells it, type arguments
// included; "" for other types.
func NameOf(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return ""
	}
	name := named.Obj().Name()
	if args := named.TypeArgs(); args.Len() > 0 {
		words := make([]string, args.Len())
		for i := range words {
			words[i] = runtimeString(args.At(i))
		}
		name += "[" + strings.Join(words, ",") + "]"
	}
	return name
}

// runtimeString writes a type argument as reflection does: aliases are what they stand
// for, and any is an interface.
func runtimeString(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.Obj().Pkg() == nil {
			return NameOf(t) // error
		}
		return t.Obj().Pkg().Path() + "." + NameOf(t)
	case *types.Basic:
		return types.Typ[t.Kind()].Name() // byte is uint8
	case *types.Pointer:
		return "*" + runtimeString(t.Elem())
	case *types.Slice:
		return "[]" + runtimeString(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + runtimeString(t.Elem())
	case *types.Map:
		return "map[" + runtimeString(t.Key()) + "]" + runtimeString(t.Elem())
	case *types.Interface:
		if t.NumMethods() == 0 {
			return "interface {}"
		}
	case *types.Struct:
		fields := make([]string, t.NumFields())
		for i := range fields {
			f := t.Field(i)
			if !f.Embedded() {
				fields[i] = f.Name() + " "
			}
			fields[i] += runtimeString(f.Type())
			if tag := t.Tag(i); tag != "" {
				fields[i] += " " + strconv.Quote(tag)
			}
		}
		return "struct { " + strings.Join(fields, "; ") + " }"
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Path() })
}

// Capital returns the name with its first letter in upper case, if it has one.
func Capital(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
