package rpcclient

import (
	"context"
	"fmt"
	"reflect"
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
// The functions of embedded structs are filled too, and those that a field points to; an
// embedded pointer or a pointer to a function that is nil gets something to point to.
// What looks like methods and can't be filled is an error: functions that aren't
// exported, those in lists, maps or structs that aren't embedded, and embedded interfaces
// that are nil. All other fields stay as they are.
//
// The error lists every field that can't work, and no field is filled then. As with
// [Func], a service that isn't known yet is checked at the first call.
func (c *Client) Bind(service string, stub any) error {
	if unmade := c.unmade(); unmade != nil {
		return unmade
	}
	v := reflect.ValueOf(stub)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		got := fmt.Sprintf("%T", stub)
		if v.Kind() == reflect.Pointer && v.IsNil() {
			got = "a nil " + got
		}
		return fmt.Errorf("rpcclient: Bind(%q) wants a pointer to a struct with function fields, such as &math, got %s", service, got)
	}
	var found bindFields
	found.collect(v.Elem(), "", nil)
	// All fields together have the time of one call: no binder may be there to answer.
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	stubs := make([]reflect.Value, len(found.list))
	for i, f := range found.list {
		fn, err := c.makeStub(ctx, service, f.method, f.typ)
		if err != nil {
			found.fault(f.path, err)
			continue
		}
		stubs[i] = fn
	}
	if len(found.faults) > 0 {
		return fmt.Errorf("rpcclient: Bind(%q, %T):%w", service, stub, found.faults)
	}
	if len(stubs) == 0 {
		return fmt.Errorf("rpcclient: Bind(%q, %T): the struct has no function fields; add some, such as Add func(context.Context, float64, float64) (float64, error)", service, stub)
	}
	for i, fn := range stubs {
		found.list[i].set(fn)
	}
	return nil
}
