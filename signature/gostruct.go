package signature

import (
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
)

// fieldsOf returns the fields of a Go struct that travel, in the order in which they
// are written.
func (w *walk) fieldsOf(t reflect.Type, at string) []gofields.Field[reflect.Type] {
	fields := gofields.FieldsOf(gofields.Types{}, t)
	for _, fault := range fields.Faults {
		w.fault(fieldPath(at, fault.Path), "%s", fault.Problem)
	}
	if fields.OnlyHidden() && fields.Faults == nil {
		w.fault(at, "%.100v has no exported fields, so nothing of it would be sent; export some, or use another type", t)
	}
	return fields.List
}
