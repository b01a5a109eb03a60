// Package lookup finds what the command line names in the registry: services, their methods,
// and completions of their names.
package lookup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/signature"
)

// Method is a method that someone named on the command line, as it is registered.
type Method struct {
	Service   string
	Instance  string // the one that is to be called, "" for any
	Record    binder.Method
	Signature *signature.Method
	Types     map[string]string // the named types of its signature
	Records   []binder.Record   // the instances that have it
}

// Name returns "math.add".
func (t *Method) Name() string { return t.Service + "." + t.Record.Name }

// Explained returns the method's signature and, a line each, what the named types are that
// its arguments are made of, from the outermost inwards.
func (t *Method) Explained() []string {
	lines := []string{t.Record.Signature}
	met := make(map[*signature.Type]bool)
	var named func(typ *signature.Type)
	named = func(typ *signature.Type) {
		if typ == nil || met[typ] {
			return
		}
		met[typ] = true
		if typ.Name != "" {
			lines = append(lines, typ.Name+" = "+typ.Definition())
		}
		named(typ.Key)
		named(typ.Elem)
		for _, f := range typ.Fields {
			named(f.Type)
		}
	}
	for _, p := range t.Signature.Params {
		named(p.Type)
	}
	return lines
}

// FindMethod looks up "math.add", or "add" while one service has such a method. With an
// instance, the method is as that one has it. Errors say which command helps.
func FindMethod(ctx context.Context, reg *binder.Client, name, instance string) (*Method, error) {
	entry, err := reg.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	if entry.Method == "" {
		// A service may have the name of some other service's method.
		if byMethod, err := reg.LookupMethod(ctx, name); err == nil {
			entry = byMethod
		} else {
			return nil, cli.Fail(cli.ExitUsage, shell.Line("helium", "describe", name), fmt.Errorf("%s is a service; name one of its methods, such as %s.%s", name, name, anyMethod(entry.Records)))
		}
	}
	// Any instance will do for a call, but one that is named has to be found.
	if err := AddOmitted(ctx, reg, entry); err != nil && instance != "" {
		return nil, err
	}
	records := entry.Records
	if instance != "" {
		records = slices.DeleteFunc(slices.Clone(records), func(r binder.Record) bool { return r.Instance != instance })
		if len(records) == 0 {
			return nil, cli.Fail(cli.ExitNoInstance, shell.Line("helium", "ls", entry.Service), fmt.Errorf("no instance %s of %s is registered; there are %s", instance, entry.Service, instancesOf(entry.Records)))
		}
	}
	r := Newest(records)
	t := &Method{Service: entry.Service, Instance: instance, Types: r.Types, Records: records}
	at := slices.IndexFunc(r.Methods, func(m binder.Method) bool { return m.Name == entry.Method })
	if at < 0 {
		return nil, helium.Errorf(helium.CodeInternal, "the binder found %s.%s in a record that doesn't have it", entry.Service, entry.Method)
	}
	t.Record = r.Methods[at]
	if t.Signature, err = ParseMethod(t.Record.Signature, r.Types); err != nil {
		return nil, fmt.Errorf("the record of %s can't be read: %w", t.Name(), err)
	}
	return t, nil
}

func ParseMethod(sig string, definitions map[string]string) (*signature.Method, error) {
	types, err := signature.ParseTypes(definitions)
	if err != nil {
		return nil, err
	}
	return types.Parse(sig)
}

// FindService looks up a service, not a method.
func FindService(ctx context.Context, reg *binder.Client, name string) (*binder.Entry, error) {
	entry, err := Entry(ctx, reg, name)
	if err != nil {
		return nil, err
	}
	if entry.Method != "" {
		return nil, cli.Fail(cli.ExitUsage, shell.Line("helium", "describe", name), fmt.Errorf("%s is a method of %s; name the service", name, entry.Service))
	}
	return entry, nil
}

// Newest returns the record whose instance came up last: what it says of a method is
// most likely what the others will say soon.
func Newest(records []binder.Record) *binder.Record {
	latest := &records[0]
	for i := range records {
		if records[i].Started.After(latest.Started) {
			latest = &records[i]
		}
	}
	return latest
}

func anyMethod(records []binder.Record) string {
	for _, r := range records {
		if len(r.Methods) > 0 {
			return r.Methods[0].Name
		}
	}
	return "method"
}

func instancesOf(records []binder.Record) string {
	var names []string
	for _, r := range records {
		names = append(names, r.Instance)
	}
	return strings.Join(names, ", ")
}
