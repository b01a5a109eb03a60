package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/internal/gogen"
)

func newGenGoCommand(a *app) *cobra.Command {
	var cfg gogen.Config
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

The client calls the service that --service names. Without it, an interface Service takes
the package's name without "svc" or "service" (mathsvc: math), any other its own without
"Service" (Stock: stock, OrderService: order).

An interface that can't be called remotely is refused, with all that is wrong with it,
and nothing is written.`,
		Example: `  helium gen go --type Stock
  helium gen go --type Stock --service warehouse ./internal/stock
  helium gen go --type Stock --check        # exit 1 if stock_helium.go is stale
  //go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Stock`,
		Args: words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				cfg.Dir = args[0]
			}
			return a.genGo(cmd.Context(), cfg, check)
		},
	}
	cmd.Flags().StringVar(&cfg.Type, "type", "", "`name` of the interface")
	cmd.Flags().StringVar(&cfg.Service, "service", "", "`name` of the service that the client calls")
	cmd.Flags().StringVar(&cfg.Out, "out", "", "`name` of the file, in dir (default: the interface's in lower case and _helium.go)")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; fail if the file on disk is stale")
	return cmd
}

func (a *app) genGo(ctx context.Context, cfg gogen.Config, check bool) error {
	file, err := gogen.Generate(ctx, cfg)
	if _, refused := errors.AsType[gogen.Faults](err); refused {
		return fail(exitUsage, "helium gen go --help  (what an interface may have)", fmt.Errorf("%s can't be called remotely:\n%w", cfg.Type, err))
	}
	if err != nil {
		return fail(exitUsage, "helium gen go --help", err)
	}
	name := filepath.Join(cfg.Dir, filepath.Base(file.Path))
	fresh, err := file.Fresh()
	if err != nil {
		return err
	}
	if check {
		if fresh {
			return nil
		}
		command := file.Command
		if cfg.Dir != "" {
			command += " " + shellWord(cfg.Dir)
		}
		return fail(exitInternal, command, fmt.Errorf("%s is stale: it isn't what the interface %s makes now", name, cfg.Type))
	}
	if err := file.Write(); err != nil {
		return err
	}
	if fresh {
		a.say("%s is as it should be", name)
	} else {
		a.say("%s: a client and a server stub of service %q", name, file.Service)
	}
	return nil
}
