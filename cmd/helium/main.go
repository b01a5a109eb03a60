package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command, without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	// A pipe that nobody reads is an error of writing: the signal would end the process
	// before it has cleaned up.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)

	if f, ok := stdout.(*os.File); ok && closedByShell(f) {
		stdout = closedOutput{}
	}
	a := newApp(stdin, stdout, stderr)
	ctx, a.end = context.WithCancelCause(ctx)
	defer a.end(nil)
	failed := a.execute(ctx, args)
	if err := a.out.Close(); err != nil {
		if readerLeft(err) {
			return exitPipe // as it wanted
		}
		failed = lostOutput(err)
	}
	if failed == nil {
		return exitOK
	}
	a.report(failed)
	return failed.exit
}

// execute runs the subcommand that the words name.
func (a *app) execute(ctx context.Context, args []string) *failure {
	root := newRoot(a)
	a.command = root.Name()
	if err := checkUTF8(args); err != nil {
		if cmd, _, none := root.Find(args); none == nil {
			a.command = cmd.CommandPath()
		}
		return a.judge(ctx, err)
	}
	root.SetArgs(protectNumbers(args))
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	a.command = cmd.CommandPath()
	return a.judge(ctx, err)
}
