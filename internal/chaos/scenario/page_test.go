package scenario_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/chaos/scenario"
)

var quoted = regexp.MustCompile("`([^`]+)`")

func TestThePageOnReliabilitySpeaksOfEveryScenarioAndOfNoOther(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "|") || len(cells) < 3 {
			continue
		}
		for _, name := range quoted.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			told[name[1]] = true
		}
	}
	for _, s := range scenario.All() {
		if !told[s.Name] {
			t.Errorf("docs/reliability.md lacks the scenario %q", s.Name)
		}
		delete(told, s.Name)
	}
	for name := range told {
		t.Errorf("docs/reliability.md names a scenario %q, which there isn't", name)
	}
}
