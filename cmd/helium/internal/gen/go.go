package gen

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/gogen"
	"github.com/helium-rpc/helium/internal/shell"
)

func newGo(env *cli.Env) *cobra.Command {
	var given goFlags
	var check bool
	cmd := &cobra.Command{
		Use:   "go --type Interface [dir]",
		Short: "Generate a Go client and server stub from a Go interface",
		Long: `Generate a Go client and server stub from a Go interface.

From the interface Stock of the package in dir (default: the current folder) it writes
stock_helium.go beside it:

  NewStockClient(c)                 a Stock that calls the service on the bus
  RegisterStock(srv, name, impl)    serves a Stock without reflection

For an interface called Service these are NewClient and Register. Lines in the comment
above a method say what types can't:

  //helium:idempotent               a second execution does no harm
  //helium:error ErrOutOfStock      a *helium.Error variable that callers can expect
  //helium:example [2, 3] => 5      a call that can be tried, in JSON

Comments of the interface, of types, fields and the constants of enums go into the
registry, as those of methods do.

The client calls the service that --service names. Without it, an interface Service takes
the package's name without "svc" or "service" (mathsvc: math), any other its own without
"Service" (Stock: stock, OrderService: order).

An interface that can't be called remotely is refused, with all that is wrong with it,
and nothing is written.`,
		Example: `  helium gen go --type Stock
  helium gen go --type Stock --service warehouse ./internal/stock
  helium gen go --type Stock --type Orders
  helium gen go --type Stock --check        # exit 1 if stock_helium.go is stale
  //go:generate go tool helium gen go --type Stock`,
		Args: cli.Words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				given.dir = args[0]
			}
			configs, err := given.configs()
			if err != nil {
				return cli.Fail(cli.ExitUsage, "helium gen go --help", err)
			}
			return genGo(cmd.Context(), env, configs, check)
		},
	}
	cmd.Flags().StringSliceVar(&given.types, "type", nil, "`name` of the interface; several, each with a file of its own, by --type A --type B or --type A,B")
	cmd.Flags().StringArrayVar(&given.services, "service", nil, "`name` of the service that the client calls")
	cmd.Flags().StringArrayVar(&given.outs, "out", nil, "`name` of the file, in dir (default: the interface's in lower case and _helium.go)")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; fail if the file on disk is stale")
	return cmd
}

// goFlags are the flags of gen go as they were given. All are lists, so that a word that
// was given twice isn't lost.
type goFlags struct {
	dir                   string
	types, services, outs []string
}

// configs returns what to generate, one for each interface.
func (given goFlags) configs() ([]gogen.Config, error) {
	common := gogen.Config{Dir: given.dir}
	for _, flag := range []struct {
		name   string
		values []string
		target *string
	}{{"--service", given.services, &common.Service}, {"--out", given.outs, &common.Out}} {
		switch {
		case len(flag.values) > 1:
			return nil, fmt.Errorf("%s is given %d times; give it once", flag.name, len(flag.values))
		case len(flag.values) == 1 && len(given.types) > 1:
			return nil, fmt.Errorf("%s %s can't hold for %d interfaces; run the command once for each", flag.name, flag.values[0], len(given.types))
		case len(flag.values) == 1 && flag.values[0] == "":
			return nil, fmt.Errorf("%s is empty; give a name, or leave it out", flag.name)
		case len(flag.values) == 1:
			*flag.target = flag.values[0]
		}
	}
	if len(given.types) == 0 {
		return []gogen.Config{common}, nil // which says what is missing
	}
	var configs []gogen.Config
	for i, name := range given.types {
		if slices.Contains(given.types[:i], name) {
			return nil, fmt.Errorf("--type %s is given twice; name each interface once", name)
		}
		cfg := common
		cfg.Type = name
		configs = append(configs, cfg)
	}
	return configs, nil
}

// genGo generates all or nothing.
func genGo(ctx context.Context, env *cli.Env, configs []gogen.Config, check bool) error {
	if len(configs) > 1 {
		if err := canGenGo(ctx, env, configs); err != nil {
			return err
		}
	}
	var stale []error
	next := ""
	for _, cfg := range configs {
		file, err := generate(ctx, cfg)
		if err != nil {
			return err
		}
		name := filepath.Join(cfg.Dir, filepath.Base(file.Path))
		fresh, err := file.Fresh()
		switch {
		case err != nil:
			return err
		case check && !fresh:
			if next == "" {
				next = file.Command
				if cfg.Dir != "" {
					next += " " + shell.Word(cfg.Dir)
				}
			}
			stale = append(stale, fmt.Errorf("%s is stale: it isn't what the interface %s makes now", name, cfg.Type))
			continue
		case check:
			continue
		}
		if err := file.Write(); err != nil {
			return err
		}
		if fresh {
			env.Say("%s is as it should be", name)
		} else {
			env.Say("%s: a client and a server stub of service %q", name, file.Service)
		}
	}
	if stale != nil {
		return cli.Fail(cli.ExitInternal, next, errors.Join(stale...))
	}
	return nil
}

// canGenGo finds what is wrong with any of several interfaces before a file is written.
func canGenGo(ctx context.Context, env *cli.Env, configs []gogen.Config) error {
	var faults []error
	of := make(map[string]string) // interfaces, by file
	for _, cfg := range configs {
		file, err := generate(ctx, cfg)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if other := of[file.Path]; other != "" {
			faults = append(faults, cli.Fail(cli.ExitUsage, "helium gen go --help", fmt.Errorf("the interfaces %s and %s would both have the file %s; run the command once for each, with --out", other, cfg.Type, filepath.Base(file.Path))))
		}
		of[file.Path] = cfg.Type
	}
	if len(faults) == 1 {
		return faults[0]
	}
	if faults != nil {
		return cli.Fail(cli.ExitUsage, "helium gen go --help  (what an interface may have)", errors.Join(faults...))
	}
	return nil
}

func generate(ctx context.Context, cfg gogen.Config) (*gogen.File, error) {
	file, err := gogen.Generate(ctx, cfg)
	if _, refused := errors.AsType[gogen.Faults](err); refused {
		return nil, cli.Fail(cli.ExitUsage, "helium gen go --help  (what an interface may have)", fmt.Errorf("%s can't be called remotely:\n%w", cfg.Type, err))
	}
	if err != nil {
		return nil, cli.Fail(cli.ExitUsage, "helium gen go --help", err)
	}
	return file, nil
}
