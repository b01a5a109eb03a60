package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
)

// Run is the whole command, without the process around it: it runs the subcommand that the
// words name, of those of newRoot, tells what went wrong, and returns the exit code.
func Run(ctx context.Context, newRoot func(*Env) *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := untilStopped(ctx)
	defer stop()
	// A pipe that nobody reads is an error of writing: the signal would end the process
	// before it has cleaned up.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)

	if f, ok := stdout.(*os.File); ok && closedByShell(f) {
		stdout = closedOutput{}
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	env := NewEnv(stdin, stdout, stderr, end)
	env.Out.GiveUp(ctx.Done())
	env.Err.GiveUp(ctx.Done())
	failed := execute(ctx, env, newRoot(env), args)
	switch err := env.Out.Close(); {
	case err == nil:
	case readerLeft(err):
		return ExitPipe // as it wanted
	case errors.Is(err, terminal.ErrUnread):
		if failed == nil && !env.serving.Load() {
			failed = &Failure{Exit: exitOfStop(ctx), Err: lostOutput(err)}
		}
	default:
		failed = lostOutput(err)
	}
	if failed == nil {
		return ExitOK
	}
	r := ReportOf(failed, env.Asked, time.Since(env.Began))
	if env.Machine() {
		WriteJSONLine(env.Err, map[string]Report{"error": r})
	} else {
		r.Write(env.Err)
	}
	return failed.Exit
}

// execute runs the subcommand that the words name.
func execute(ctx context.Context, env *Env, root *cobra.Command, args []string) *Failure {
	env.command = root.Name()
	root.SetFlagErrorFunc(flagError)
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	env.Connection.register(root.PersistentFlags())
	env.Output.register(root.PersistentFlags())
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(outputForms, cobra.ShellCompDirectiveNoFileComp))
	watch(env, root)

	if err := checkUTF8(args); err != nil {
		if cmd, _, none := root.Find(args); none == nil {
			env.command = cmd.CommandPath()
		}
		return env.Judge(ctx, err)
	}
	named, _, err := root.Find(args)
	if err != nil {
		named = root // the error is told where the words are taken
	}
	root.SetArgs(ProtectNumbers(named, args))
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	env.command = cmd.CommandPath()
	return env.Judge(ctx, err)
}

// watch notes when a subcommand itself begins: what fails before that is wrong usage.
func watch(env *Env, cmd *cobra.Command) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			env.running, env.command = true, cmd.CommandPath()
			if err := env.Output.check(); err != nil {
				return err
			}
			if err := noEmptyFlags(cmd.LocalNonPersistentFlags()); err != nil {
				return Fail(ExitUsage, "", err)
			}
			return inner(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		watch(env, sub)
	}
}
