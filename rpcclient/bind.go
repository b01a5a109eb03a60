package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// Bind fills the function fields of the struct that stub points to, each with a stub of
// the method of that name: field Add calls "add"; the tag `helium:"name"` names another
// and `helium:"-"` none.
//
//	var math struct {
//		Add func(ctx context.Context, a, b float64) (float64, error)
//	}
//	err := c.Bind("math", &math)
//
// The error lists every field that can't work, and no field is filled then. As with
// [Func], a service that isn't known yet is checked at the first call.
func (c *Client) Bind(service string, stub any) error {
	v := reflect.ValueOf(stub)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("rpcclient: Bind wants a pointer to a struct with function fields, got %T", stub)
	}
	v = v.Elem()
	// All fields together have the time of one call: no binder may be there to answer.
	ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
	defer cancel()
	stubs := make(map[int]reflect.Value)
	var faults bindFaults
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, tagged := field.Tag.Lookup("helium")
		if name == "-" || field.Type.Kind() != reflect.Func && !tagged {
			continue
		}
		if !field.IsExported() {
			faults.add(field.Name, errors.New("it isn't exported; begin its name with a capital, or tag it `helium:\"-\"`"))
			continue
		}
		if name == "" {
			name = signature.WireName(field.Name)
		}
		fn, err := c.makeStub(ctx, service, name, field.Type)
		if err != nil {
			faults.add(field.Name, err)
			continue
		}
		stubs[i] = fn
	}
	if len(faults) > 0 {
		return fmt.Errorf("rpcclient: Bind(%q, %T):%w", service, stub, faults)
	}
	if len(stubs) == 0 {
		return fmt.Errorf("rpcclient: Bind(%q, %T): the struct has no function fields; add some, such as Add func(context.Context, float64, float64) (float64, error)", service, stub)
	}
	for i, fn := range stubs {
		v.Field(i).Set(fn)
	}
	return nil
}

// bindFaults are all that is wrong with a struct, a line each.
type bindFaults []error

func (f *bindFaults) add(field string, err error) { *f = append(*f, fmt.Errorf("%s: %w", field, err)) }

// Error implements error.
func (f bindFaults) Error() string {
	var b strings.Builder
	for _, fault := range f {
		b.WriteString("\n\t" + fault.Error())
	}
	return b.String()
}

// Unwrap lets errors.Is find any of them.
func (f bindFaults) Unwrap() []error { return f }
