package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/shell"
)

func newDevCommand(env *cli.Env) *cobra.Command { return devCommand(env, serveMath) }

// devCommand is "helium dev" with a way to start its service.
func devCommand(env *cli.Env, serve startServer) *cobra.Command {
	var flags brokerFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a broker, a binder and the example service in one process",
		Long: `Run a broker, a binder and the example service math in one process, until Ctrl-C.

It prints where it listens, what to try next, and then what comes and goes. The service
offers direct links, on loopback.`,
		Args: cli.Words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return dev(cmd.Context(), env, flags, serve)
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

// dev runs everything until ctx ends.
func dev(ctx context.Context, env *cli.Env, flags brokerFlags, serve startServer) error {
	b, err := startBroker(ctx, env, flags)
	if err != nil {
		return cli.UnlessStopped(ctx, err)
	}
	defer b.Close()
	binderConn, err := b.Connect("helium binder")
	if err != nil {
		return cli.UnlessStopped(ctx, err)
	}
	reg, greeted, err := startBinder(ctx, env, binderConn, binder.Config{})
	if err != nil {
		return cli.UnlessStopped(ctx, err)
	}
	defer reg.Close()
	defer greeted()

	serverConn, err := b.Connect("helium serve math")
	if err != nil {
		return cli.UnlessStopped(ctx, err)
	}
	srv, err := serve(ctx, env, serverConn, listenFlags{listen: "127.0.0.1:0"}, 0)
	if err != nil {
		return cli.UnlessStopped(ctx, err)
	}
	env.Announce(devOnline{URL: b.URL(), Websocket: b.WebsocketURL(), Service: "math", Instance: srv.Instance()}, b.URL(), func() {
		fmt.Fprintf(env.Out, "Binder Online at %s\n>> Server Online! (%s)\n\n", addresses(b), srv.Instance())
		fmt.Fprint(env.Out, whatNext(b.URL(), env.Connection))
	})
	greeted()
	return serveUntilStopped(ctx, env, serverConn, srv)
}

// devOnline is what "helium dev -o json" prints once everything is there.
type devOnline struct {
	URL       string `json:"url"`
	Websocket string `json:"websocket,omitempty"`
	Service   string `json:"service"`
	Instance  string `json:"instance"`
}

// whatNext names commands that work as they stand in another terminal. Secrets are asked for there.
func whatNext(url string, c *cli.Connection) string {
	next := "Next, in another terminal:\n\n"
	if url != bus.DefaultURL {
		next += "  export NATS_URL=" + shell.Word(url) + "\n"
	}
	if c.User != "" {
		next += "  export NATS_USER=" + shell.Word(c.User) + "\n  read -rs NATS_PASSWORD && export NATS_PASSWORD   # then type the password\n"
	}
	if c.Token != "" {
		next += "  read -rs NATS_TOKEN && export NATS_TOKEN   # then type the token\n"
	}
	prefix := ""
	if c.Prefix != "" {
		prefix = " --prefix " + shell.Word(c.Prefix)
	}
	for _, one := range []struct{ command, does string }{
		{"helium ls", "what is there"},
		{"helium describe math", "its methods"},
		{"helium call math.add 2 3", "a call"},
		{"helium bench math.add 2 3", "how fast it is"},
	} {
		next += fmt.Sprintf("  %-*s %s\n", 27+len(prefix), one.command+prefix, one.does)
	}
	return next + "\n"
}
