package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/load"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/rpcclient"
)

// callFlags are those of "helium call".
type callFlags struct {
	data     string
	at       string
	metadata []string
	each     bool
	parallel int
	template bool
	verbose  bool
}

func newCallCommand(env *cli.Env) *cobra.Command {
	var flags callFlags
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

A duration is written as 1h30m or 250ms. In JSON it is too, in quotes; bytes are base64
and times as in RFC 3339; 64-bit integers stay exact.`,
		Example: `  helium call math.add 2 3
  helium call math.add b=3 a=2
  helium call math.add -d '{"a": 2, "b": 3}'
  helium call math.add -d @args.json
  helium call math.add --each < calls.ndjson
  helium call math.add --template > args.json`,
		Args:              cli.Words(1, -1),
		ValidArgsFunction: completeCall(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			dash := cmd.ArgsLenAtDash()
			if dash > 0 {
				dash--
			}
			return call(env, cmd.Context(), args[0], args[1:], dash, flags)
		},
	}
	cmd.Flags().StringVarP(&flags.data, "data", "d", "", "arguments as a JSON array or object: the `text` itself, @file, or - for stdin")
	cmd.Flags().StringVar(&flags.at, "at", "", "call one `instance`, by its name in the registry")
	cmd.Flags().StringArrayVar(&flags.metadata, "metadata", nil, "facts to send beside the arguments, `key=value`; may be repeated")
	cmd.Flags().BoolVar(&flags.each, "each", false, "one call for each line of JSON in --data (default: stdin), answers in order, a line each")
	cmd.Flags().IntVarP(&flags.parallel, "parallel", "P", 16, "with --each: how many calls are in flight at once")
	cmd.Flags().BoolVar(&flags.template, "template", false, "don't call, print arguments to fill in, for --data")
	cmd.Flags().BoolVarP(&flags.verbose, "verbose", "v", false, "tell the subject, the instance, and how long each stage took")
	_ = cmd.RegisterFlagCompletionFunc("at", completeInstances(env))
	return cmd
}

func call(env *cli.Env, ctx context.Context, name string, words []string, dash int, flags callFlags) error {
	env.Asked = name
	if len(words) > 0 && (flags.data != "" || flags.each) {
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("arguments stand either on the command line or in --data, not in both"))
	}
	if flags.parallel < 1 || flags.parallel > load.MaxInFlight {
		return cli.Fail(cli.ExitUsage, "helium call --help", fmt.Errorf("-P %d: give 1 to %d calls in flight", flags.parallel, load.MaxInFlight))
	}
	switch {
	case flags.template && (len(words) > 0 || flags.data != "" || flags.each):
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("--template prints arguments and takes none; leave them and --each out"))
	case flags.each && flags.verbose:
		return cli.Fail(cli.ExitUsage, "helium call --help", errors.New("-v tells of one call, and --each makes many; leave one of them out"))
	}
	ctx, err := withMetadata(ctx, flags.metadata)
	if err != nil {
		return err
	}
	once, cancel := env.Bounded(ctx)
	defer cancel()
	m, done, err := openMethod(env, once, name, flags.at)
	if err != nil {
		return err
	}
	defer done()
	switch {
	case flags.template:
		return showTemplate(env, m.target)
	case flags.each:
		return callEach(env, ctx, m, flags)
	}
	args, err := arguments(env, m, words, dash, flags.data)
	if err != nil {
		if flags.verbose {
			m.newTrace().show(env)
		}
		return err
	}
	env.Began = time.Now() // an error tells how long the call took
	var result json.RawMessage
	if flags.verbose {
		var trace *callTrace
		result, trace, err = m.traced(once, args)
		trace.show(env)
	} else {
		result, err = m.call(once, args, nil)
	}
	if err != nil {
		return err
	}
	return showResult(env, result)
}

// arguments returns a single call's arguments, from wherever they are.
func arguments(env *cli.Env, m *remoteMethod, words []string, dash int, data string) (args [][]byte, err error) {
	if data == "" {
		args, err = parseWords(m.method, words, dash)
		return args, m.refused(err)
	}
	from, err := openData(env, data)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("--data can't be read: %w", err)
	}
	args, err = parseDocument(m.method, text)
	return args, m.refused(err)
}

// openData opens what --data names: "-" or "@-" for stdin, "@file", or the text itself.
func openData(env *cli.Env, data string) (io.ReadCloser, error) {
	path, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "-" || isFile && path == "-":
		return io.NopCloser(env.In), nil
	case isFile && path == "":
		return nil, cli.Fail(cli.ExitUsage, "", errors.New("--data @ names no file; write @file, or - for stdin"))
	case isFile:
		f, err := os.Open(path)
		if err != nil {
			return nil, cli.Fail(cli.ExitUsage, "", fmt.Errorf("--data: %w", err))
		}
		return f, nil
	}
	return io.NopCloser(strings.NewReader(data)), nil
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

// showResult writes a result: a document for people and programs; raw, text is itself,
// and to a program or a file so exactly.
func showResult(env *cli.Env, result json.RawMessage) error {
	var text string
	switch {
	case env.Form == "ndjson":
		_, err := env.Out.JSON(append(result, '\n'))
		return err
	case env.Form == "raw" && json.Unmarshal(result, &text) == nil && result[0] == '"':
		var to io.Writer = env.Out
		if !env.Out.Terminal() {
			to = env.Out.Exact()
		}
		_, err := fmt.Fprintln(to, text)
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, result, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := env.Out.JSON(indented.Bytes())
	return err
}

// remoteMethod is a method, looked up and ready to be called. It is safe for
// concurrent use.
type remoteMethod struct {
	*target
	client *rpcclient.Client // of the instance, if it is to be one
	calls  *rpcclient.Method

	connected, lookedUp time.Duration // how long that took
}

// openMethod connects and looks a method up. done closes the connection.
func openMethod(env *cli.Env, ctx context.Context, name, instance string) (m *remoteMethod, done func(), err error) {
	m = new(remoteMethod)
	stop := stopwatch(&m.connected)
	c, nc, done, err := env.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop()
	reg, err := binder.NewClient(nc, env.Connection.Prefix)
	if err == nil {
		stop = stopwatch(&m.lookedUp)
		if m.target, err = findMethod(ctx, reg, name, instance); err == nil {
			stop()
			if m.client = c; instance != "" {
				m.client = c.At(instance)
			}
			m.calls = m.client.Method(m.service, m.record.Name, m.record.Signature, m.types)
			return m, done, nil
		}
	}
	done()
	return nil, nil, err
}

// refused makes the error of arguments that don't fit, with the method's signature and
// what the types in it are, however long that is.
func (t *target) refused(err error) error {
	if err == nil {
		return nil
	}
	before := "; "
	if several, ok := errors.AsType[argumentFaults](err); ok && len(several) > 1 {
		before = "\n"
	}
	e := helium.ErrBadArgument.WithMessage("%w%sit is %s", err, before, strings.Join(t.explained(), "\n")).WithOutcome(helium.NotExecuted)
	e.Service, e.Method = t.service, t.record.Name
	return cli.Fail(cli.ExitArguments, shell.Line("helium", "describe", t.name()), e)
}

// call makes a call with arguments in msgpack and returns the result as JSON. A trace, if
// there is one, is told how it went.
//
// The JSON is turned into msgpack here and goes as a Helium call, not as a plain JSON
// request: so it has a deadline and a cancel, retries and outcomes like any other call,
// and integers, bytes and times keep their types.
func (m *remoteMethod) call(ctx context.Context, args [][]byte, trace *callTrace) (json.RawMessage, error) {
	call := m.calls.Begin(len(args))
	var told rpcclient.Trace
	if trace != nil {
		call.Trace = &told
	}
	for _, arg := range args {
		call.Args.Raw(arg)
	}
	err := call.Do(ctx)
	if trace != nil {
		trace.take(&told, err)
	}
	if err != nil {
		return nil, err
	}
	began := time.Now()
	packed, err := call.Result.Raw()
	var result []byte
	if err == nil {
		result, err = transcode.JSON(packed, m.method.Result)
	}
	if trace != nil {
		trace.DecodeMS = amount.InMS(time.Since(began))
	}
	return result, call.End(err)
}
