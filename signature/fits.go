package signature

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxComparisons bounds the work of one comparison. Honest types need a few hundred;
// two sets of types made for the purpose could ask for the product of their sizes.
const maxComparisons = 100_000

// Fits returns nil if a stub of one signature can call a method of the other, and
// else an error that shows both and says which part differs:
//
//	stub div(float64) float64 doesn't fit remote div(a float64, b float64) float64: 1 argument, want 2
//
// Shapes decide; the names of methods, parameters and types don't matter.
//
//   - Numbers of any kind fit each other, and so do durations, which are numbers of
//     nanoseconds; a value out of range is an error when it is read. Bool, string, bytes
//     and time fit themselves.
//   - any fits everything, and a map[string]any fits every struct.
//   - T fits where T? is read, but not T? where T is read: it may be null, or a field
//     left out.
//   - A service may grow: a stub needs not know every field of a result. All other
//     fields that one side alone has must be optional there: what a method wants of
//     its argument, what a stub sends, what a stub wants of a result. Two structs with
//     fields share at least one, else they have nothing to do with each other.
//   - A variadic method takes any number of arguments from where it repeats. A
//     variadic stub fits a variadic method only.
//   - A stub without a result discards the method's.
//   - A stub has a stream where the method has one, and nowhere else. Items fit as arguments and
//     results do.
func Fits(stub, remote *Method) error {
	if stub == nil || remote == nil {
		return errors.New("a nil method fits none; pass both signatures")
	}
	c := comparison{seen: make(map[comparedPair]bool)}
	d := c.methods(stub, remote)
	if d == nil {
		return nil
	}
	return fmt.Errorf("stub %s doesn't fit remote %s: %s", shorten(stub.String(), 1000), shorten(remote.String(), 1000), d)
}

// comparison compares two signatures. In all its methods want is what the remote
// method's signature says.
type comparison struct {
	// seen holds the pairs that were compared or are being compared: a pair met again
	// on its own path fits if nothing else differs, so recursion ends.
	seen map[comparedPair]bool
}

type comparedPair struct {
	stub, remote *Type
	dir          direction
}

// direction says which way values travel, and so which side writes and which reads.
type direction int

const (
	argument direction = iota // the stub writes, the remote method reads
	result                    // the remote method writes, the stub reads
)

// difference is what doesn't fit, and where.
type difference struct {
	path []string // from the innermost part outwards
	what string
}

func differ(format string, args ...any) *difference {
	return &difference{what: fmt.Sprintf(format, args...)}
}

// in adds the part around to the path of d.
func (d *difference) in(part string) *difference {
	if d != nil {
		d.path = append(d.path, part)
	}
	return d
}

func (d *difference) String() string {
	path := slices.Clone(d.path)
	slices.Reverse(path)
	if len(path) > 10 {
		path = slices.Concat(path[:5], []string{"…"}, path[len(path)-4:])
	}
	return strings.Join(append(path, d.what), ": ")
}

func (c *comparison) methods(stub, remote *Method) *difference {
	if d := countFits(stub, remote); d != nil {
		return d
	}
	for i, p := range stub.Params {
		// A variadic method's last parameter stands for all that follow.
		want := remote.Params[min(i, len(remote.Params)-1)]
		if d := c.types(p.Type, want.Type, argument); d != nil {
			return d.in(argumentName(i, p, want))
		}
	}
	if d := c.streams(stub, remote); d != nil || stub.Yields != nil {
		return d
	}
	switch {
	case stub.Result == nil:
		return nil
	case remote.Result == nil:
		return differ("result %s, want none", shorten(stub.Result.String(), 100))
	}
	return c.types(stub.Result, remote.Result, result).in("result")
}

// streams compares what is sent one by one, both ways.
func (c *comparison) streams(stub, remote *Method) *difference {
	switch {
	case stub.Sends != nil && remote.Sends == nil:
		return differ("it sends a stream, and the method takes none")
	case stub.Sends == nil && remote.Sends != nil:
		return differ("it sends no stream, want one of %s", shorten(remote.Sends.Type.String(), 100))
	case stub.Yields != nil && remote.Yields == nil:
		return differ("it takes a stream, and the method returns none")
	case stub.Yields == nil && remote.Yields != nil:
		return differ("it takes no stream, and the method returns one of %s", shorten(remote.Yields.String(), 100))
	}
	if stub.Sends != nil {
		if d := c.types(stub.Sends.Type, remote.Sends.Type, argument); d != nil {
			return d.in("item sent")
		}
	}
	if stub.Yields != nil {
		return c.types(stub.Yields, remote.Yields, result).in("item")
	}
	return nil
}

// countFits compares how many arguments the stub sends with how many the method takes.
func countFits(stub, remote *Method) *difference {
	sends, takes := len(stub.Params), len(remote.Params)
	switch {
	case stub.Variadic && !remote.Variadic:
		return differ("any number of arguments, want %d", takes)
	case stub.Variadic && sends < takes:
		return differ("%d or more arguments, want %d or more", sends-1, takes-1)
	case remote.Variadic && sends < takes-1:
		return differ("%s, want %d or more", count(sends), takes-1)
	case !remote.Variadic && sends != takes:
		return differ("%s, want %d", count(sends), takes)
	}
	return nil
}

func count(arguments int) string {
	if arguments == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", arguments)
}

func argumentName(i int, stub, want Param) string {
	name := want.Name
	if name == "" {
		name = stub.Name
	}
	if name == "" {
		return fmt.Sprintf("argument %d", i+1)
	}
	return fmt.Sprintf("argument %d (%s)", i+1, shorten(name, 40))
}

func (c *comparison) types(stub, want *Type, dir direction) *difference {
	if stub.Kind == Any || want.Kind == Any {
		return nil
	}
	writer, reader := stub, want
	if dir == result {
		writer, reader = want, stub
	}
	if writer.Kind == Optional && reader.Kind != Optional {
		if dir == argument {
			return differ("%s, want %s, which is never null", show(stub, want), show(want, stub))
		}
		return differ("%s, want %s, which may be null", show(stub, want), show(want, stub))
	}
	if stub.Kind == Optional {
		stub = stub.Elem
	}
	if want.Kind == Optional {
		want = want.Elem
	}
	pair := comparedPair{stub, want, dir}
	switch {
	case stub == want && stub.Kind.Numeric(), c.seen[pair]:
		return nil
	case len(c.seen) == maxComparisons:
		return differ("the types are too large to be compared")
	}
	c.seen[pair] = true

	switch {
	case stub.Kind.Numeric() && want.Kind.Numeric():
		return nil
	case stub.Kind == Struct && want.Kind == Struct:
		return c.structs(stub, want, dir)
	case stub.Kind == Struct && isRecord(want), want.Kind == Struct && isRecord(stub):
		return nil
	case stub.Kind != want.Kind:
		return differ("%s, want %s", show(stub, want), show(want, stub))
	case stub.Kind == List:
		return c.types(stub.Elem, want.Elem, dir).in("element")
	case stub.Kind == Map:
		if d := c.types(stub.Key, want.Key, dir); d != nil {
			return d.in("key")
		}
		return c.types(stub.Elem, want.Elem, dir).in("value")
	}
	return nil
}

// isRecord reports whether t is a map[string]any, what a struct is to a program that
// has no type for it.
func isRecord(t *Type) bool {
	return t.Kind == Map && t.Key.Kind == String && t.Elem.Kind == Any
}

func (c *comparison) structs(stub, want *Type, dir direction) *difference {
	wanted := make(map[string]*Type, len(want.Fields))
	for _, f := range want.Fields {
		wanted[f.Name] = f.Type
	}
	var own []Field // the stub's alone
	shared := 0
	for _, f := range stub.Fields {
		other := wanted[f.Name]
		if other == nil {
			own = append(own, f)
			continue
		}
		shared++
		delete(wanted, f.Name)
		if d := c.types(f.Type, other, dir); d != nil {
			return d.in("field " + shortName(f.Name))
		}
	}
	for _, f := range own {
		if mayMiss(f.Type) {
			continue
		}
		if dir == argument {
			return differ("field %s isn't known to the method; leave it out, or make it optional", shortName(f.Name))
		}
		return differ("field %s isn't in the method's result; leave it out, or make it optional", shortName(f.Name))
	}
	if dir == argument {
		for _, f := range want.Fields {
			if wanted[f.Name] != nil && !mayMiss(f.Type) {
				return differ("no field %s, want %s", shortName(f.Name), show(f.Type, nil))
			}
		}
	}
	if shared == 0 && len(stub.Fields) > 0 && len(want.Fields) > 0 {
		return differ("%s and %s share no field", shorten(stub.Definition(), 100), shorten(want.Definition(), 100))
	}
	return nil
}

// mayMiss reports whether a field of type t can be left out. One of any kind can:
// it may be null, and T? says no more.
func mayMiss(t *Type) bool { return t.Kind == Optional || t.Kind == Any }

func shortName(name string) string { return shorten(string(appendName(nil, name)), 40) }

// show prints t for a message, in full if its name alone would look like the other's.
func show(t, other *Type) string {
	s := t.String()
	if other != nil && s == other.String() {
		s = t.Definition()
		if t.Kind == Optional {
			s = t.Elem.Definition() + "?"
		}
	}
	return shorten(s, 100)
}
