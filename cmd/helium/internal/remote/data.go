package remote

import (
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
		return f, nil
	}
	return io.NopCloser(strings.NewReader(data)), nil
}
