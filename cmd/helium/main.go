package main

import (
	"context"
	"io"
	"os"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command, without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(ctx, newRoot, args, stdin, stdout, stderr)
}
