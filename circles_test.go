package helium_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/circles"
)

func TestNoArrowRunsUpBetweenTheFilesOfAPackage(t *testing.T) {
	packages, err := circles.Load(".", "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		folder, _ := folderOf(p.Path)
		for _, files := range p.Circles() {
			t.Errorf("in %s these files name each other's definitions, straight or round about: %s; want each to name only those below it. The arrows among them:", folder, strings.Join(files, " "))
		}
		for _, a := range p.Up() {
			t.Logf("\t%s → %s: %s", a.From, a.To, strings.Join(a.Names, " "))
		}
	}
}
