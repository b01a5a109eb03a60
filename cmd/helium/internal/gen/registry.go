package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/gogen"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/schema"
)

// registryGenerator makes a file of what the registry says about services.
type registryGenerator struct {
	name   string // of the subcommand: "ts"
	makes  string // what its output is: "TypeScript"
	render func([]*schema.Service, schema.Config) ([]byte, error)

	title string // of the output, "" for the default
	out   string // file, "" for stdout
	check bool
}

// command adds the flags that all such generators have, and what runs them.
func (g *registryGenerator) command(env *cli.Env, cmd *cobra.Command) *cobra.Command {
	cmd.ValidArgsFunction = lookup.CompleteAnyServices(env)
	cmd.RunE = func(cmd *cobra.Command, services []string) error { return g.run(env, cmd, services) }
	cmd.Flags().StringVar(&g.out, "out", "", "`file` to write (default stdout)")
	cmd.Flags().BoolVar(&g.check, "check", false, "write nothing; fail if the file of --out is stale")
	return cmd
}

func (g *registryGenerator) run(env *cli.Env, cmd *cobra.Command, names []string) error {
	if g.check && g.out == "" {
		return cli.Fail(cli.ExitUsage, g.refresh(env, names)+" --out file --check", errors.New("--check compares with a file; name it with --out"))
	}
	if err := g.checkOut(); err != nil {
		return err
	}
	records, err := recordsOf(env, cmd, names)
	if err != nil {
		return err
	}
	services, err := schema.Services(records)
	if err != nil {
		return fmt.Errorf("the registry holds what can't be read: %w", err)
	}
	for _, s := range services {
		if len(s.Differing) > 0 {
			env.Warn(fmt.Sprintf("%s: the instance that started last counts; %s %s different", s.Name, strings.Join(s.Differing, ", "), isOrAre(len(s.Differing))), "service", s.Name)
		}
		if len(s.Skipped) > 0 {
			env.Warn(fmt.Sprintf("%s: left out, because they are of another kind: %s", s.Name, strings.Join(s.Skipped, ", ")), "service", s.Name)
		}
	}
	text, err := g.render(services, schema.Config{Prefix: env.Connection.Prefix, Title: g.title, Command: g.refresh(env, names)})
	if err != nil {
		return err
	}
	return g.deliver(env, text, services, names)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// refresh is the command that makes the output anew, without what only this machine
// needs: where the bus is, and where the file.
func (g *registryGenerator) refresh(env *cli.Env, names []string) string {
	words := append([]string{"helium", "gen", g.name}, names...)
	if env.Connection.Prefix != "" {
		words = append(words, "--prefix", env.Connection.Prefix)
	}
	if g.title != "" {
		words = append(words, "--title", g.title)
	}
	return shell.Line(words...)
}

// deliver writes the output, or compares the file with it.
func (g *registryGenerator) deliver(env *cli.Env, text []byte, services []*schema.Service, names []string) error {
	if g.out == "" {
		_, err := env.Out.Write(text)
		return err
	}
	file := gogen.File{Path: g.out, Content: text}
	fresh, err := file.Fresh()
	switch {
	case err != nil:
		return fmt.Errorf("--out: %w", err)
	case g.check && fresh:
		return nil
	case g.check:
		return cli.Fail(cli.ExitInternal, g.refresh(env, names)+" "+shell.Line("--out", g.out), g.staleness(text))
	case fresh:
		env.Say("%s is as it should be", g.out)
		return nil
	}
	if err := file.Write(); err != nil {
		return cli.Fail(cli.ExitInternal, "make room, or choose another --out", fmt.Errorf("--out: %w", err))
	}
	of := make([]string, len(services))
	for i, s := range services {
		of[i] = s.Name
	}
	env.Say("%s: %s of %s", g.out, g.makes, strings.Join(of, ", "))
	return nil
}

// checkOut refuses, before anybody is asked, what no file can be written to or compared with.
func (g *registryGenerator) checkOut() error {
	if g.out == "" {
		return nil
	}
	info, err := os.Stat(g.out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder := filepath.Dir(g.out)
		if _, err := os.Stat(folder); err != nil && !g.check {
			return cli.Fail(cli.ExitUsage, shell.Line("mkdir", "-p", folder), fmt.Errorf("--out %s: the folder isn't there", g.out))
		}
		return nil
	case err != nil:
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--out: %w", err))
	case info.IsDir():
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--out %s is a folder; name a file in it", g.out))
	case !info.Mode().IsRegular():
		return cli.Fail(cli.ExitUsage, "", fmt.Errorf("--out %s is no ordinary file; without --out it is written to standard output", g.out))
	}
	return nil
}

// staleness says in what the file isn't as it should be.
func (g *registryGenerator) staleness(text []byte) error {
	old, err := os.ReadFile(g.out)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s isn't there", g.out)
	}
	return fmt.Errorf("%s is stale: line %d isn't what the registry gives now", g.out, firstDifference(old, text))
}

// firstDifference returns the number of the first line that differs.
func firstDifference(a, b []byte) int {
	line := 1
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			break
		}
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// recordsOf returns the records of the named services, of all if none is named.
func recordsOf(env *cli.Env, cmd *cobra.Command, names []string) ([]binder.Record, error) {
	ctx, cancel := env.Bounded(cmd.Context())
	defer cancel()
	reg, _, done, err := env.Registry(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if len(names) == 0 {
		records, err := reg.List(ctx)
		if err == nil && len(records) == 0 {
			err = cli.Fail(cli.ExitUnknown, "helium serve math  (an example)", errors.New("no service is registered"))
		}
		return records, err
	}
	var records []binder.Record
	for _, name := range names {
		env.Asked = name // for the error, which is of this one
		entry, err := lookup.FindService(ctx, reg, name)
		if err != nil {
			return nil, err
		}
		records = append(records, entry.Records...)
	}
	env.Asked = ""
	return records, nil
}
