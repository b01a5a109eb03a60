package signature

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/helium-rpc/helium/internal/gofields"
)

// numberType is a text that stands for a number in JSON, and so travels as one.
var numberType = reflect.TypeFor[json.Number]()

// kindsOf are the kinds of what the methods of a pair write.
var kindsOf = map[gofields.Pair]Kind{
	gofields.Msgpack: Any,
	gofields.Raw:     Any,
	gofields.JSON:    Any,
	gofields.Text:    String,
	gofields.Binary:  Bytes,
}

// ofOwn returns the Type of what methods of t's own write.
func (w *walk) ofOwn(own gofields.Own, t reflect.Type, at string) *Type {
	if own.Whole() {
		return scalar(kindsOf[own.Write])
	}
	var halves []string
	if own.Write != gofields.None {
		halves = append(halves, fmt.Sprintf("%s without %s", own.Write.Writer(), own.Write.Reader()))
	}
	if own.Read != gofields.None {
		halves = append(halves, fmt.Sprintf("%s without %s", own.Read.Reader(), own.Read.Writer()))
	}
	w.fault(at, "%.100v has %s, so what is written couldn't be read; add the other half", t, strings.Join(halves, " and "))
	return scalar(Any)
}
