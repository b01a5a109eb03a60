package docs

import (
	"go/doc/comment"
	"path"
	"regexp"
	"strings"
)

// wordsOf finds what in a comment may be a path or the name of a test.
var wordsOf = regexp.MustCompile(`(?:^|[\s("\x60])((?:\./)?[\w*-][\w./*-]*\w)`)

// indented are lines of code in a comment, which may name what its reader makes.
var indented = regexp.MustCompile(`(?m)^\t.*$`)

// checkComments returns the faults of a package's comments.
func checkComments(t *tree, ids *identifiers, p *goPackage) (faults []Fault) {
	folder := strings.TrimPrefix(strings.TrimPrefix(p.path, ids.module), "/")
	if folder == "" {
		folder = "."
	}
	for _, file := range p.files {
		name := path.Join(folder, path.Base(p.fset.Position(file.Package).Filename))
		for _, group := range file.Comments {
			text := group.Text()
			add := func(what ...string) {
				for _, w := range what {
					if w != "" {
						faults = append(faults, Fault{name, p.fset.Position(group.Pos()).Line, w})
					}
				}
			}
			for _, found := range wordsOf.FindAllStringSubmatch(indented.ReplaceAllString(text, ""), -1) {
				add(t.missing(folder, strings.TrimPrefix(found[1], ids.module+"/")))
			}
			add(ids.missing(text)...)
			add(ids.missingLinks(p, text)...)
		}
	}
	return faults
}

// missingLinks returns which doc links of a comment lead nowhere. What has the form of one and
// isn't is shown with its brackets.
func (ids *identifiers) missingLinks(p *goPackage, text string) (faults []string) {
	parser := p.doc.Parser()
	imported := parser.LookupPackage
	parser.LookupSym = func(string, string) bool { return true }
	parser.LookupPackage = func(name string) (string, bool) {
		if importPath, ok := imported(name); ok {
			return importPath, true
		}
		if importPath, ours := ids.named[name]; ours {
			faults = append(faults, "the link to "+name+" needs its whole path, "+importPath+", as the package doesn't import it")
		}
		return "", false
	}
	walk := func(texts []comment.Text) {
		for _, t := range texts {
			link, ok := t.(*comment.DocLink)
			if !ok {
				continue
			}
			target := p
			if link.ImportPath != "" {
				target = ids.load(link.ImportPath)
			}
			switch {
			case target == nil:
				faults = append(faults, "the link leads to package "+link.ImportPath+", which isn't there")
			case link.Name != "" && !target.has(link.Recv, link.Name):
				faults = append(faults, "the link leads to "+nameOf(link)+", which isn't there")
			}
		}
	}
	var blocks func([]comment.Block)
	blocks = func(all []comment.Block) {
		for _, block := range all {
			switch b := block.(type) {
			case *comment.Paragraph:
				walk(b.Text)
			case *comment.Heading:
				walk(b.Text)
			case *comment.List:
				for _, item := range b.Items {
					blocks(item.Content)
				}
			}
		}
	}
	blocks(parser.Parse(text).Content)
	return faults
}

func nameOf(link *comment.DocLink) string {
	name := link.Name
	if link.Recv != "" {
		name = link.Recv + "." + name
	}
	if link.ImportPath != "" {
		name = path.Base(link.ImportPath) + "." + name
	}
	return name
}
