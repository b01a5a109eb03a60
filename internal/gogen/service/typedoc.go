package service

import (
	"cmp"
	"go/types"
	"slices"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// typeDocsOf returns what comments say of named types, given by their names in signatures.
func typeDocsOf(named map[string]*types.Named, comments *source.Comments) (docs []TypeDoc) {
	for name, t := range named {
		doc := TypeDoc{Name: name, Doc: comments.OfType(t.Obj())}
		if _, ok := t.Underlying().(*types.Struct); ok {
			for _, f := range gotype.FieldsOf(t, nil) {
				if text := comments.OfField(f.Steps[len(f.Steps)-1]); text != "" {
					doc.Fields = append(doc.Fields, [2]string{f.Name, text})
				}
			}
		}
		if doc.Doc != "" || doc.Fields != nil {
			docs = append(docs, doc)
		}
	}
	slices.SortFunc(docs, func(a, b TypeDoc) int { return cmp.Compare(a.Name, b.Name) })
	return docs
}
