package rpcserver

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/helium-rpc/helium/binder"
)

// A record holds what is said of a service and its types. Binders take records of some size,
// and a service without docs can be called like one with them, so docs are cut or left out.

// maxDoc is how long the doc of a service, a type, a field or a value is in a record, in
// bytes; more of it is cut.
const maxDoc = 2048

func shortDoc(doc string) string {
	doc = strings.TrimSpace(doc)
	if len(doc) <= maxDoc {
		return doc
	}
	end := maxDoc
	for end > 0 && !utf8.RuneStart(doc[end]) {
		end--
	}
	return strings.TrimSpace(doc[:end]) + " …"
}

// maxDescribed is how long a record may be with all that is said of its types, in bytes of
// JSON. Binders take 64 KiB, if nothing else is configured.
const maxDescribed = 56 << 10

// fitDocs takes docs of types out of a record that is too long with them, the smallest
// parts first. It returns what was taken out, for a log.
func fitDocs(r *binder.Record) (dropped []string) {
	for _, part := range []struct {
		name string
		drop func()
	}{
		{"docs of the values of enums", func() {
			for _, enum := range r.Enums {
				for i := range enum.Values {
					enum.Values[i].Doc = ""
				}
			}
		}},
		{"docs of fields", func() {
			for name, doc := range r.TypeDocs {
				doc.Fields = nil
				r.TypeDocs[name] = doc
			}
		}},
		{"enums", func() {
			r.Enums = nil
			for name, doc := range r.TypeDocs {
				doc.WithEnums = ""
				r.TypeDocs[name] = doc
			}
			for i := range r.Methods {
				r.Methods[i].WithEnums = ""
			}
		}},
		{"docs of types", func() { r.TypeDocs = nil }},
		{"doc of the service", func() { r.Doc = "" }},
	} {
		if r.Doc == "" && r.TypeDocs == nil && r.Enums == nil {
			break
		}
		if text, err := json.Marshal(r); err != nil || len(text) <= maxDescribed {
			break
		}
		part.drop()
		dropped = append(dropped, part.name)
	}
	return dropped
}
