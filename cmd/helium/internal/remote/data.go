package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// OpenData opens what --data names: "-" or "@-" for stdin, "@file", or the text itself.
func OpenData(env *cli.Env, data string) (io.ReadCloser, error) {
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
		if info, err := f.Stat(); err == nil && info.IsDir() {
			_ = f.Close()
			return nil, cli.Fail(cli.ExitUsage, "", fmt.Errorf("--data: %s is a folder; name a file in it", path))
		}
		return f, nil
	}
	return io.NopCloser(strings.NewReader(data)), nil
}

// readData returns what --data names. Whoever writes to stdin may take as long as they like, and so ctx, which ends
// waiting for that, is that of the command and not of its call.
func readData(ctx context.Context, env *cli.Env, data string) ([]byte, error) {
	from, err := OpenData(env, data)
	if err != nil {
		return nil, err
	}
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1) // a reader of stdin may stay behind
	go func() {
		defer from.Close()
		text, err := io.ReadAll(from)
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, fmt.Errorf("--data can't be read: %w", r.err)
		}
		return r.text, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
