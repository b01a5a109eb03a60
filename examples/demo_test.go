package examples_test

import (
	"flag"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the demo's output to testdata")

const golden = "testdata/demo.golden"

// What differs from run to run, and what takes its place in the golden file.
var (
	instances = regexp.MustCompile(`\bi[a-z0-9]{19}\b`)
	shares    = regexp.MustCompile(`ran (\d+)`)
	atOnce    = regexp.MustCompile(`1000 calls +(\d+) messages`)
)

func TestTheDemoShowsTheWholeSystem(t *testing.T) {
	t.Parallel()
	demo := start(t, "demo") // its standard input is the null device
	demo.awaitExit(0)
	if got := demo.stderr.String(); got != "" {
		t.Errorf("got %q on stderr, want nothing", got)
	}
	output := demo.stdout.String()

	// The counts that depend on chance are checked for what must hold of them.
	sum := 0
	for _, share := range shares.FindAllStringSubmatch(output, -1) {
		n, _ := strconv.Atoi(share[1])
		if n == 0 {
			t.Error("an instance ran no call, want that both share them")
		}
		sum += n
	}
	if sum != 1000 {
		t.Errorf("the instances ran %d calls, want 1000", sum)
	}
	if match := atOnce.FindStringSubmatch(output); match == nil {
		t.Errorf("got no line that matches %q", atOnce)
	} else if n, _ := strconv.Atoi(match[1]); n == 0 || n >= 1000 {
		t.Errorf("1000 calls at once took %d messages, want fewer than calls", n)
	}

	got := instances.ReplaceAllString(output, "<instance>")
	got = shares.ReplaceAllString(got, "ran <n>")
	got = atOnce.ReplaceAllString(got, "1000 calls   <n> messages")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(string(want), "\r\n", "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s\nIf this is how it should be: go test ./examples -update", got, want)
	}
}

func TestTheDemoEvaluatesItsArgumentsOrItsStandardInput(t *testing.T) {
	t.Parallel()
	demo := start(t, "demo", "-7 / 2", "2 * (3 + 4)")
	demo.awaitExit(0)
	demo.await(`\n  -7 / 2 += -3\.5 +1 call\n  2 \* \(3 \+ 4\) += 14 +2 calls\n\n`)

	demo = command(t, "demo")
	demo.cmd.Stdin = strings.NewReader("1 + 2\n3 * 4 * 5\n")
	demo.start().awaitExit(0)
	demo.await(`\n  1 \+ 2 += 3 +1 call\n  3 \* 4 \* 5 += 60 +2 calls\n\n`)
}

func TestAnExpressionThatFailsIsTheDemosExitCodeAndNotItsEnd(t *testing.T) {
	t.Parallel()
	demo := start(t, "demo", "4 - 4 / 0", "1 + 2")
	demo.awaitExit(1)
	demo.complained("demo: 4 - 4 / 0: column 7: math.div: division by zero (invalid_argument)")
	demo.await(`\n  4 - 4 / 0 +failed: invalid_argument: division by zero\n  1 \+ 2 += 3 +1 call\n\n`)
	demo.await(`1000 calls +\d+ messages`)
}
