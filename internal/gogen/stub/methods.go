package stub

import (
	"fmt"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// methodView is one method as the template writes it.
type methodView struct {
	Name      string // in Go
	Wire      string
	Field     string // of the client
	Constant  string // the signature's
	Signature string
	WithEnums string // the signature with the names of enums, if there are some
	Serve     string // the function that makes the handler
	Comment   []string

	Doc           string
	Idempotent    bool
	Errors        []string
	ExampleArgs   string
	ExampleResult string

	Params     string // of the client's method
	Results    string // of it: "(float64, error)", "error" or "iter.Seq2[float64, error]"
	ClientBody string
	Context    string // of the handler: "ctx", "_" if it is of no use
	ServerBody string
}

// methodWriter writes the client's methods and the server's handlers.
type methodWriter struct {
	methods   []*service.Method // all of the service
	plan      *planner
	names     *names
	functions *functions
	values    *values
	streams   *streams
}

func (w *methodWriter) method(m *service.Method) methodView {
	v := methodView{
		Name:       m.Func.Name(),
		Wire:       strconv.Quote(m.Wire),
		Field:      fieldName(m.Wire, w.methods),
		Constant:   w.names.private(m.Func.Name() + "Signature"),
		Signature:  strconv.Quote(m.Signature),
		Serve:      w.names.free("serve" + w.names.prefix + m.Func.Name()),
		Idempotent: m.Idempotent,
		Context:    "_",
	}
	if m.WithEnums != m.Signature {
		v.WithEnums = strconv.Quote(m.WithEnums)
	}
	if m.Doc != "" {
		v.Doc = strconv.Quote(m.Doc)
		v.Comment = strings.Split(m.Doc, "\n")
	} else {
		v.Comment = []string{fmt.Sprintf("%s calls the method %q of the service.", m.Func.Name(), m.Wire)}
	}
	for _, e := range m.Errors {
		w.names.imports.name(source.HeliumPath, "helium")
		name := e.Name()
		if e.Pkg() != w.names.home {
			name = w.names.imports.of(e.Pkg()) + "." + name
		}
		v.Errors = append(v.Errors, name)
	}
	if m.Example.Args != "" {
		v.ExampleArgs = strconv.Quote(m.Example.Args)
		v.ExampleResult = strconv.Quote(m.Example.Result)
	}
	if m.HasContext {
		v.Context = "ctx"
	}
	all := m.Params
	if m.Sends != nil {
		all = append(slices.Clone(all), m.Sends.Param)
	}
	names := w.names.params(all)
	w.clientSide(m, &v, names)
	w.serverSide(m, &v, names)
	return v
}

func (w *methodWriter) clientSide(m *service.Method, v *methodView, names []string) {
	var params []string
	if m.HasContext {
		params = append(params, "ctx "+w.names.imports.name("context", "context")+".Context")
	}
	for i, p := range m.Params {
		typ := w.names.typ(p.Type)
		if m.Variadic && i == len(m.Params)-1 {
			typ = "..." + typ
		}
		if i+1 < len(m.Params) && !(m.Variadic && i+1 == len(m.Params)-1) && typ == w.names.typ(m.Params[i+1].Type) {
			typ = "" // the next one's, as in "a, b float64"
		}
		params = append(params, strings.TrimSpace(names[i]+" "+typ))
	}
	if m.Sends != nil {
		params = append(params, names[len(m.Params)]+" "+w.names.typ(m.Sends.Type))
	}
	v.Params = strings.Join(params, ", ")

	var b strings.Builder
	failed := "err"
	v.Results = "error"
	if m.Result != nil {
		v.Results = "(" + w.names.typ(m.Result) + ", error)"
		failed = w.values.zero(m.Result) + ", err"
	}
	fixed := len(m.Params)
	count := strconv.Itoa(fixed)
	if m.Variadic {
		fixed--
		count = fmt.Sprintf("%d + len(%s)", fixed, names[fixed])
		if fixed == 0 {
			count = fmt.Sprintf("len(%s)", names[fixed])
		}
	}
	fmt.Fprintf(&b, "call := c.%s.Begin(%s)\n", v.Field, count)
	for i, p := range m.Params[:fixed] {
		fmt.Fprintln(&b, w.values.writing(theArgs, p.Type, w.plan.argument(p.Type), names[i]))
	}
	if m.Variadic {
		p := m.Params[fixed]
		s := reflected
		if w.plan.variadic(p.Type) {
			s = w.plan.shape(p.Type)
		}
		fmt.Fprintf(&b, "for i := range %s {\n%s\n}\n", names[fixed], w.values.writing(theArgs, p.Type, s, names[fixed]+"[i]"))
	}
	if m.Sends != nil {
		fmt.Fprintln(&b, w.streams.send(m.Sends, names[len(m.Params)]))
	}
	ctx := "ctx"
	if !m.HasContext {
		ctx = w.names.imports.name("context", "context") + ".Background()"
	}
	if m.Yields != nil {
		v.Results = w.names.typ(m.Yields.Type)
		v.ClientBody = "return " + w.streams.yielded(m.Yields, ctx, b.String())
		return
	}
	fmt.Fprintf(&b, "if err := call.Do(%s); err != nil {\nreturn %s\n}\n", ctx, failed)
	if m.Result == nil {
		b.WriteString("return call.End(nil)")
		v.ClientBody = b.String()
		return
	}
	s := w.plan.argument(m.Result)
	returned := "result"
	switch {
	case s == reflected:
		fmt.Fprintf(&b, "var result %s\nerr := call.Result.Value(&result)\n", w.names.typ(m.Result))
	case s.composite():
		fmt.Fprintf(&b, "var result %s\nat := call.Result\nerr := %s(&call.Result, &result)\nif err != nil {\nerr = %s[%s](at, err)\n}\n",
			w.names.typ(m.Result), w.functions.to("read", m.Result), w.functions.explain(), w.names.typ(m.Result))
	default:
		read, _, converted := w.values.simpleRead(theResult, m.Result, s, "result")
		fmt.Fprintf(&b, "result, err := %s\n", read)
		returned = converted
	}
	fmt.Fprintf(&b, "if err = call.End(err); err != nil {\nreturn %s\n}\nreturn %s, nil", failed, returned)
	v.ClientBody = b.String()
}

func (w *methodWriter) serverSide(m *service.Method, v *methodView, names []string) {
	var b strings.Builder
	var passed []string
	if m.HasContext {
		passed = append(passed, "ctx")
	}
	marked := false
	for i, p := range m.Params {
		if m.Variadic && i == len(m.Params)-1 {
			w.readRest(&b, p.Type, names[i], i)
			passed = append(passed, names[i]+"...")
			continue
		}
		s := w.plan.argument(p.Type)
		if s == reflected || s.composite() {
			fmt.Fprintf(&b, "var %s %s\n", names[i], w.names.typ(p.Type))
			passed = append(passed, names[i])
		}
		switch {
		case s == reflected:
			fmt.Fprintf(&b, "if err := call.Args.Value(&%s); err != nil {\nreturn call.BadArgument(%d, err)\n}\n", names[i], i)
		case s.composite():
			mark := "at := call.Args"
			if marked {
				mark = "at = call.Args"
			}
			marked = true
			fmt.Fprintf(&b, "%s\nif err := %s(&call.Args, &%s); err != nil {\nreturn call.BadArgument(%d, %s[%s](at, err))\n}\n",
				mark, w.functions.to("read", p.Type), names[i], i, w.functions.explain(), w.names.typ(p.Type))
		default:
			read, _, converted := w.values.simpleRead(theArgs, p.Type, s, names[i])
			fmt.Fprintf(&b, "%s, err := %s\nif err != nil {\nreturn call.BadArgument(%d, err)\n}\n", names[i], read, i)
			passed = append(passed, converted)
		}
	}
	if m.Sends != nil {
		fmt.Fprintln(&b, w.streams.items(m.Sends, names[len(m.Params)]))
		passed = append(passed, names[len(m.Params)])
	}
	invocation := fmt.Sprintf("impl.%s(%s)", m.Func.Name(), strings.Join(passed, ", "))
	if m.Yields != nil {
		fmt.Fprintf(&b, "return %s", w.streams.yield(m.Yields, invocation))
	} else if m.Result == nil {
		fmt.Fprintf(&b, "return %s", invocation)
	} else {
		fmt.Fprintf(&b, "result, err := %s\nif err != nil {\nreturn err\n}\n%s\nreturn nil",
			invocation, w.values.writing(theResult, m.Result, w.plan.argument(m.Result), "result"))
	}
	v.ServerBody = b.String()
}

// readRest reads the values of a variadic parameter, the position-th.
func (w *methodWriter) readRest(b *strings.Builder, elem types.Type, name string, position int) {
	fmt.Fprintf(b, "var %s []%s\n", name, w.names.typ(elem))
	if !w.plan.variadic(elem) {
		fmt.Fprintf(b, "if err := call.VariadicValue(%d, &%s); err != nil {\nreturn call.BadArgument(%d, err)\n}\n", position, name, position)
		return
	}
	count := "call.NumArgs"
	at := "i"
	if position > 0 {
		count = fmt.Sprintf("call.NumArgs-%d", position)
		at = fmt.Sprintf("%d+i", position)
	}
	fmt.Fprintf(b, "if n := %s; n > 0 {\n%s = make([]%s, n)\n}\nfor i := range %s {\n", count, name, w.names.typ(elem), name)
	switch s := w.plan.shape(elem); {
	case s.composite():
		fmt.Fprintf(b, "at := call.Args\nif err := %s(&call.Args, &%s[i]); err != nil {\nreturn call.BadArgument(%s, %s[%s](at, err))\n}\n",
			w.functions.to("read", elem), name, at, w.functions.explain(), w.names.typ(elem))
	default:
		read, _, converted := w.values.simpleRead(theArgs, elem, s, "raw")
		fmt.Fprintf(b, "raw, err := %s\nif err != nil {\nreturn call.BadArgument(%s, err)\n}\n%s[i] = %s\n", read, at, name, converted)
	}
	b.WriteString("}\n")
}
