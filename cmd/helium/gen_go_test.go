package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptModule makes the script's folder a Go module of that path, which requires this
// repository as it stands and what it requires, and lets the go command use what is on the
// machine and no network. It isn't a workspace: for one, the go command wants the go.mod
// of modules that only other tests need and that a fresh machine hasn't got yet.
//
//	module example.com/shop
func scriptModule(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: module path")
	}
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	ts.Check(err)
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	ts.Check(err)
	env := strings.Split(string(out), "\n")
	for name, value := range map[string]string{
		"GOCACHE": env[0], "GOMODCACHE": env[1], "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off",
	} {
		ts.Setenv(name, value)
	}
	copied := func(name string) string {
		content, err := os.ReadFile(filepath.Join(repository, name))
		ts.Check(err)
		return string(content)
	}
	write := func(name, content string) { ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600)) }
	const path = "github.com/helium-rpc/helium"
	requirements, ok := strings.CutPrefix(copied("go.mod"), "module "+path+"\n")
	if !ok {
		ts.Fatalf("go.mod doesn't begin with the module's path %s", path)
	}
	write("go.mod", fmt.Sprintf("module %s\n%s\nrequire %s v0.0.0\n\nreplace %[3]s => %q\n", args[0], requirements, path, repository))
	write("go.sum", copied("go.sum"))
}
