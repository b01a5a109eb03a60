// Package call is "helium call": one call, one for each line of its input (each.go), one at every
// instance (all.go), a stream (stream.go), the account of where its time went (trace.go), and arguments to fill in (template.go).
package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/rpcclient"
)

// flags are those of "helium call".
type flags struct {
	data     string
	at       string
	key      string
	once     string
	metadata []string
	all      bool
	each     bool
	parallel int
	template bool
	verbose  bool
	spread   bool // --parallel was given
	limited  bool // --timeout was given
}

// New returns "helium call".
func New(env *cli.Env) *cobra.Command {
	var given flags
	cmd := &cobra.Command{
		Use:   "call service.method [value | name=value | name:=json]...",
		Short: "Call a method",
		Long: `Call a method, and print its result as JSON.

Arguments are taken by the types that the service registered: "2" is text for a
string and a number for a float64. What doesn't fit is refused before it is sent.

  2            the next parameter
  b=3          the parameter b
  xs:=[1,2]    the parameter xs, as JSON; :=[1,2] for the next parameter
  --           behind it words are values alone, even those like b=3

A stream is printed as its items come, a line of JSON each, and what a method takes as a
stream is read so from stdin; it lasts as long as it takes, or as --timeout says.

A duration is written as 1h30m or 250ms. In JSON it is too, in quotes; bytes are base64
and times as in RFC 3339; 64-bit integers stay exact.`,
		Example: `  helium call math.add 2 3
  helium call math.add b=3 a=2
  helium call math.add -d '{"a": 2, "b": 3}'
  helium call math.add -d @args.json
  helium call math.add 2 3 --all
  helium call math.add --each < calls.ndjson
  helium call math.primes 100
  seq 10 | helium call math.mean
  helium call math.add --template > args.json`,
		Args:              cli.Words(1, -1),
		ValidArgsFunction: lookup.CompleteCall(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash > 0 {
				dash--
			}
			given.spread, given.limited = cmd.Flags().Changed("parallel"), cmd.Flags().Changed("timeout")
			return run(cmd.Context(), env, args[0], args[1:], dash, given)
		},
	}
	cmd.Flags().StringVarP(&given.data, "data", "d", "", "arguments as a JSON array or object: the `text` itself, @file, or - for stdin")
	cmd.Flags().StringVar(&given.at, "at", "", "call one `instance`, by its name in the registry")
	cmd.Flags().StringVar(&given.key, "key", "", "call the instance that a `key` picks, the same one each time while it is there")
	cmd.Flags().StringVar(&given.once, "idempotency-key", "", "run the call once, however often it is made with the same `key` in two minutes")
	cmd.Flags().StringArrayVar(&given.metadata, "metadata", nil, "facts to send beside the arguments, `key=value`; may be repeated")
	cmd.Flags().BoolVar(&given.all, "all", false, "call every instance, and print a line for each as its answer comes")
	cmd.Flags().BoolVar(&given.each, "each", false, "one call for each line of JSON in --data (default: stdin), answers in order, a line each")
	cmd.Flags().IntVarP(&given.parallel, "parallel", "P", 16, "with --each: how many calls are in flight at once")
	cmd.Flags().BoolVar(&given.template, "template", false, "don't call, print arguments to fill in, for --data")
	cmd.Flags().BoolVarP(&given.verbose, "verbose", "v", false, "tell the subject, the instance, and how long each stage took")
	env.Connection.RegisterBusOnly(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("at", lookup.CompleteInstances(env))
	return cmd
}

func run(ctx context.Context, env *cli.Env, name string, words []string, dash int, given flags) error {
	env.Asked = name
	switch {
	case len(words) > 0 && given.each:
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--each takes the arguments of each call from a line of stdin or of --data; leave those on the command line out"))
	case len(words) > 0 && given.data != "":
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("arguments stand either on the command line or in --data, not in both"))
	case given.spread && !given.each:
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("-P says how many calls of --each are in flight at once; give --each as well, or leave it out"))
	}
	if given.parallel < 1 || given.parallel > maxParallel {
		return cli.Fail(cli.ExitUsage, "helium call --help", fmt.Errorf("-P %d: give 1 to %d calls in flight", given.parallel, maxParallel))
	}
	switch {
	case given.at != "" && given.key != "":
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--at names an instance and --key picks one; leave one of them out"))
	case given.all && (given.at != "" || given.key != ""):
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--all calls every instance, and --at and --key one; leave one of them out"))
	case given.all && (given.each || given.verbose || given.template):
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--all is one call at every instance; leave --each, --template and -v out"))
	case given.template && (len(words) > 0 || given.data != "" || given.each):
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--template prints arguments and takes none; leave them and --each out"))
	case given.each && given.once != "":
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--idempotency-key is for one call, and --each makes many; leave one of them out"))
	case given.each && given.verbose:
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("-v tells of one call, and --each makes many; leave one of them out"))
	}
	ctx, err := withMetadata(ctx, given.metadata)
	if err != nil {
		return err
	}
	if given.once != "" {
		ctx = rpcclient.WithIdempotencyKey(ctx, given.once)
	}
	once, cancel := env.Bounded(ctx)
	defer cancel()
	if !given.each {
		env.Connection.BusOnly = true // one call is over before a link stands
	}
	m, done, err := remote.Open(once, env, name, given.at)
	if err != nil {
		return err
	}
	defer done()
	if given.key != "" {
		m = m.Keyed(given.key)
	}
	streams := m.Signature.Streams()
	if streams {
		if err := fitsStream(m, given); err != nil {
			return err
		}
	}
	switch {
	case given.template:
		return showTemplate(env, m.Method)
	case given.each:
		return callEach(ctx, env, m, given.data, given.parallel)
	}
	args, err := m.Arguments(ctx, env, words, dash, given.data)
	if err != nil {
		if given.verbose {
			newTrace(m).show(env)
		}
		return err
	}
	env.Began = time.Now() // an error tells how long the call took
	if given.data != "" {  // which may have come late
		once, cancel = env.Bounded(ctx)
		defer cancel()
	}
	if streams {
		if given.limited {
			ctx = once
		}
		return callStream(ctx, env, m, args)
	}
	if given.all {
		return callAll(ctx, once, env, m, args)
	}
	var result json.RawMessage
	if given.verbose {
		var trace *callTrace
		result, trace, err = traced(once, m, args)
		trace.show(env)
	} else {
		result, err = m.Call(once, args, nil)
	}
	if err != nil {
		return err
	}
	return showResult(env, result)
}

func withMetadata(ctx context.Context, words []string) (context.Context, error) {
	md := helium.Metadata{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return ctx, cli.Fail(cli.ExitUsage, "helium call --help", fmt.Errorf("--metadata %q isn't key=value", word))
		}
		if _, twice := md[key]; twice {
			return ctx, cli.Fail(cli.ExitUsage, "helium call --help", fmt.Errorf("--metadata gives %q twice, and a key has one value", key))
		}
		md[key] = value
	}
	if len(md) == 0 {
		return ctx, nil
	}
	return helium.WithMetadata(ctx, md), nil
}

// fitsStream returns why a stream can't be called as the flags say.
func fitsStream(m *remote.Method, given flags) error {
	switch {
	case given.all || given.each || given.once != "":
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("a stream is one call at one instance, and isn't made twice; leave --all, --each and --idempotency-key out"))
	case given.verbose:
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("-v tells where the time of one answer went, and a stream has as many as it has items; leave it out"))
	case m.Signature.Sends != nil && (given.data == "-" || given.data == "@-"):
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("the items to send come from stdin; give the other arguments on the command line or in a file"))
	}
	return nil
}
