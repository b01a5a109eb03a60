package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
)

func newDevCommand(a *app) *cobra.Command {
	var flags brokerFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a broker, a binder and the example service in one process",
		Long: `Run a broker, a binder and the example service math in one process, until Ctrl-C.

It prints where it listens, what to try next, and then what comes and goes.`,
		Args: words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return unlessStopped(cmd.Context(), a.dev(cmd.Context(), flags))
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

// dev runs everything until ctx ends.
func (a *app) dev(ctx context.Context, flags brokerFlags) error {
	b, err := a.startBroker(ctx, flags)
	if err != nil {
		return err
	}
	defer b.Close()
	binderConn, err := b.Connect("helium binder")
	if err != nil {
		return err
	}
	reg, greeted, err := a.startBinder(ctx, binderConn, binder.Config{})
	if err != nil {
		return err
	}
	defer reg.Close()
	defer greeted()

	serverConn, err := b.Connect("helium serve math")
	if err != nil {
		return err
	}
	srv, err := a.serveMath(ctx, serverConn, 0)
	if err != nil {
		return err
	}
	a.announce(devOnline{URL: b.URL(), Websocket: b.WebsocketURL(), Service: "math", Instance: srv.Instance()}, b.URL(), func() {
		fmt.Fprintf(a.out, "Binder Online at %s\n>> Server Online! (%s)\n\n", addresses(b), srv.Instance())
		fmt.Fprint(a.out, whatNext(b.URL()))
	})
	greeted()

	a.serve(ctx)
	return srv.Shutdown(context.WithoutCancel(ctx))
}

// devOnline is what "helium dev -o json" prints once everything is there.
type devOnline struct {
	URL       string `json:"url"`
	Websocket string `json:"websocket,omitempty"`
	Service   string `json:"service"`
	Instance  string `json:"instance"`
}

// whatNext names commands that work as they stand in another terminal.
func whatNext(url string) string {
	next := "Next, in another terminal:\n\n"
	if url != bus.DefaultURL {
		next += "  export NATS_URL=" + shellWord(url) + "\n"
	}
	return next + `  helium ls                   what is there
  helium describe math        its methods
  helium call math.add 2 3    a call
  helium bench math.add 2 3   how fast it is

`
}
