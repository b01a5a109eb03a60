package helium_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
)

// sentinel is a declaration in errors.go.
type sentinel struct{ section, name, code, reason, doc string }

// declaredSentinels reads errors.go.
func declaredSentinels(t *testing.T) (all []sentinel) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		group := decl.(*ast.GenDecl)
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			call, ok := value.Values[0].(*ast.CallExpr)
			if !ok || len(value.Names) != 1 || len(call.Args) != 3 {
				t.Fatalf("errors.go declares %v otherwise than as NewError(code, reason, message)", value.Names)
			}
			name := value.Names[0].Name
			text, found := strings.CutPrefix(strings.Join(strings.Fields(value.Doc.Text()), " "), name+": ")
			if !found {
				t.Errorf("the comment of %s doesn't begin with %q", name, name+": ")
			}
			all = append(all, sentinel{
				section: strings.TrimSpace(group.Doc.Text()), name: name, doc: text,
				code:   call.Args[0].(*ast.Ident).Name,
				reason: strings.Trim(call.Args[1].(*ast.BasicLit).Value, `"`),
			})
		}
	}
	return all
}

func TestTheTableOfErrorsListsEveryErrorOfHelium(t *testing.T) {
	var want strings.Builder
	section := ""
	for _, s := range declaredSentinels(t) {
		if s.section != section {
			section = s.section
			fmt.Fprintf(&want, "## %s\n\n| error | code | reason | meaning |\n|---|---|---|---|\n", strings.TrimSuffix(section, "."))
		}
		fmt.Fprintf(&want, "| `helium.%s` | `%s` | `%s` | %s |\n", s.name, s.code, s.reason, s.doc)
	}
	page, err := os.ReadFile("docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(page), "<!-- the tables below are those of errors.go -->\n")
	if got := regexp.MustCompile(`\n\n## `).ReplaceAllString(strings.TrimSpace(tables), "\n## "); got != strings.TrimSpace(want.String()) {
		t.Errorf("docs/errors.md and errors.go differ\n got:\n%s\nwant:\n%s", got, want.String())
	}
}

func TestNoTwoErrorsOfHeliumAreTheSame(t *testing.T) {
	byReason := make(map[string]string)
	for _, s := range declaredSentinels(t) {
		if other := byReason[s.reason]; other != "" {
			t.Errorf("%s and %s have the reason %q; want one of their own each", other, s.name, s.reason)
		}
		byReason[s.reason] = s.name
	}
	if errors.Is(helium.ErrNotPermitted, helium.ErrRegistryNotPermitted) || errors.Is(helium.ErrCanceled, helium.ErrCanceledInQueue) {
		t.Error("errors of different reasons are the same to errors.Is")
	}
}

func TestNobodyElseDeclaresAnErrorOfHelium(t *testing.T) {
	reasons := regexp.MustCompile(`helium\.NewError\([^,]+, "(helium|binder)\.`)
	for _, p := range goList(t, "./...") {
		folder, _ := folderOf(p.ImportPath)
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
				continue
			}
			text, err := os.ReadFile(folder + "/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if found := reasons.Find(text); found != nil {
				t.Errorf("%s/%s declares %s…; want it in errors.go", folder, file.Name(), found)
			}
		}
	}
}
