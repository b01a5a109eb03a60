package stub

import (
	"fmt"
	"go/types"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// streams writes the code that sends, takes and yields items.
type streams struct {
	plan      *planner
	names     *names
	functions *functions
	values    *values
}

// send returns the statement by which a call sends what an iterator gives.
func (s *streams) send(of *service.Stream, name string) string {
	return fmt.Sprintf("%s.Send(call, %s, %s)", s.pkg("rpcclient"), s.seq(of, name), s.writer(of.Item))
}

// yielded returns the expression of what a client's method returns, of a call that begins so.
func (s *streams) yielded(of *service.Stream, ctx, begin string) string {
	client := s.pkg("rpcclient")
	return s.own(of, fmt.Sprintf("%s.Yielded(%s, func() (*%s.Invocation, error) {\n%sreturn call, nil\n}, %s)", client, ctx, client, begin, s.reader(of.Item)))
}

// items returns the statement that makes a handler's iterator of what the caller sends.
func (s *streams) items(of *service.Stream, name string) string {
	return fmt.Sprintf("%s := %s", name, s.own(of, fmt.Sprintf("%s.Items(call, %s)", s.pkg("rpcserver"), s.reader(of.Item))))
}

// yield returns the expression by which a handler sends what an iterator gives.
func (s *streams) yield(of *service.Stream, iterator string) string {
	return fmt.Sprintf("%s.Yield(call, %s, %s)", s.pkg("rpcserver"), s.seq(of, iterator), s.writer(of.Item))
}

// writer returns a function that writes an item.
func (s *streams) writer(item types.Type) string {
	return fmt.Sprintf("func(w *%s.Writer, item %s) {\n%s\n}", s.pkg("codec"), s.names.typ(item), s.values.writing(theWriter, item, s.plan.argument(item), "item"))
}

// reader returns a function that reads an item.
func (s *streams) reader(item types.Type) string {
	shape, typ := s.plan.argument(item), s.names.typ(item)
	reading := s.values.reading(theReader, item, shape, "item")
	if shape.composite() {
		reading = fmt.Sprintf("at := *r\nif %s; err != nil {\nerr = %s[%s](at, err)\n}", reading, s.functions.explain(), typ)
	}
	return fmt.Sprintf("func(r *%s.Reader) (item %s, err error) {\n%s\nreturn item, err\n}", s.pkg("codec"), typ, reading)
}

// seq returns an iterator as an iter.Seq2.
func (s *streams) seq(of *service.Stream, iterator string) string {
	if gotype.IsSeq2(of.Type) {
		return iterator
	}
	return fmt.Sprintf("%s.Seq2[%s, error](%s)", s.names.imports.name("iter", "iter"), s.names.typ(of.Item), iterator)
}

// own returns an iter.Seq2 as the type that the method has.
func (s *streams) own(of *service.Stream, iterator string) string {
	if _, named := types.Unalias(of.Type).(*types.Named); !named || gotype.IsSeq2(of.Type) {
		return iterator
	}
	return fmt.Sprintf("%s(%s)", s.names.typ(of.Type), iterator)
}

func (s *streams) pkg(name string) string {
	return s.names.imports.name(source.HeliumPath+"/"+name, name)
}
