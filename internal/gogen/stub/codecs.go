package stub

import (
	"fmt"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
)

// codec is the pair of functions of one composite type, as the template writes it.
type codec struct {
	Write, Read string // names
	Type        string
	Writing     string // bodies
	Reading     string
}

// codecWriter writes the functions of composite types.
type codecWriter struct {
	plan      *planner
	names     *names
	functions *functions
	values    *values
}

// all writes the functions of all composite types that were asked for, and of those
// that they ask for.
func (w *codecWriter) all() (codecs []codec) {
	for t, more := w.functions.next(); more; t, more = w.functions.next() {
		c := codec{Write: w.functions.to("write", t), Read: w.functions.to("read", t), Type: w.names.typ(t)}
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			w.optional(&c, u)
		case *types.Slice:
			w.list(&c, t, u)
		case *types.Map:
			w.dictionary(&c, t, u)
		case *types.Struct:
			w.structure(&c, t)
		}
		codecs = append(codecs, c)
	}
	return codecs
}

const (
	writeNil = "if *v == nil {\nw.Nil()\nreturn\n}\n"
	readNil  = "if r.Nil() {\n*v = nil\nreturn nil\n}\n"
	orReturn = "\nif err != nil {\nreturn err\n}\n"
)

func (w *codecWriter) optional(c *codec, t *types.Pointer) {
	elem := t.Elem()
	s := w.plan.shape(elem)
	c.Writing = writeNil + w.values.writing(theWriter, elem, s, "**v")
	c.Reading = readNil + "p := new(" + w.names.typ(elem) + ")\n" +
		"var err error\n" + w.values.reading(theReader, elem, s, "*p") + orReturn +
		"*v = p\nreturn nil"
}

func (w *codecWriter) list(c *codec, t types.Type, u *types.Slice) {
	elem := u.Elem()
	s := w.plan.shape(elem)
	c.Writing = writeNil + "w.ArrayHeader(len(*v))\n" +
		"for i := range *v {\n" + w.values.writing(theWriter, elem, s, "(*v)[i]") + "\n}"
	c.Reading = readNil + "n, err := r.ArrayHeader()" + orReturn + w.roomCheck(t) +
		"list := make(" + w.names.typ(t) + ", n)\n" +
		"for i := range list {\n" + w.values.reading(theReader, elem, s, "list[i]") + orReturn + "}\n" +
		"*v = list\nreturn nil"
}

// roomCheck refuses a list or map that would take much more memory than its message.
func (w *codecWriter) roomCheck(t types.Type) string {
	size := w.plan.elementSize(t)
	if size <= largeElement {
		return ""
	}
	return fmt.Sprintf("if n > (%d+%d*r.Len())/%d {\nreturn %s.New(\"the value would take far more memory than the message that holds it\")\n}\n",
		roomFloor, largeElement, size, w.names.imports.name("errors", "errors"))
}

func (w *codecWriter) dictionary(c *codec, t types.Type, u *types.Map) {
	key, elem := w.plan.shape(u.Key()), w.plan.shape(u.Elem())
	c.Writing = writeNil + "w.MapHeader(len(*v))\n" +
		"for key, value := range *v {\n" +
		w.values.writing(theWriter, u.Key(), key, "key") + "\n" +
		w.values.writing(theWriter, u.Elem(), elem, "value") + "\n}"
	c.Reading = readNil + "n, err := r.MapHeader()" + orReturn + w.roomCheck(t) +
		"m := make(" + w.names.typ(t) + w.firstRoom() + ")\n" +
		"for range n {\n" +
		"var key " + w.names.typ(u.Key()) + "\n" + w.values.reading(theReader, u.Key(), key, "key") + orReturn +
		"var value " + w.names.typ(u.Elem()) + "\n" + inBlock(w.values.reading(theReader, u.Elem(), elem, "value")) + orReturn +
		"m[key] = value\n}\n" +
		"*v = m\nreturn nil"
}

// firstRoom is how many elements a map of n has room for at first. Packages from before Go
// had min may have one of their own.
func (w *codecWriter) firstRoom() string {
	if w.names.home.Scope().Lookup("min") != nil {
		return ""
	}
	return ", min(n, 64)"
}

// inBlock keeps the variables of statements to themselves, if they declare any.
func inBlock(statements string) string {
	if strings.HasPrefix(statements, "var ") {
		return "{\n" + statements + "\n}"
	}
	return statements
}

func (w *codecWriter) structure(c *codec, t types.Type) {
	fields := gotype.FieldsOf(t, nil)
	var write, count, read strings.Builder
	always := 0
	for _, f := range fields {
		s := w.plan.shape(f.Type)
		expr := "v"
		for _, step := range f.Steps {
			expr += "." + step.Name()
		}
		one := "w.String(" + strconv.Quote(f.Name) + ")\n" + w.values.writing(theWriter, f.Type, s, expr) + "\n"
		if filled, _ := whenFilled(f, expr); filled != "" {
			fmt.Fprintf(&count, "if %s {\nn++\n}\n", filled)
			fmt.Fprintf(&write, "if %s {\n%s}\n", filled, one)
		} else {
			always++
			write.WriteString(one)
		}
		fmt.Fprintf(&read, "case %s:\n", caseNames(fields, f))
		if (f.OmitEmpty || f.OmitZero) && (s <= scalarShape || s == timeShape || s == structShape) {
			// What may be left out may be null.
			fmt.Fprintf(&read, "if r.Nil() {\n%s = %s\nbreak\n}\n", expr, w.values.zero(declaredType(f)))
		}
		read.WriteString(w.values.reading(theReader, f.Type, s, expr) + "\n")
	}
	if count.Len() > 0 {
		c.Writing = fmt.Sprintf("n := %d\n%sw.MapHeader(n)\n%s", always, &count, strings.TrimSpace(write.String()))
	} else {
		c.Writing = fmt.Sprintf("w.MapHeader(%d)\n%s", always, strings.TrimSpace(write.String()))
	}
	c.Reading = "n, err := r.MapHeader()" + orReturn +
		"for range n {\n" +
		"name, err := r.BytesRef()" + orReturn +
		"if name == nil {\nreturn " + w.names.imports.name("errors", "errors") + ".New(\"got nil, want the name of a field\")\n}\n" +
		"switch string(name) {\n" + read.String() + "default:\nerr = r.Skip()\n}" + orReturn +
		"}\nreturn nil"
}

// caseNames returns the names that a field is read under.
func caseNames(fields []*gotype.Field, f *gotype.Field) string {
	names := strconv.Quote(f.Name)
	if f.Alias == "" || slices.ContainsFunc(fields, func(other *gotype.Field) bool { return other.Name == f.Alias }) {
		return names
	}
	for _, other := range fields {
		if other == f {
			break
		}
		if other.Alias == f.Alias {
			return names // the first has it
		}
	}
	return names + ", " + strconv.Quote(f.Alias)
}
