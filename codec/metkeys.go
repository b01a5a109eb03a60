package codec

import (
	"fmt"
	"math"
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
)

// metKeys are the keys of a map that were written, as a reader takes them that isn't told
// their type.
type metKeys map[any]bool

// notANumber stands for all NaNs, of which none is another to Go.
type notANumber struct{}

// add takes in a key that was written, unless there is one like it: of two entries a reader
// would keep one.
func (m metKeys) add(packed []byte) error {
	key, err := readAnyKey(&decoder{data: packed, room: roomFloor})
	if err != nil {
		return err
	}
	if f, ok := key.(float64); ok && math.IsNaN(f) {
		key = notANumber{}
	}
	if !m[key] {
		m[key] = true
		return nil
	}
	name := fmt.Sprint(key)
	switch key := key.(type) {
	case string:
		name = fmt.Sprintf("%.60q", key)
	case notANumber:
		name = "NaN"
	}
	return valueErrorf("two keys of the map are %s when they are sent, and one entry would be lost; make them differ", name)
}

// mayMeet reports a type of which keys that differ in Go may be one when they are sent.
func mayMeet(t reflect.Type) bool {
	if _, own := gofields.KeyFormOf(gofields.Types{}, t); own != (gofields.Own{}) {
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Array,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return false
	}
	return true
}
