package e2e_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
)

// buildExamples builds the example programs and returns their folder.
func buildExamples(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "../../examples/"+name)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return dir
}

func TestTheExamplesWorkInThreeProcessesStartedInAnyOrder(t *testing.T) {
	t.Parallel()
	dir := buildExamples(t, "binder", "server", "client")
	program := func(name string, args ...string) *exec.Cmd { return exec.Command(filepath.Join(dir, name), args...) }
	address := loopback.UnusedAddress(t)
	url := "nats://" + address

	// The server waits for its broker and its binder.
	server := execute(t, program("server", "-url", url))
	binderProgram := execute(t, program("binder", "-listen", address))
	if line := binderProgram.lineWith("Binder Online"); !strings.Contains(line, address) {
		t.Errorf("the binder said %q, want its address %s in it", line, address)
	}
	server.lineWith(">> Server Online!")
	binderProgram.lineWith("math/")

	out, err := program("client", "-url", url, "-wait", patience.String(), "(1 + 2) * 3", "7 / 2").Output()
	if want := "(1 + 2) * 3 = 9\n7 / 2 = 3.5\n"; err != nil || string(out) != want {
		t.Errorf("the client printed %q, %v; want %q, nil", out, err, want)
	}
	server.lineWith("add(1, 2) = 3")
	server.lineWith("mul(3, 3) = 9")

	out, err = program("client", "-url", url, "-wait", patience.String(), "1 / 0").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "division by zero") {
		t.Errorf("the client that divides by zero printed %q, %v; want the error, and exit code 1", out, err)
	}

	// A program of somebody else's meets the same system.
	c := newClient(t, dial(t, url), rpcclient.Config{})
	checkArithmetic(t, c)
}
