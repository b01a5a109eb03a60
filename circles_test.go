package helium_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/circles"
)

// circular are packages some of whose files still name each other's definitions.
var circular = map[string]bool{
	"rpcserver": true,
}

func TestNoArrowRunsUpBetweenTheFilesOfAPackage(t *testing.T) {
	packages, err := circles.Load(".", "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		folder, _ := folderOf(p.Path)
		found := p.Circles()
		if circular[folder] {
			if len(found) == 0 {
				t.Errorf("the files of %s form no circle any more; take it out of the list", folder)
			}
			continue
		}
		for _, files := range found {
			t.Errorf("in %s these files name each other's definitions, straight or round about: %s; want each to name only those below it. The arrows among them:", folder, strings.Join(files, " "))
		}
		for _, a := range p.Up() {
			t.Logf("\t%s → %s: %s", a.From, a.To, strings.Join(a.Names, " "))
		}
	}
}
