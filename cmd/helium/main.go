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

	a := newApp(stdin, stdout, stderr)
	root := newRoot(a)
	root.SetArgs(protectNumbers(args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	failed := a.judge(ctx, err)
	a.report(failed)
	return failed.exit
}
