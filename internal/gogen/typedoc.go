package gogen

import (
	"cmp"
	"go/types"
	"slices"
)

// typeDocsOf returns what comments say of named types, given by their names in signatures.
func typeDocsOf(named map[string]*types.Named, comments *comments) (docs []typeDoc) {
	for name, t := range named {
		doc := typeDoc{name: name, doc: comments.ofType(t.Obj())}
		if _, ok := t.Underlying().(*types.Struct); ok {
			for _, f := range fieldsOf(t, nil) {
				if text := comments.ofField(f.steps[len(f.steps)-1]); text != "" {
					doc.fields = append(doc.fields, [2]string{f.Name, text})
				}
			}
		}
		if doc.doc != "" || doc.fields != nil {
			docs = append(docs, doc)
		}
	}
	slices.SortFunc(docs, func(a, b typeDoc) int { return cmp.Compare(a.name, b.name) })
	return docs
}
