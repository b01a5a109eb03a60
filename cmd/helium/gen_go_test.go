package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptModule makes the script's folder a Go module of that path, which has this
// repository at hand, and lets the go command use what is on the machine and no network.
//
//	module example.com/shop
func scriptModule(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: module path")
	}
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	ts.Check(err)
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOVERSION").Output()
	ts.Check(err)
	env := strings.Split(string(out), "\n")
	version := strings.TrimPrefix(env[2], "go")
	for name, value := range map[string]string{
		"GOCACHE": env[0], "GOMODCACHE": env[1], "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "",
	} {
		ts.Setenv(name, value)
	}
	write := func(name, content string) { ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o600)) }
	write("go.mod", fmt.Sprintf("module %s\n\ngo %s\n", args[0], version))
	write("go.work", fmt.Sprintf("go %s\n\nuse .\nuse %q\n", version, repository))
}
