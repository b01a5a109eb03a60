package diagnose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/shell"
)

// command tells which command this is.
func command(context.Context) finding {
	v := cli.ThisVersion()
	return found("helium %s (%s, %s)", v.Version, v.Go, v.Platform)
}

// settings tells where it connects, and which flag or variable says so.
func settings(c *cli.Connection) finding {
	var cfg bus.Config
	if err := c.Configure(&cfg); err != nil {
		f := failed(cli.ExitUsage, "", err)
		if known, ok := errors.AsType[*cli.Failure](err); ok {
			f.next = known.Hint
		}
		return f
	}
	var from string
	selected, _ := selectedContext()
	switch {
	case c.Server != "":
		from = "--server"
	case c.Given("context"):
		from = "--context " + c.Context
	case os.Getenv("NATS_URL") != "":
		from = "NATS_URL"
		cfg.URL = os.Getenv("NATS_URL")
	case os.Getenv("NATS_CONTEXT") != "":
		from = "NATS_CONTEXT=" + os.Getenv("NATS_CONTEXT")
	case selected != "" && cfg.URL != "":
		from = "the selected context " + selected
	default:
		from, cfg.URL = "the default", bus.DefaultURL
	}
	text := "the address is that of " + from
	if c.Prefix != "" {
		text += ", subjects begin with " + c.Prefix
	}
	if from == "NATS_URL" && os.Getenv("NATS_CONTEXT") != "" {
		return advised("unset one of them", "%s, and the user that of NATS_CONTEXT=%s", text, os.Getenv("NATS_CONTEXT"))
	}
	return found("%s", text)
}

// contextsDir is where the nats command keeps its contexts.
func contextsDir() (string, error) {
	base := os.Getenv("XDG_CONFIG_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "nats"), nil
}

// selectedContext returns the context that the nats command uses, "" for none.
func selectedContext() (string, error) {
	dir, err := contextsDir()
	if err != nil {
		return "", err
	}
	name, err := os.ReadFile(filepath.Join(dir, "context.txt"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(name)), err
}

// contexts tries to read each context of the nats command.
func contexts(context.Context) finding {
	dir, err := contextsDir()
	if err != nil {
		return skipped("%v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "context", "*.json"))
	if err != nil {
		return skipped("%v", err)
	}
	selected, err := selectedContext()
	if err != nil {
		return advised("nats context select", "which one is selected can't be read: %v", err)
	}
	var names, broken []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		names = append(names, name)
		if _, err := cli.ContextOptions(name); err != nil {
			broken = append(broken, fmt.Sprintf("%s (%v)", name, err))
		}
		if name == selected {
			selected = ""
		}
	}
	switch {
	case len(broken) > 0:
		return advised("nats context edit <name>", "can't be used: %s", strings.Join(broken, ", "))
	case selected != "":
		return advised("nats context select", "the selected one, %s, isn't there", selected)
	case len(names) == 0:
		return found("none, which is fine")
	}
	return found("%s", strings.Join(names, ", "))
}

// files looks whether secrets lie open.
func files(c *cli.Connection) finding {
	var open, there []string
	for _, flag := range []string{"creds", "nkey", "tlskey"} {
		path := c.Value(flag)
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return failed(cli.ExitUsage, "give the file with --"+flag, err)
		}
		there = append(there, path)
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			open = append(open, path)
		}
	}
	switch {
	case open != nil:
		return advised(shell.Line(append([]string{"chmod", "600"}, open...)...), "others on this machine can read %s", strings.Join(open, ", "))
	case there == nil:
		return found("no credentials in files")
	}
	return found("%s", strings.Join(there, ", "))
}
